"""Density and coverage: precision and recall that outliers cannot fool."""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, mean, proportion
from drivers.evaluation.manifold import membership, squared_radii


def density(real: np.ndarray, fake: np.ndarray, *, k: int = 5, radii: np.ndarray | None = None) -> Estimate:
    """How many real points' balls hold a generated point, a k-th of them, on average (Naeem et al. 2020, section 3).

    From 0, 1 on average for equal distributions and more where generated points crowd the densest regions; higher is
    better up to the floor beside it. A generator that collapsed on the most common images has a high density.

    Args:
        real, fake: features (N, D) and (M, D), N > k, M >= 2.
        radii: `squared_radii` of the real points, where they are known.
    """
    radii = squared_radii(real, k) if radii is None else radii
    return mean(membership(fake, real, radii)[0] / k)


def coverage(real: np.ndarray, fake: np.ndarray, *, k: int = 5, radii: np.ndarray | None = None) -> Estimate:
    """The share of real points whose ball holds a generated point (Naeem et al. 2020, section 3).

    From 0 to 1, higher is better; 1 - 2^-k is what equal distributions reach with as many real as generated points.
    It does not see copying.

    Args:
        real, fake: features (N, D) and (M, D), N > k.
        radii: `squared_radii` of the real points, where they are known.
    """
    radii = squared_radii(real, k) if radii is None else radii
    return proportion(membership(fake, real, radii)[1])
