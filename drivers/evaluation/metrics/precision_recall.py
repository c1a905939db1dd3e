"""Improved precision and recall: is what is drawn real, and is what is real drawn?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, proportion
from drivers.evaluation.manifold import membership, squared_radii


def precision(real: np.ndarray, fake: np.ndarray, *, k: int = 3, radii: np.ndarray | None = None) -> Estimate:
    """The share of generated points within the k-th neighbour's distance of some real point.

    Kynkäänniemi et al. 2019, equations 1 and 2. From 0 to 1, higher is better; two halves of the same data reach the
    floor printed beside it, not 1. A single real outlier has a huge ball that lets anything in: see density. It does
    not see missing modes: see recall.

    Args:
        real, fake: features (N, D) and (M, D), N > k.
        radii: `squared_radii` of the real points, where they are known.
    """
    radii = squared_radii(real, k) if radii is None else radii
    return proportion(membership(fake, real, radii)[0] > 0)


def recall(real: np.ndarray, fake: np.ndarray, *, k: int = 3, radii: np.ndarray | None = None) -> Estimate:
    """The share of real points within the k-th neighbour's distance of some generated point.

    The same with the sets exchanged (Kynkäänniemi et al. 2019). From 0 to 1, higher is better. Noise that is spread
    wide has huge balls and so a high recall: see coverage.

    Args:
        real, fake: features (N, D) and (M, D), M > k.
        radii: `squared_radii` of the generated points, where they are known.
    """
    return precision(fake, real, k=k, radii=radii)
