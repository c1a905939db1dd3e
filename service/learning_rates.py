"""Which learning rate held at which step: not recorded, but known from the spec and from what was changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drivers.schedules import factor

Curve = list[list[float]]
"""``[step, rate]``, in the order of the steps."""


def learning_rates(
    spec: Mapping[str, Any], markers: Iterable[Mapping[str, Any]], steps: Sequence[int], total_steps: int, epochs: int
) -> dict[str, Curve]:
    """The rate of each optimizer at each of ``steps`` (in order) that differs from the one before, and at the last.

    Args:
        spec: resolved.
        markers: what happened to the training, in order; ``changed`` ones may hold a new ``learning_rate``.
        total_steps: of the whole training, which has so many ``epochs``: a schedule goes by them.
    """
    changes: list[tuple[int, Any]] = []
    for marker in markers:
        if marker["kind"] == "continued":  # what was changed after the checkpoint was lost with the worker
            changes = [change for change in changes if change[0] <= marker["step"]]
        elif marker["kind"] == "changed" and "learning_rate" in marker["changes"]:
            changes.append((marker["step"], marker["changes"]["learning_rate"]))
    schedule = spec["training"]["learning_rate_schedule"]
    per_epoch = total_steps // epochs
    curves: dict[str, Curve] = {}
    for network, optimizer in spec["optimizer"].items():
        own = [(0, optimizer["learning_rate"])]
        own += [
            (step, rate[network] if isinstance(rate, Mapping) else rate)
            for step, rate in changes
            if not isinstance(rate, Mapping) or network in rate
        ]
        curve: Curve = []
        held = 0
        for step in steps:
            # A change at step n is made after it, so the step n + 1 is the first that feels it.
            while held + 1 < len(own) and own[held + 1][0] < step:
                held += 1
            rate = own[held][1] * factor(schedule, step - 1, total_steps, per_epoch)
            if not curve or curve[-1][1] != rate or step == steps[-1]:
                curve.append([step, rate])
        curves[network] = curve
    return curves
