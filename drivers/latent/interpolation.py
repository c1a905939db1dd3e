"""Ways between latent vectors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

PARALLEL = 1e-9
"""The sine of an angle so small that rounding decides where the great circle lies."""

Between = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def linear(first: np.ndarray, second: np.ndarray, t: np.ndarray) -> np.ndarray:
    """(1 - t) z₁ + t z₂ of vectors (N, …) at t (N,).

    Halfway between independent vectors of Gaussian noise it is √2 too short, where a generator has hardly been trained.
    """
    t = t.reshape(-1, *(1,) * (first.ndim - 1))
    return (1 - t) * first + t * second


def spherical(first: np.ndarray, second: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation of vectors (N, …) at t (N,).

    The direction follows the great circle: sin((1-t)Ω)/sin Ω · ẑ₁ + sin(tΩ)/sin Ω · ẑ₂, Ω the angle between them
    (Shoemake 1985, section 3.3; for latent spaces White 2016, section 2.1). The length goes evenly from one to the
    other, so that every point between is as probable as the ends. Where there is no one great circle, between parallel
    or opposite vectors and from the origin, it is the straight line.
    """
    a, b = first.reshape(len(first), -1), second.reshape(len(second), -1)
    a_length, b_length = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    product = a_length * b_length
    cosine = (a * b).sum(1) / np.where(product > 0, product, 1.0)
    angle = np.arccos(np.clip(cosine, -1, 1))
    is_straight = (product == 0) | (np.sin(angle) < PARALLEL)
    sine = np.where(is_straight, 1.0, np.sin(angle))
    share_a = np.sin((1 - t) * angle) / sine / np.where(product > 0, a_length, 1.0)
    share_b = np.sin(t * angle) / sine / np.where(product > 0, b_length, 1.0)
    length = (1 - t) * a_length + t * b_length
    arc = length[:, None] * (share_a[:, None] * a + share_b[:, None] * b)
    return np.where(is_straight[:, None], linear(a, b, t), arc).reshape(first.shape)


METHODS: dict[str, Between] = {"spherical": spherical, "linear": linear}


def stations(points: int, steps: int, *, loop: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where on a way through points each step is: between the points ``start`` (N,) and ``end`` (N,), at ``t`` (N,).

    Args:
        points: 2 or more.
        steps: from one point to the next, both of them counted; 2 or more.
        loop: goes on from the last point to the first, which does not come twice.
    """
    legs = points if loop else points - 1
    place = np.arange(legs * (steps - 1) + (0 if loop else 1))
    start = np.minimum(place // (steps - 1), legs - 1)
    return start, (start + 1) % points, (place - start * (steps - 1)) / (steps - 1)


def path(points: np.ndarray, steps: int, method: str, *, loop: bool = False) -> np.ndarray:
    """A way through points (P, …): (N, …), each point on it once; see `stations`."""
    start, end, t = stations(len(points), steps, loop=loop)
    points = points.astype(np.float64)
    return METHODS[method](points[start], points[end], t).astype(np.float32)


def shares(points: int, steps: int, *, loop: bool = False) -> np.ndarray:
    """How much of each point is in each step of a `path`: (N, P), rows that sum to 1."""
    start, end, t = stations(points, steps, loop=loop)
    found = np.zeros((len(t), points))
    np.add.at(found, (np.arange(len(t)), start), 1 - t)
    np.add.at(found, (np.arange(len(t)), end), t)
    return found


def surface(corners: Sequence[np.ndarray] | np.ndarray, rows: int, columns: int, method: str) -> np.ndarray:
    """What lies between four points, (rows * columns, …) row by row.

    Args:
        corners: top left, top right, bottom left, bottom right.
    """
    between = METHODS[method]
    top_left, top_right, bottom_left, bottom_right = np.asarray(corners, np.float64)
    down = np.linspace(0, 1, rows)
    left = between(_repeated(top_left, rows), _repeated(bottom_left, rows), down)
    right = between(_repeated(top_right, rows), _repeated(bottom_right, rows), down)
    across = np.tile(np.linspace(0, 1, columns), rows)
    found = between(np.repeat(left, columns, axis=0), np.repeat(right, columns, axis=0), across)
    return found.astype(np.float32)


def surface_shares(rows: int, columns: int) -> np.ndarray:
    """How much of each corner is in each point of a `surface`: (rows * columns, 4), rows that sum to 1."""
    across, down = np.meshgrid(np.linspace(0, 1, columns), np.linspace(0, 1, rows))
    x, y = across.ravel(), down.ravel()
    return np.stack([(1 - x) * (1 - y), x * (1 - y), (1 - x) * y, x * y], axis=1)


def _repeated(vector: np.ndarray, count: int) -> np.ndarray:
    return np.broadcast_to(vector, (count, *vector.shape))
