"""Between the steps of a job and its epochs and seconds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.api.schemas.results import MetricsQuery
from service.db.models import Job
from service.learning_rates import learning_rates

COLUMNS = ("step", "generator", "discriminator", "epoch", "seconds")
EPOCH_DIGITS = 6
BAND_COLUMNS = ("generator_min", "generator_max", "discriminator_min", "discriminator_max")


@dataclass(frozen=True)
class Pace:
    """How many steps and epochs a whole training has; 0 where it has not begun to say."""

    total_steps: int
    epochs: int

    @classmethod
    def of(cls, job: Job) -> Pace:
        known = job.progress or {}
        return cls(known.get("total") or 0, known.get("epochs") or 0)

    @property
    def steps_per_epoch(self) -> float:
        """NaN where it is not known."""
        return self.total_steps / self.epochs if self.epochs and self.total_steps else math.nan

    def steps(self, query: MetricsQuery) -> dict[str, int]:
        """The range of steps that is certain to hold what a query asks for."""
        scale = {"step": 1.0, "epoch": self.steps_per_epoch, "seconds": math.nan}[query.x]
        if math.isnan(scale):
            return {}
        found = {"first": math.floor(query.start * scale)}
        return found if query.end is None else {**found, "last": math.ceil(query.end * scale)}

    def along(self, x: str, curve: np.ndarray) -> np.ndarray:
        """What a curve (N, 4) is drawn over: (N,), NaN where that is not known."""
        if x == "seconds":
            return curve[:, 3]
        return curve[:, 0] if x == "step" else curve[:, 0] / self.steps_per_epoch

    def range_of(self, curve: np.ndarray) -> dict[str, int]:
        """From just before the first to the last step of a part of the curve; of an empty one, everything."""
        return {"first": int(curve[0, 0]) - 1, "last": int(curve[-1, 0])} if len(curve) else {}

    def shown(self, rows: np.ndarray) -> list[list[float | int | None]]:
        """Rows of a curve (N, 4 or 8) in the order of `COLUMNS`, for JSON."""
        epochs = np.round(rows[:, :1] / self.steps_per_epoch, EPOCH_DIGITS)
        numbers = np.concatenate([rows[:, :3], epochs, rows[:, 3:]], axis=1)
        table = numbers.astype(object)
        table[np.isnan(numbers)] = None
        table[:, 0] = rows[:, 0].astype(np.int64)
        shown: list[list[float | int | None]] = table.tolist()
        return shown

    def learning_rates(
        self, spec: Mapping[str, Any], markers: Iterable[Mapping[str, Any]], steps: np.ndarray
    ) -> dict[str, list[list[float]]]:
        """The learning rates at some steps (N,); none before the training has begun."""
        if not self.epochs or not self.total_steps:
            return {}
        return learning_rates(spec, markers, steps.astype(int).tolist(), self.total_steps, self.epochs)
