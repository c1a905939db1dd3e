"""The training data on the device, and batches from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from drivers.errors import DriverError

if TYPE_CHECKING:
    from drivers.data import Dataset

IMAGE_AXES = 4
"""Axes of a batch of images; one of sequences has 3."""


def to_unit_range(samples: Tensor) -> Tensor:
    """Images uint8 [0, 255] -> float32 [-1, 1]; sequences are in that range as they are."""
    if samples.is_floating_point():
        return samples
    return samples.to(torch.float32).mul_(1 / 127.5).sub_(1.0)


def to_data(samples: Tensor) -> Tensor:
    """What a generator made in the form of the data: images (N, H, W, C) as pixels, sequences (N, T, C) as is."""
    return to_pixels(samples) if samples.ndim == IMAGE_AXES else samples.to(torch.float32)


def to_pixels(images: Tensor) -> Tensor:
    """float [-1, 1] -> uint8 [0, 255], rounded and clipped."""
    return images.to(torch.float32).add(1.0).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


class Batches:
    """The whole data set as one tensor on the device, read in shuffled batches without end.

    Each pass over the data is a new permutation. Every batch is full: samples left over at the end of a pass are
    skipped in that pass, and a data set smaller than a batch is one batch.

    Attributes:
        batch_size: samples in a batch.
        per_pass: batches in a pass.
        samples: images uint8 (N, H, W, C) or sequences float32 (N, T, C).
        labels: the class of each sample (N,), or None.
    """

    def __init__(self, data: Dataset, batch_size: int, device: torch.device, shuffle: torch.Generator) -> None:
        self.batch_size = min(batch_size, len(data))
        self.per_pass = len(data) // self.batch_size
        self.samples = torch.from_numpy(data.samples).to(device)
        self.labels = None if data.labels is None else torch.from_numpy(data.labels).to(device)
        self._device = device
        self._shuffle = shuffle
        self._begin_pass()

    def _begin_pass(self) -> None:
        self._shuffle_before = self._shuffle.get_state()
        self._order = torch.randperm(len(self.samples), generator=self._shuffle).to(self._device)
        self._position = 0

    def next(self) -> tuple[Tensor, Tensor | None]:
        """Images (B, H, W, C) or sequences (B, T, C) in [-1, 1], and their labels (B,)."""
        if self._position >= self.per_pass:
            self._begin_pass()
        start = self._position * self.batch_size
        self._position += 1
        chosen = self._order[start : start + self.batch_size]
        samples = to_unit_range(self.samples.index_select(0, chosen))
        return samples, None if self.labels is None else self.labels.index_select(0, chosen)

    def some_labels(self, generator: torch.Generator) -> Tensor | None:
        """A batch of labels, drawn as often as the data has them; (B,), or None without labels."""
        if self.labels is None:
            return None
        chosen = torch.randint(len(self.labels), (self.batch_size,), generator=generator, device=self._device)
        return self.labels.index_select(0, chosen)

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
        self._shuffle.set_state(state["shuffle_before"])
        self._begin_pass()
        self._position = state["position"]
