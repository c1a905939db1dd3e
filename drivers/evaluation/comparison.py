"""Two sets of images side by side, with what the extractor sees in them computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drivers.evaluation.extractors import Extractor


class Sample:
    """Some images.

    Attributes:
        images: (N, …).
        labels: their classes, or the classes that were asked for, (N,); None without.
        at: where they are in the data set, (N,); None for generated ones.
    """

    def __init__(
        self, images: np.ndarray, labels: np.ndarray | None, extractor: Extractor, at: np.ndarray | None = None
    ) -> None:
        self.images = images
        self.labels = labels
        self.at = at
        self._extractor = extractor

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def features(self) -> np.ndarray:
        """(N, D)."""
        return self._extractor.features(self.images)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(N, K)."""
        return self._extractor.probabilities(self.images)


@dataclass(frozen=True)
class Path:
    """Short steps on latent paths: the features at both ends, (N, D), ``step`` apart."""

    start: np.ndarray
    end: np.ndarray
    step: float


@dataclass(frozen=True)
class Comparison:
    """What a metric looks at.

    Attributes:
        real: real images.
        fake: generated images, or other real ones, which gives the floor.
        training: every image that was trained on, (M, …).
        extractor: saw the features.
        path: for the path length; None where the second set is real.
        seed: of everything random in a metric.
    """

    real: Sample
    fake: Sample
    training: np.ndarray
    extractor: Extractor
    path: Path | None
    seed: int

    def random(self) -> np.random.Generator:
        """Random numbers, the same for every metric and for the floor."""
        return np.random.default_rng(self.seed)
