"""Samples side by side."""

from __future__ import annotations

import numpy as np
from PIL import Image

from drivers.data.curves import curves
from drivers.data.dataset import Dataset

GAP = 2
"""Pixels between two images of a sheet, so that neighbours do not run into each other."""
GAP_SHADE = 64


def grid(samples: np.ndarray, columns: int, *, gap: int = GAP) -> Image.Image:
    """Samples of data as one picture, row by row: images by `tiles`, sequences, float32 (N, T, C), by `curves`."""
    if columns < 1:
        raise ValueError(f"columns must be at least 1, got {columns}")
    if samples.ndim == 3 and samples.dtype == np.float32 and samples.size:
        return curves(samples, columns)
    return tiles(samples, columns, gap=gap)


def tiles(images: np.ndarray, columns: int, *, gap: int = GAP) -> Image.Image:
    """uint8 images (N, H, W, 1 or 3) as one picture, row by row, with dark grey lines between them.

    The picture is ``columns * (W + gap) - gap`` wide and, with R = ceil(N / columns), ``R * (H + gap) - gap`` high.
    """
    if images.ndim != 4 or images.shape[3] not in (1, 3) or images.dtype != np.uint8 or not len(images):
        raise ValueError(
            f"samples must be uint8 (N, H, W, 1 or 3) or float32 (N, T, C), got {images.dtype} {images.shape}"
        )
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    cells = np.full((rows * columns, height + gap, width + gap, channels), GAP_SHADE, np.uint8)
    cells[:, :height, :width] = 0
    cells[:count, :height, :width] = images
    picture = cells.reshape(rows, columns, height + gap, width + gap, channels).swapaxes(1, 2)
    picture = picture.reshape(rows * (height + gap), columns * (width + gap), channels)
    picture = picture[: picture.shape[0] - gap, : picture.shape[1] - gap]
    return Image.fromarray(picture[..., 0] if channels == 1 else picture)


def preview(
    data: Dataset,
    *,
    count: int = 64,
    columns: int = 8,
    seed: int = 0,
    per_class: bool = False,
    in_turn: bool = False,
) -> Image.Image:
    """A grid of samples drawn at random, the same for the same seed.

    Args:
        per_class: one row for each class, ``columns`` samples in it.
        in_turn: one class after the other, again and again, as the samples of a conditional generator.
    """
    draw = np.random.default_rng(seed)
    if in_turn and data.labels is not None:
        shuffled = [draw.permutation(np.flatnonzero(data.labels == number)) for number in np.unique(data.labels)]
        turns = [shuffled[at % len(shuffled)] for at in range(count)]
        in_order = [members[at // len(shuffled) % len(members)] for at, members in enumerate(turns)]
        return grid(data.samples[in_order], columns)
    if not per_class or data.labels is None:
        chosen = draw.permutation(len(data))[:count]
        return grid(data.samples[np.sort(chosen)], columns)
    empty = 0 if data.samples.dtype == np.uint8 else np.nan
    rows = []
    for number in np.unique(data.labels):
        members = draw.permutation(np.flatnonzero(data.labels == number))[:columns]
        row = np.full((columns, *data.samples.shape[1:]), empty, data.samples.dtype)
        row[: len(members)] = data.samples[members]
        rows.append(row)
    return grid(np.concatenate(rows), columns)
