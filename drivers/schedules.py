"""Learning-rate schedules: pure functions from progress to a factor of the optimizer's own rate.

Each has the signature ``(progress, **parameters) -> factor`` with ``progress`` = step / total steps in [0, 1].
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any


def constant(progress: float) -> float:
    """1."""
    return 1.0


def linear(progress: float, *, final_factor: float = 0.0, start: float = 0.0) -> float:
    """1 until ``start``, then a straight line to ``final_factor`` at the end."""
    if progress <= start:
        return 1.0
    return 1.0 + (final_factor - 1.0) * (progress - start) / (1.0 - start)


def cosine(progress: float, *, final_factor: float = 0.0) -> float:
    """f + (1-f)·½(1 + cos πp). Loshchilov & Hutter 2017, "SGDR", eq. 5, one period."""
    return final_factor + (1.0 - final_factor) * 0.5 * (1.0 + math.cos(math.pi * progress))


def exponential(progress: float, *, final_factor: float = 0.1) -> float:
    """fᵖ: the same relative decrease at every step."""
    return final_factor**progress


SCHEDULES: dict[str, Callable[..., float]] = {
    "constant": constant,
    "linear": linear,
    "cosine": cosine,
    "exponential": exponential,
}


def factor(schedule: Mapping[str, Any], step: int, total_steps: int) -> float:
    """The factor of a resolved ``learning_rate_schedule`` before step ``step`` (0-based) of ``total_steps``."""
    parameters = {key: value for key, value in schedule.items() if key != "choice"}
    return SCHEDULES[schedule["choice"]](min(step / max(total_steps, 1), 1.0), **parameters)
