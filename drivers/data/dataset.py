"""A data set in memory."""

from dataclasses import dataclass

import numpy as np

from drivers.data.errors import DataError


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images or sequences, and what they are.

    Attributes:
        samples: C-contiguous; images uint8 (N, H, W, C), 0 to 255, C 1 (grey) or 3 (red, green, blue), or sequences
            float32 (N, T, C), T steps of C numbers from -1 to 1.
        labels: int64 (N,), the number of each sample's class, or None.
        class_names: What the classes are called, by number, or None without labels.
    """

    samples: np.ndarray
    labels: np.ndarray | None = None
    class_names: list[str] | None = None

    def __len__(self) -> int:
        return len(self.samples)

    @property
    def images(self) -> np.ndarray:
        """The samples, for what only works on images.

        Raises:
            DataError: `wrong_data`: they are sequences.
        """
        if self.samples.dtype != np.uint8:
            raise DataError("wrong_data", "Images are needed here, but the data are sequences.")
        return self.samples
