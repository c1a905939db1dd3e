"""The training data on the device, and batches from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from drivers.batches import Batches

if TYPE_CHECKING:
    from drivers.data import Dataset


class DeviceBatches(Batches):
    """The whole data set as one tensor on the device; only the numbers of a batch's samples travel there."""

    def __init__(self, data: Dataset, batch_size: int, shuffle: np.random.Generator, device: torch.device) -> None:
        super().__init__(data, batch_size, shuffle)
        self._device = device
        self._samples = torch.from_numpy(data.samples).to(device)
        self._labels = None if data.labels is None else torch.from_numpy(data.labels).to(device)

    def next(self) -> tuple[Tensor, Tensor | None]:
        """Images (B, H, W, C) or sequences (B, T, C) in [-1, 1], and their labels (B,)."""
        chosen = torch.from_numpy(self.next_chosen()).to(self._device)
        samples = self._samples.index_select(0, chosen)
        if not samples.is_floating_point():
            samples = samples.to(torch.float32).mul_(1 / 127.5).sub_(1.0)
        return samples, None if self._labels is None else self._labels.index_select(0, chosen)

    def some_labels(self, generator: np.random.Generator) -> Tensor | None:
        if self._labels is None:
            return None
        return self._labels.index_select(0, torch.from_numpy(self.some_chosen(generator)).to(self._device))
