"""Fréchet distance: how far two clouds of features are apart, each taken for a normal distribution."""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, bootstrap

WIDE = 512
WIDE_RESAMPLES = 10
"""Of more features than `WIDE`, so many resamples at most: of the 2048 of Inception V3, each takes seconds."""


def frechet_distance(
    real: np.ndarray, fake: np.ndarray, *, resamples: int = 50, random: np.random.Generator
) -> Estimate:
    """d² = |μ_r - μ_f|² + tr(Σ_r + Σ_f - 2(Σ_r Σ_f)^½) (Heusel et al. 2017, equation 6), the FID.

    In squared units of the features; 0 is best, without an upper end. It sees missing modes, blur and noise alike, and
    does not tell which. It cannot see copying, and nothing beyond mean and covariance. It is biased upwards by about
    D(D+1)/N: compare only scores of the same extractor and the same number of images.

    Args:
        real, fake: features (N, D) and (M, D), N and M at least 2.
        resamples: resamples of the bootstrap; 0 for the value alone; see `WIDE`.
    """
    if min(len(real), len(fake)) < 2:
        raise ValueError(f"covariances need at least 2 points each, got {len(real)} and {len(fake)}")
    real, fake = real.astype(np.float64), fake.astype(np.float64)
    if real.shape[1] > WIDE:
        resamples = min(resamples, WIDE_RESAMPLES)

    def resampled(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return moments(x, random.multinomial(len(x), np.full(len(x), 1 / len(x))))

    return bootstrap(
        between_gaussians(*moments(real), *moments(fake)),
        lambda: between_gaussians(*resampled(real), *resampled(fake)),
        resamples,
        lowest=0.0,
    )


def between_gaussians(
    mean_x: np.ndarray, covariance_x: np.ndarray, mean_y: np.ndarray, covariance_y: np.ndarray
) -> float:
    """Squared Fréchet distance of N(μ_x, Σ_x) and N(μ_y, Σ_y) (Dowson and Landau 1982).

    tr((Σ_x Σ_y)^½) is the sum of the roots of the eigenvalues of Σ_x^½ Σ_y Σ_x^½, which is symmetric, so that no
    complex root ever comes up, whatever the rank.
    """
    values, vectors = np.linalg.eigh(covariance_x)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    product = np.linalg.eigvalsh(root @ covariance_y @ root)
    trace = np.trace(covariance_x) + np.trace(covariance_y) - 2 * np.sqrt(np.maximum(product, 0.0)).sum()
    return max(0.0, float(((mean_x - mean_y) ** 2).sum() + trace))


def moments(x: np.ndarray, weights: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Mean (D,) and unbiased covariance (D, D) of points (N, D), each counted ``weights`` (N,) times."""
    if weights is None:
        weights = np.ones(len(x))
    mean = weights @ x / weights.sum()
    centred = x - mean
    return mean, (centred * weights[:, None]).T @ centred / (weights.sum() - 1)
