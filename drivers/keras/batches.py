"""The training data as NumPy arrays, and batches from it."""

from __future__ import annotations

import numpy as np

from drivers.batches import Batches


class ArrayBatches(Batches):
    """Batches as the data has them, images as bytes: a step turns them into numbers from -1 to 1 itself."""

    def next(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Images uint8 (B, H, W, C) or sequences float32 (B, T, C), and their labels (B,)."""
        chosen = self.next_chosen()
        return self.samples[chosen], None if self.labels is None else self.labels[chosen]

    def some_labels(self, generator: np.random.Generator) -> np.ndarray | None:
        return None if self.labels is None else self.labels[self.some_chosen(generator)]
