"""The training data in batches, in an order that follows from the seed alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.errors import DriverError

if TYPE_CHECKING:
    from drivers.data import Dataset

Tensor = Any


# Axes of a batch of images; one of sequences has 3.
IMAGE_AXES = 4


def to_unit_range(samples: np.ndarray) -> np.ndarray:
    """Images uint8 [0, 255] -> float32 [-1, 1]; sequences are in that range as they are."""
    if samples.dtype != np.uint8:
        return samples
    return samples.astype(np.float32) * np.float32(1 / 127.5) - np.float32(1.0)


def to_data(samples: np.ndarray) -> np.ndarray:
    """What a generator made in the form of the data: images (N, H, W, C) as pixels, sequences (N, T, C) as is."""
    return to_pixels(samples) if samples.ndim == IMAGE_AXES else samples.astype(np.float32, copy=False)


def to_pixels(images: np.ndarray) -> np.ndarray:
    """float [-1, 1] -> uint8 [0, 255], rounded and clipped."""
    return np.clip(np.rint((images.astype(np.float32) + 1.0) * np.float32(127.5)), 0, 255).astype(np.uint8)


class Batches(ABC):
    """The whole data set, read in shuffled batches without end.

    Each pass over the data is a new permutation. Every batch is full: samples left over at the end of a pass are
    skipped in that pass, and a data set smaller than a batch is one batch.

    Attributes:
        samples: what there is to read: images uint8 (N, H, W, C) or sequences float32 (N, T, C).
        labels: the class of each sample (N,), or None.
        batch_size: samples in a batch.
        per_pass: batches in a pass.
    """

    def __init__(self, data: Dataset, batch_size: int, shuffle: np.random.Generator) -> None:
        self.samples, self.labels = data.samples, data.labels
        self.batch_size = min(batch_size, len(data))
        self.per_pass = len(data) // self.batch_size
        self._shuffle = shuffle
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._shuffle_before = self._shuffle.bit_generator.state
        self._order = self._shuffle.permutation(len(self.samples))
        self._position = 0

    @abstractmethod
    def next(self) -> tuple[Tensor, Tensor | None]:
        """Images (B, H, W, C) or sequences (B, T, C) and their labels (B,), as the driver's networks take them."""

    @abstractmethod
    def some_labels(self, generator: np.random.Generator) -> Tensor | None:
        """A batch of labels, drawn as often as the data has them; (B,), or None without labels."""

    def next_chosen(self) -> np.ndarray:
        """The numbers of the samples in the next batch, (B,)."""
        if self._position >= self.per_pass:
            self._begin_pass()
        start = self._position * self.batch_size
        self._position += 1
        return self._order[start : start + self.batch_size]

    def some_chosen(self, generator: np.random.Generator) -> np.ndarray:
        """The numbers of as many samples as there are in a batch, (B,), each drawn from all."""
        return generator.integers(len(self.samples), size=self.batch_size)

    def state(self) -> dict[str, Any]:
        """The position in the data: the generator before this pass's permutation, and the batches read since."""
        return {"shuffle_before": self._shuffle_before, "position": self._position, "count": len(self.samples)}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` returned.

        Raises:
            DriverError: the data set has another size than the one trained on.
        """
        if state["count"] != len(self.samples):
            raise DriverError(
                "other_data",
                f"The checkpoint was trained on {state['count']} samples, but the data now has {len(self.samples)}.",
                "/data",
            )
        self._shuffle.bit_generator.state = state["shuffle_before"]
        self._begin_pass()
        self._position = state["position"]
