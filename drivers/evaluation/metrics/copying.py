"""Is it copying? The nearest training images of what was generated."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.evaluation.distances import nearest
from drivers.evaluation.estimate import Estimate, proportion

SUSPECTS = 16
"""Pairs of a generated image and its nearest training image in the details."""


def copying(
    fake: np.ndarray,
    fake_at: np.ndarray | None,
    real_at: np.ndarray,
    training: np.ndarray,
    *,
    neighbours: int = 50,
    quantile: float = 0.01,
    images: int = 1000,
) -> Estimate:
    """The share of images that are closer to one training image than fresh real images are.

    Near in pixels means little by itself: a blurred image is near to many. So the distance to the nearest training
    image is divided by the mean distance to the ``neighbours`` nearest (Carlini et al. 2023, section 5): a copy has one
    image far nearer than all others, a ratio near 0; a new image, sharp or blurred, has one near 1. The threshold is
    set by real images, each compared with all others as if it were new: it is the ``quantile`` of their ratios. Real
    images fall below it by that share, 1 in 100; a generator with a share well above it copies.

    From 0 to 1, lower is better, ``quantile`` is what new images reach. It sees copies of pixels; a copy that is
    shifted or mirrored is another image to it. It cannot tell a data set with near-duplicates from copying, but the
    threshold then adapts. A generator that has collapsed on an image of its own does not copy.

    Args:
        fake: the images in question, uint8 (N, …).
        fake_at: where they are in ``training``, (N,), if they are part of it; none is its own neighbour.
        real_at: indices of the real images that set the threshold.
        training: all training images, (M, …), M > neighbours + 1.
        images: of each kind at most so many are looked at; each means a search through all training images.

    Returns:
        The share; its details hold the threshold and ``suspects``: the images with the lowest ratios, each with the
        index of its nearest training image.
    """
    neighbours = min(neighbours, len(training) - 2)
    if neighbours < 2:
        raise ValueError(f"copying is judged among at least 4 training images, got {len(training)}")
    real_at = real_at[:images]
    fake_at = None if fake_at is None else fake_at[:images]
    reference, _ = distance_ratios(training[real_at], training, neighbours, itself=real_at)
    threshold = float(np.quantile(reference, quantile))
    ratios, nearest_at = distance_ratios(fake[:images], training, neighbours, itself=fake_at)
    lowest = np.argsort(ratios, kind="stable")[:SUSPECTS]
    suspects: list[dict[str, Any]] = [
        {"image": int(index), "nearest": int(nearest_at[index]), "ratio": float(ratios[index])} for index in lowest
    ]
    return proportion(
        ratios < threshold,
        threshold=threshold,
        expected=quantile,
        median_ratio=float(np.median(ratios)),
        suspects=suspects,
    )


def distance_ratios(
    images: np.ndarray, training: np.ndarray, neighbours: int, *, itself: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Distance to the nearest training image over the mean distance to the nearest ``neighbours``.

    Returns:
        Ratios from 0 to 1 (N,), 1 where all those are equal to the image, and the nearest training image's index (N,).
    """
    squared, at = nearest(images, training, neighbours, itself=itself)
    distances = np.sqrt(squared, dtype=np.float64)
    scale = distances.mean(1)
    return np.divide(distances[:, 0], scale, out=np.ones(len(scale)), where=scale > 0), at[:, 0]
