"""Perceptual path length: how smoothly does the image change with the noise?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, mean
from drivers.latent.interpolation import spherical

TRIMMED = 0.01
"""The share of the shortest and of the longest steps that is left out, as in the paper's code."""


def perceptual_path_length(start: np.ndarray, end: np.ndarray, *, step: float) -> Estimate:
    """E[|φ(G(slerp(z₁, z₂; t))) - φ(G(slerp(z₁, z₂; t + ε)))|² / ε²] (Karras et al. 2019, equation 2).

    In squared units of the features, from 0; lower is smoother. There is no floor: real images have no noise. A
    generator that always draws the same has the shortest path: read it together with a score of diversity.

    Args:
        start, end: features of both ends of each step, (N, D), N >= 3.
        step: ε.
    """
    lengths = ((start.astype(np.float64) - end) ** 2).sum(1) / step**2
    low, high = np.quantile(lengths, [TRIMMED, 1 - TRIMMED])
    return mean(lengths[(lengths >= low) & (lengths <= high)], "steps")


def path_steps(
    count: int, shape: tuple[int, ...], step: float, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of ``count`` short steps on random latent paths: noise (N, *shape) and (N, *shape)."""
    first, second = random.standard_normal((2, count, *shape))
    t = random.uniform(0, 1 - step, size=count)
    return spherical(first, second, t), spherical(first, second, t + step)
