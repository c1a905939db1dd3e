"""Kernel Inception distance: the Fréchet distance's unbiased relative."""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, mean_over_subsets
from drivers.evaluation.metrics.mmd import Kernel, over_subsets


def kid(
    real: np.ndarray,
    fake: np.ndarray,
    *,
    degree: int = 3,
    subset_size: int = 1000,
    subsets: int = 100,
    random: np.random.Generator,
) -> Estimate:
    """MMD²_u with the kernel (x·y / D + 1)^degree, the mean over subsets (Bińkowski et al. 2018, section 4).

    Without an upper end; 0 on average for equal distributions, below 0 by chance. Unbiased, so scores of different
    counts can be compared; scores of different extractors cannot. Large features dominate it.

    Args:
        real, fake: features (N, D) and (M, D), at least 4 each.
        subset_size, subsets: see `over_subsets`.
    """
    found, size = over_subsets(real, fake, polynomial(degree), subset_size, subsets, random)
    return mean_over_subsets(found, size, min(len(real), len(fake)))


def polynomial(degree: int) -> Kernel:
    """The kernel k(x, y) = (x·y / D + 1)^degree."""

    def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        product = x @ y.T
        product /= x.shape[1]
        product += 1.0
        # By products: a power takes many times as long.
        power = product.copy()
        for _ in range(degree - 1):
            power *= product
        return power

    return kernel
