"""A set of points as the union of balls around them, each as large as the way to its k-th neighbour."""

from __future__ import annotations

import numpy as np

from drivers.evaluation.distances import distances_among, squared_distances


def squared_radii(x: np.ndarray, k: int) -> np.ndarray:
    """Squared distance of each point of ``x`` (N, D) to its k-th nearest other point, (N,)."""
    if not 1 <= k < len(x):
        raise ValueError(f"k = {k} neighbours need at least {k + 1} points, got {len(x)}")
    radii = np.empty(len(x))
    for rows, block in distances_among(x):
        radii[rows] = np.partition(block, k - 1, axis=1)[:, k - 1]
    return radii


def membership(points: np.ndarray, centres: np.ndarray, radii: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which points lie in which balls, the surface included.

    Args:
        points: (N, D). centres: (M, D). radii: squared, (M,).

    Returns:
        For each point the number of balls that hold it (N,), and for each ball whether it holds a point (M,).
    """
    held = np.empty(len(points), np.int64)
    filled = np.zeros(len(centres), bool)
    for rows, block in squared_distances(points, centres):
        inside = block <= radii
        held[rows] = inside.sum(1)
        filled |= inside.any(0)
    return held, filled
