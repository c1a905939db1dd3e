"""Two sets of samples side by side, with what the extractor sees in them computed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from drivers.evaluation.extractors import Extractor
from drivers.evaluation.manifold import squared_radii


class SampleSet:
    """Some images or sequences.

    Attributes:
        samples: (N, …).
        labels: their classes, or the classes that were asked for, (N,); None without.
        at: where they are in the data set, (N,); None for generated ones.
    """

    def __init__(
        self, samples: np.ndarray, labels: np.ndarray | None, extractor: Extractor, at: np.ndarray | None = None
    ) -> None:
        self.samples = samples
        self.labels = labels
        self.at = at
        self._extractor = extractor
        self._radii: dict[int, np.ndarray] = {}

    def __len__(self) -> int:
        return len(self.samples)

    @cached_property
    def features(self) -> np.ndarray:
        """(N, D)."""
        return self._extractor.features(self.samples)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """(N, K)."""
        return self._extractor.probabilities(self.samples)

    def squared_radii(self, k: int) -> np.ndarray:
        """Of balls around the features, see `manifold.squared_radii`; (N,)."""
        if k not in self._radii:
            self._radii[k] = squared_radii(self.features, k)
        return self._radii[k]


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
        real: real samples.
        fake: generated samples, or other real ones, which gives the floor.
        training: every sample that was trained on, (M, …).
        extractor: saw the features.
        path: for the path length; None where the second set is real.
        seed: of everything random in a metric.
        bare: whether the value alone is wanted, without its interval where that costs more than the value.
    """

    real: SampleSet
    fake: SampleSet
    training: np.ndarray
    extractor: Extractor
    path: Path | None
    seed: int
    bare: bool = False

    def random(self) -> np.random.Generator:
        """Random numbers, the same for every metric and for the floor."""
        return np.random.default_rng(self.seed)
