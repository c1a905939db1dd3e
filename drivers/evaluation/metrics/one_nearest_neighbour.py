"""Can the nearest neighbour tell real from generated?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.distances import distances_among
from drivers.evaluation.estimate import Estimate, proportion


def one_nearest_neighbour(real: np.ndarray, fake: np.ndarray) -> Estimate:
    """Leave-one-out accuracy of a nearest-neighbour classifier of real against generated.

    Lopez-Paz and Oquab 2017; Xu et al. 2018. From 0 to 1; 0.5 is best: nobody can tell. Near 1: easily
    told apart. Well below 0.5: each generated point has a real one closer to it than its own kind, which is copying.
    The details hold the accuracy on either kind: real low and generated high is a collapse.

    Args:
        real, fake: features (N, D) and (M, D). The larger set is cut to the size of the smaller, or guessing the
            larger kind would be right more often than not.
    """
    count = min(len(real), len(fake))
    points = np.concatenate([real[:count], fake[:count]])
    is_fake = np.arange(2 * count) >= count
    neighbours = np.empty(2 * count, np.int64)
    for rows, block in distances_among(points):
        neighbours[rows] = block.argmin(1)
    right = is_fake[neighbours] == is_fake
    return proportion(right, accuracy_real=float(right[:count].mean()), accuracy_generated=float(right[count:].mean()))
