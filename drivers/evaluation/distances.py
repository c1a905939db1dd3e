"""Distances between many points, in blocks, so that memory stays bounded however many there are."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

BLOCK_BYTES = 8 * 2**20
"""Size of the largest matrix of distances that is in memory at once; one that fits into a cache is the fastest."""


def squared_distances(x: np.ndarray, y: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared Euclidean distances of every point of ``x`` to every point of ``y``, some rows at a time.

    |x - y|² = |x|² + |y|² - 2x·y is one matrix product; the points are centred first, because the smaller their
    norms, the less is lost when nearly equal numbers are subtracted. Distances of equal points are 0 to about 1e-14
    of their squared norm.

    Args:
        x: (N, D). y: (M, D).

    Yields:
        The slice of rows and their distances, (rows, M) in float64, which the caller may overwrite.
    """
    if x.ndim != 2 or y.ndim != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"points must be (N, D) and (M, D), got {x.shape} and {y.shape}")
    centre = y.mean(0, dtype=np.float64)
    x, y = x - centre, y - centre
    x_norms, y_norms = _squared_norms(x), _squared_norms(y)
    for rows in blocks(len(x), len(y)):
        block = x[rows] @ y.T
        block *= -2.0
        block += x_norms[rows, None]
        block += y_norms
        np.maximum(block, 0.0, out=block)
        yield rows, block


def distances_among(x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """`squared_distances` of ``x`` (N, D) to itself, infinite from a point to itself."""
    for rows, block in squared_distances(x, x):
        own = np.arange(rows.start, rows.stop)
        block[own - rows.start, own] = np.inf
        yield rows, block


def blocks(rows: int, columns: int, item_bytes: int = 8) -> Iterator[slice]:
    """Slices of ``range(rows)`` whose matrices of so many columns fit into `BLOCK_BYTES`."""
    at_once = max(1, BLOCK_BYTES // (item_bytes * columns))
    for start in range(0, rows, at_once):
        yield slice(start, min(start + at_once, rows))


def nearest(x: np.ndarray, y: np.ndarray, k: int, *, itself: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """The ``k`` nearest points of ``y`` to each of ``x``; ``y`` may be far too large to be floating point as a whole.

    Computed in float32, which is exact enough for pixels.

    Args:
        x: (N, …). y: (M, …), M > k.
        itself: for each of ``x`` the index of the same point in ``y``, which is no neighbour; by default there is none.

    Returns:
        Squared distances (N, k) in ascending order, and indices into ``y`` (N, k).
    """
    if len(y) <= k:
        raise ValueError(f"{k} neighbours need more than {k} points, got {len(y)}")
    x = _flat(x)
    found = np.full((len(x), k), np.inf, np.float32)
    found_at = np.full((len(x), k), -1)
    x_norms = _squared_norms(x)
    for columns in blocks(len(y), max(len(x), x.shape[1]), item_bytes=4):
        part = _flat(y[columns])
        block = x @ part.T
        block *= -2.0
        block += x_norms[:, None]
        block += _squared_norms(part)
        np.maximum(block, 0.0, out=block)
        if itself is not None:
            here = np.flatnonzero((itself >= columns.start) & (itself < columns.stop))
            block[here, itself[here] - columns.start] = np.inf
        candidates = np.concatenate([found, block], axis=1)
        best = np.argpartition(candidates, k - 1, axis=1)[:, :k]
        at = np.concatenate([found_at, np.broadcast_to(np.arange(columns.start, columns.stop), block.shape)], axis=1)
        found = np.take_along_axis(candidates, best, 1)
        found_at = np.take_along_axis(at, best, 1)
    order = np.argsort(found, axis=1, kind="stable")
    return np.take_along_axis(found, order, 1), np.take_along_axis(found_at, order, 1)


def _flat(points: np.ndarray) -> np.ndarray:
    return points.reshape(len(points), -1).astype(np.float32)


def _squared_norms(x: np.ndarray) -> np.ndarray:
    return np.einsum("nd,nd->n", x, x)
