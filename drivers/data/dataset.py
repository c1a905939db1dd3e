"""A data set in memory."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images and what they show.

    Attributes:
        images: uint8 (N, H, W, C), 0 to 255, C-contiguous; C is 1 (grey) or 3 (red, green, blue).
        labels: int64 (N,), the number of each image's class, or None.
        class_names: What the classes are called, by number, or None without labels.
    """

    images: np.ndarray
    labels: np.ndarray | None = None
    class_names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.images)
