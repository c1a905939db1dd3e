"""How different the images of a grid are from each other: a collapsed generator draws one image again and again."""

from __future__ import annotations

import numpy as np
from PIL import Image

from drivers.data.pictures import GAP


def tiles(picture: Image.Image, columns: int, count: int) -> np.ndarray:
    """The images of a grid that `drivers.data.grid` made, as (N, H, W, C) from 0 to 1."""
    pixels = np.asarray(picture.convert("RGB" if picture.mode not in ("L", "RGB") else picture.mode), np.float32) / 255
    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    rows = -(-count // columns)
    height, width = (pixels.shape[0] + GAP) // rows, (pixels.shape[1] + GAP) // columns
    found = [
        pixels[row * height : row * height + height - GAP, column * width : column * width + width - GAP]
        for row in range(rows)
        for column in range(columns)
    ]
    return np.stack(found[:count])


def diversity(images: np.ndarray, groups: int = 1) -> float:
    """The root mean square distance of two images, a pixel: 0 when all are the same, about 0.4 for noise.

    Of N images x, the mean over all pairs of |x_i - x_j|² is 2N/(N-1) times the variance of the pixels.

    Args:
        images: (N, H, W, C) from 0 to 1.
        groups: images whose number leaves the same remainder belong together, such as those of one class; only
            distances within a group count. Groups of one image are left out.
    """
    variances = [group.var(axis=0, ddof=1).mean() for start in range(groups) if len(group := images[start::groups]) > 1]
    return float(np.sqrt(2 * np.mean(variances))) if variances else float("nan")
