"""What a reading looks at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from service.reading.look import Look

WINDOWS = 40
"""The curve is cut into so many stretches of equal length; a rule looks at their means, not at single steps."""

MIN_ACCURACIES = 3
"""A mean of fewer batches says nothing yet."""

MIN_STEPS = 200
"""A shorter curve says nothing yet: five steps a window."""


@dataclass(frozen=True)
class Training:
    """The numbers of one training.

    Attributes:
        steps: (N,), rising.
        generator, discriminator: (N,) losses; NaN where a step did not update that network.
        loss: the catalogue's name of the loss.
        diversity: ``(step, value)``: how different the images of a grid of samples are from each other.
        metrics: ``(step, value)`` of each evaluation metric by name, and of ``name.low``, ``name.high`` and
            ``name.floor``.
        accuracy: ``(step, share)`` of the ``real`` samples and of the ``fake`` ones that the discriminator told right.
        better: ``lower`` or ``higher`` for the metrics that have a better way.
        looks: ``(step, look)`` of each of those grids, where they are images.
        real: the look of as many real images, where there are any at hand.
        diverged: the training ended because a loss was no finite number.
    """

    steps: np.ndarray
    generator: np.ndarray
    discriminator: np.ndarray
    loss: str
    diversity: Sequence[tuple[int, float]] = ()
    metrics: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    better: Mapping[str, str] = field(default_factory=dict)
    accuracy: Mapping[str, Sequence[tuple[int, float]]] = field(default_factory=dict)
    looks: Sequence[tuple[int, Look]] = ()
    real: Look | None = None
    diverged: bool = False

    @property
    def is_long_enough(self) -> bool:
        return len(self.steps) >= MIN_STEPS

    def last_accuracy(self, share: float) -> dict[str, float]:
        """The mean accuracy on ``real`` and on ``fake`` over the last share of the steps, where it is known."""
        since = self.steps[-1] - share * (self.steps[-1] - self.steps[0])
        lately = {kind: [value for step, value in points if step > since] for kind, points in self.accuracy.items()}
        return {kind: float(np.mean(values)) for kind, values in lately.items() if len(values) >= MIN_ACCURACIES}

    def newest(self, name: str) -> Scored | None:
        """The last score of a metric, where there is one with an interval and a floor."""
        parts = [self.metrics.get(f"{name}{part}") for part in ("", ".low", ".high", ".floor")]
        if not all(parts):
            return None
        value, low, high, floor = (points[-1][1] for points in parts if points)
        return Scored(parts[0][-1][0], value, low, high, floor) if parts[0] else None

    def windows(self, network: str) -> Windows:
        """The curve of ``generator`` or ``discriminator`` in `WINDOWS` stretches."""
        values = self.generator if network == "generator" else self.discriminator
        return Windows.of(self.steps, values)


@dataclass(frozen=True)
class Scored:
    """A score: its 95 % interval, and what real data would reach."""

    step: int
    value: float
    low: float
    high: float
    floor: float


@dataclass(frozen=True)
class Windows:
    """A curve in stretches.

    Attributes:
        steps: (W,), the last step of each.
        means: (W,), NaN where nothing is known.
        errors: (W,), the standard error of each mean.
    """

    steps: np.ndarray
    means: np.ndarray
    errors: np.ndarray

    @classmethod
    def of(cls, steps: np.ndarray, values: np.ndarray) -> Windows:
        parts = [part[np.isfinite(part)] for part in np.array_split(values, WINDOWS)]
        means = [part.mean() if len(part) else np.nan for part in parts]
        errors = [part.std(ddof=1) / np.sqrt(len(part)) if len(part) > 1 else np.nan for part in parts]
        ends = [part[-1] for part in np.array_split(steps, WINDOWS)]
        return cls(np.array(ends), np.array(means), np.array(errors))

    def last(self, share: float) -> Windows:
        """The last of them."""
        first = len(self.means) - max(1, round(share * len(self.means)))
        return Windows(self.steps[first:], self.means[first:], self.errors[first:])

    @property
    def mean(self) -> float:
        """Of all that is known."""
        return float(np.nanmean(self.means)) if np.isfinite(self.means).any() else float("nan")
