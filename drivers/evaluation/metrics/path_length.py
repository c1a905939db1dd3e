"""Perceptual path length: how smoothly does the image change with the noise?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, mean

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
    return slerp(first, second, t), slerp(first, second, t + step)


def slerp(first: np.ndarray, second: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Spherical interpolation (Shoemake 1985) of vectors (N, …) at t (N,).

    The direction follows the great circle, the length goes evenly from one to the other, so that every point between
    is as probable as the ends.
    """
    a, b = first.reshape(len(first), -1), second.reshape(len(second), -1)
    a_length, b_length = np.linalg.norm(a, axis=1), np.linalg.norm(b, axis=1)
    angle = np.arccos(np.clip((a * b).sum(1) / (a_length * b_length), -1, 1))
    # Between parallel vectors the great circle is a straight line.
    sine, straight = np.sin(angle), np.sin(angle) < 1e-9
    sine = np.where(straight, 1.0, sine)
    share_a = np.where(straight, 1 - t, np.sin((1 - t) * angle) / sine)
    share_b = np.where(straight, t, np.sin(t * angle) / sine)
    between = (share_a / a_length)[:, None] * a + (share_b / b_length)[:, None] * b
    return (((1 - t) * a_length + t * b_length)[:, None] * between).reshape(first.shape)
