"""Images side by side."""

from __future__ import annotations

import numpy as np
from PIL import Image

from drivers.data.dataset import Dataset


def grid(images: np.ndarray, columns: int) -> Image.Image:
    """uint8 images (N, H, W, 1 or 3) as one picture, row by row, without gaps; cells left over are black.

    The picture is ``columns * W`` wide and ``ceil(N / columns) * H`` high.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8 or not len(images):
        raise ValueError(f"images must be uint8 (N, H, W, 1 or 3), got {images.dtype} {images.shape}")
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.zeros((rows * columns, height, width, channels), np.uint8)
    cells[:count] = images
    picture = cells.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    picture = picture.reshape(rows * height, columns * width, channels)
    return Image.fromarray(picture[..., 0] if channels == 1 else picture)


def preview(data: Dataset, *, count: int = 64, columns: int = 8, seed: int = 0, per_class: bool = False) -> Image.Image:
    """A grid of images drawn at random, the same for the same seed; ``per_class``: one row for each class."""
    draw = np.random.default_rng(seed)
    if not per_class or data.labels is None:
        chosen = draw.permutation(len(data))[:count]
        return grid(data.images[np.sort(chosen)], columns)
    rows = []
    for number in np.unique(data.labels):
        members = draw.permutation(np.flatnonzero(data.labels == number))[:columns]
        row = np.zeros((columns, *data.images.shape[1:]), np.uint8)
        row[: len(members)] = data.images[members]
        rows.append(row)
    return grid(np.concatenate(rows), columns)
