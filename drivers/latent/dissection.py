"""GAN dissection: which units of a layer stand for what (Bau et al. 2019)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

QUANTILES = np.concatenate([np.linspace(0.05, 0.95, 19), [0.98, 0.99, 0.995]])
"""Shares of a unit's values below the thresholds that are tried for it."""


AT_ONCE = 64
"""Samples whose values of a layer are held at a time, where only a unit's mean and peak are wanted."""


def upsampled(maps: np.ndarray, height: int, width: int) -> np.ndarray:
    """Maps (N, h, w) to (N, height, width), bilinear, centre of a pixel to centre of a pixel."""
    return np.einsum("Hh,nhw,Ww->nHW", _shares(height, maps.shape[1]), maps, _shares(width, maps.shape[2]))


def by_mask(
    activations: np.ndarray, mask: np.ndarray, progress: Callable[[int], None] = lambda done: None
) -> tuple[np.ndarray, np.ndarray]:
    """How well units agree with a region of the image, by intersection over union.

    A unit is upsampled to the image and thresholded: r > t. With s the mask, IoU = E|r > t ∧ s| / E|r > t ∨ s|
    (Bau et al. 2019, equation 1), at the t that tells most about s for its size: the one with the largest
    I(r > t; s) / H(r > t, s), mutual information over joint entropy (equation 2). Only thresholds above which a unit is
    lit in the mask more often than elsewhere are looked at: a unit that is dark there says as much, but does not agree.

    Args:
        activations: (N, h, w, C). mask: bool (H, W), the same for every sample.
        progress: told of each unit.

    Returns:
        IoU from 0 to 1, (C,), and the thresholds, (C,). A unit that is never lit more often in the mask has IoU 0.
    """
    inside = np.broadcast_to(mask, (len(activations), *mask.shape)).ravel()
    scores, thresholds = np.zeros(activations.shape[3]), np.zeros(activations.shape[3])
    for unit in range(activations.shape[3]):
        values = upsampled(activations[..., unit], *mask.shape).ravel()
        candidates = np.unique(np.quantile(values, QUANTILES))
        over = [(values > threshold) for threshold in candidates]
        both = np.array([np.count_nonzero(lit & inside) for lit in over])
        lit = np.array([np.count_nonzero(lit) for lit in over])
        within = int(np.count_nonzero(inside))
        agrees = both * len(inside) > lit * within
        ratio = np.where(agrees, _information_ratio(both, lit, within, len(inside)), -np.inf)
        best = int(ratio.argmax())
        scores[unit] = both[best] / (lit[best] + within - both[best]) if agrees[best] else 0.0
        thresholds[unit] = candidates[best]
        progress(unit + 1)
    return scores, thresholds


def by_class(members: np.ndarray, others: np.ndarray) -> np.ndarray:
    """How much brighter units are in samples of a class than in others, in standard deviations.

    d = (m₁ - m₂) / √((s₁² + s₂²) / 2), the means and variances of a unit in the two groups (Cohen 1988, section 2.2).

    Args:
        members, others: the mean over the map of each unit, (N, C) and (M, C).

    Returns:
        d of each unit, (C,). 0: no difference, or the unit never changes.
    """
    first, second = members.astype(np.float64), others.astype(np.float64)
    spread = np.sqrt((first.var(0) + second.var(0)) / 2)
    difference = first.mean(0) - second.mean(0)
    return np.where(spread > 0, difference / np.where(spread > 0, spread, 1.0), 0.0)


def flattened(values: np.ndarray) -> np.ndarray:
    """Values (N, …, C) with all places in one axis: (N, P, C)."""
    return values.reshape(len(values), -1, values.shape[-1])


def _information_ratio(both: np.ndarray, lit: np.ndarray, inside: int, total: int) -> np.ndarray:
    """I(X; S) / H(X, S) for each threshold, from how many pixels are lit (X), inside (S), and both."""
    joint = np.stack([both, lit - both, inside - both, total - lit - inside + both]) / total
    together = _entropy(joint)
    apart = _entropy(np.stack([lit, total - lit]) / total) + _entropy(np.array([[inside], [total - inside]]) / total)
    return (apart - together) / np.where(together > 0, together, 1.0)


def _entropy(probabilities: np.ndarray) -> np.ndarray:
    """-Σ p log p over the first axis."""
    return -(probabilities * np.log(np.where(probabilities > 0, probabilities, 1.0))).sum(0)


def _shares(target: int, source: int) -> np.ndarray:
    """How much of each of ``source`` pixels along an axis is in each of ``target`` ones, (target, source)."""
    place = ((np.arange(target) + 0.5) * source / target - 0.5).clip(0, source - 1)
    below = np.minimum(place.astype(int), source - 1)
    above = np.minimum(below + 1, source - 1)
    shares = np.zeros((target, source))
    np.add.at(shares, (np.arange(target), below), 1 - (place - below))
    np.add.at(shares, (np.arange(target), above), place - below)
    return shares
