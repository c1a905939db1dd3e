"""Maximum mean discrepancy: how differently two sets look to every function of a kernel's space."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from drivers.evaluation.distances import squared_distances
from drivers.evaluation.estimate import Estimate, mean_over_subsets

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""(N, D), (M, D) -> (N, M)."""

BANDWIDTH_POINTS = 1000
"""Points that the median distance is taken from."""


def mmd(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    bandwidth: float | None = None,
    subset_size: int = 1000,
    subsets: int = 100,
    random: np.random.Generator,
) -> Estimate:
    """MMD²_u with the Gaussian kernel exp(-|x - y|² / 2σ²) (Gretton et al. 2012, equation 3).

    Without unit; 0 on average for equal distributions, below 0 by chance, at most 2. Unbiased. A kernel much wider or
    narrower than the differences sees none.

    Args:
        real, fake: features (N, D) and (M, D).
        bandwidth: σ, in units of the features; by default the median distance of real to real points (section 8 of
            the paper), so that real data alone sets the scale.
        subset_size, subsets: see `over_subsets`.
    """
    sigma = median_distance(real, random) if bandwidth is None else bandwidth

    def gaussian(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        kernel = np.empty((len(x), len(y)))
        for rows, block in squared_distances(x, y):
            kernel[rows] = np.exp(block / (-2 * sigma**2))
        return kernel

    found, size = over_subsets(real, fake, gaussian, subset_size, subsets, random)
    return mean_over_subsets(found, size, min(len(real), len(fake)), bandwidth=sigma)


def over_subsets(
    real: np.ndarray, fake: np.ndarray, kernel: Kernel, subset_size: int, subsets: int, random: np.random.Generator
) -> tuple[np.ndarray, int]:
    """MMD²_u of random subsets, each without repetition: (subsets,), and the size used.

    A subset has at most half of the smaller set, or subsets would all be the same and show no spread.
    """
    most = min(len(real), len(fake)) // 2
    if most < 2:
        raise ValueError(f"the kernel estimate needs at least 4 points each, got {len(real)} and {len(fake)}")
    size = min(subset_size, most)
    found = [
        unbiased_mmd(
            real[random.choice(len(real), size, replace=False)],
            fake[random.choice(len(fake), size, replace=False)],
            kernel,
        )
        for _ in range(subsets)
    ]
    return np.array(found), size


def unbiased_mmd(x: np.ndarray, y: np.ndarray, kernel: Kernel) -> float:
    """MMD²_u of points (N, D) and (M, D): the terms of a point with itself are left out."""
    within_x, within_y = kernel(x, x), kernel(y, y)
    n, m = len(x), len(y)
    return float(
        (within_x.sum() - np.trace(within_x)) / (n * (n - 1))
        + (within_y.sum() - np.trace(within_y)) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )


def median_distance(x: np.ndarray, random: np.random.Generator) -> float:
    """The median distance of different points of ``x`` (N, D), from at most `BANDWIDTH_POINTS` of them."""
    if len(x) > BANDWIDTH_POINTS:
        x = x[random.choice(len(x), BANDWIDTH_POINTS, replace=False)]
    squared = np.concatenate([block for _, block in squared_distances(x, x)])
    median = float(np.sqrt(np.median(squared[np.triu_indices(len(x), 1)])))
    if median == 0:
        raise ValueError("more than half of the real points are equal: there is no scale; give a bandwidth")
    return median
