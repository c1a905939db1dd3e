"""Learning-rate schedules: pure functions to a factor of each optimizer's own rate.

Each has the signature ``(progress, epochs, **parameters) -> factor``: ``progress`` is the share of the training that
is done, 0 to 1, and ``epochs`` the epochs that are done, with fractions. The parameters are the catalogue's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from drivers.modules import parameters


def constant(progress: float, epochs: float) -> float:
    """1."""
    return 1.0


def linear(progress: float, epochs: float, *, start: float = 0.0, end_factor: float = 0.0) -> float:
    """1 up to ``start``, then a straight line to ``end_factor``."""
    return 1.0 - (1.0 - end_factor) * max(progress - start, 0.0) / (1.0 - start)


def cosine(progress: float, epochs: float, *, end_factor: float = 0.0) -> float:
    """e + (1-e)·½(1 + cos πt). Loshchilov & Hutter 2017, "SGDR", eq. 5, one period."""
    return end_factor + (1.0 - end_factor) * 0.5 * (1.0 + math.cos(math.pi * progress))


def exponential(progress: float, epochs: float, *, decay_rate: float = 0.96, every_epochs: int = 1) -> float:
    """decay_rate^(epochs / every_epochs)."""
    return decay_rate ** (epochs / every_epochs)


def step(progress: float, epochs: float, *, decay_rate: float = 0.5, every_epochs: int = 10) -> float:
    """decay_rate^⌊epochs / every_epochs⌋."""
    return decay_rate ** math.floor(epochs / every_epochs)


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
    "step": step,
}


def factor(module: Mapping[str, Any], steps: int, total_steps: int, steps_per_epoch: int) -> float:
    """The factor of a resolved ``learning_rate_schedule`` after ``steps`` of ``total_steps``."""
    progress = min(steps / max(total_steps, 1), 1.0)
    return SCHEDULES[module["choice"]](progress, steps / max(steps_per_epoch, 1), **parameters(module))
