"""Diversity: how alike are two generated images of a class?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, mean

WINDOW, SIGMA = 11, 1.5
"""The Gaussian window of Wang et al. 2004, in pixels. An image must be as large."""
K1, K2, RANGE = 0.01, 0.03, 255.0
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""The five scales of Wang et al. 2003, from the finest. Small images have fewer, with weights scaled to sum to 1."""
PAIRS_AT_ONCE = 64


def ms_ssim_diversity(
    images: np.ndarray, labels: np.ndarray | None, *, pairs: int = 1000, random: np.random.Generator
) -> Estimate:
    """The mean MS-SSIM of random pairs, each of one class where there are labels (Odena et al. 2017, section 4.2).

    From 0 to 1: the lower, the more diverse; best is not 0 but the floor beside it, that of real images. Noise is very
    diverse: read it together with a score of quality.

    Args:
        images: uint8 (N, H, W, C), H and W at least 11.
        labels: (N,) or None.
        pairs: pairs to compare.
    """
    first, second = random_pairs(len(images), labels, pairs, random)
    found = [
        ms_ssim(images[first[start : start + PAIRS_AT_ONCE]], images[second[start : start + PAIRS_AT_ONCE]])
        for start in range(0, pairs, PAIRS_AT_ONCE)
    ]
    return mean(np.concatenate(found), "pairs")


def random_pairs(
    count: int, labels: np.ndarray | None, pairs: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Indices (pairs,) and (pairs,) of different images; of the same class where there are labels."""
    first = random.integers(count, size=pairs)
    if labels is None:
        return first, (first + random.integers(1, count, size=pairs)) % count
    # Images sorted by class: a partner is another place within the class's stretch.
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    paired = np.flatnonzero(sizes[labels] > 1)
    if not len(paired):
        raise ValueError("no class has two images to compare")
    first = paired[random.integers(len(paired), size=pairs)]
    place = np.empty(count, np.int64)
    place[order] = np.arange(count) - starts[labels[order]]
    size = sizes[labels[first]]
    return first, order[starts[labels[first]] + (place[first] + 1 + random.integers(size - 1)) % size]


def ms_ssim(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Multi-scale structural similarity (Wang et al. 2003, equation 7) of images, pair by pair.

    Every scale compares contrast and structure, the coarsest luminance too; channels are averaged. Negative values of
    a scale count as 0, because they have no power.

    Args:
        x, y: 0 to 255, (N, H, W, C), both sides at least `WINDOW`.

    Returns:
        (N,), from 0 to 1.
    """
    x, y = (np.moveaxis(images.astype(np.float64), 3, 1) for images in (x, y))
    scales = _scales(min(x.shape[2:]))
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    result = np.ones(x.shape[:2])
    for scale, weight in enumerate(weights):
        luminance, structure = _compare(x, y)
        similarity = structure if scale < scales - 1 else luminance * structure
        result *= np.maximum(similarity.mean((2, 3)), 0.0) ** weight
        x, y = _halved(x), _halved(y)
    return result.mean(1)


def _scales(side: int) -> int:
    if side < WINDOW:
        raise ValueError(f"MS-SSIM compares windows of {WINDOW} pixels; an image of {side} has none")
    scales = 1
    while scales < len(WEIGHTS) and side >> scales >= WINDOW:
        scales += 1
    return scales


def _compare(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Luminance, and contrast times structure (Wang et al. 2004, equations 6 and 13), in every window."""
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    mean_x, mean_y = _blurred(x), _blurred(y)
    variance_x, variance_y = _blurred(x * x) - mean_x**2, _blurred(y * y) - mean_y**2
    covariance = _blurred(x * y) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return luminance, (2 * covariance + c2) / (variance_x + variance_y + c2)


def _blurred(images: np.ndarray) -> np.ndarray:
    """(N, C, H, W) under the Gaussian window, wherever it fits: one band matrix for each axis."""
    height, width = images.shape[2:]
    return _band(height) @ images @ _band(width).T


def _band(side: int) -> np.ndarray:
    offsets = np.arange(WINDOW) - WINDOW // 2
    window = np.exp(-(offsets**2) / (2 * SIGMA**2))
    window /= window.sum()
    band = np.zeros((side - WINDOW + 1, side))
    for row in range(len(band)):
        band[row, row : row + WINDOW] = window
    return band


def _halved(images: np.ndarray) -> np.ndarray:
    """Means of 2x2 pixels; an odd last row or column is left out."""
    height, width = (side // 2 * 2 for side in images.shape[2:])
    even = images[:, :, :height, :width]
    return even.reshape(*even.shape[:2], height // 2, 2, width // 2, 2).mean((3, 5))
