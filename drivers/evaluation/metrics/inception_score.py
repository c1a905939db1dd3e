"""Inception-type score: does each image look like one class, and do all classes come up?"""

from __future__ import annotations

import math

import numpy as np

from drivers.evaluation.estimate import Estimate, Z

SMALLEST = 1e-12
"""Probabilities below this count as this, so that a logarithm stays finite."""


def inception_score(probabilities: np.ndarray, *, splits: int = 10) -> Estimate:
    """exp(E_x KL(p(y|x) ‖ p(y))), the mean over splits (Salimans et al. 2016, section 4).

    From 1 (every image alike, or none clear) to the number of classes; higher is better. It never looks at real
    images: it cannot see whether they look real, copying, or what varies within a class.

    Args:
        probabilities: (N, K) of a classifier, for generated images.
        splits: p(y) is taken over N / splits images at a time.
    """
    splits = min(splits, len(probabilities) // 2)
    if splits < 1:
        raise ValueError(f"the score needs at least 2 images, got {len(probabilities)}")
    scores = np.array([_of_split(part) for part in np.array_split(probabilities, splits)])
    value = float(scores.mean())
    if splits == 1:
        return Estimate(value, math.nan, math.nan, "none: one split only")
    error = float(scores.std(ddof=1)) / math.sqrt(splits)
    classes = probabilities.shape[1]
    return Estimate(value, max(1.0, value - Z * error), min(classes, value + Z * error), f"over {splits} splits")


def _of_split(probabilities: np.ndarray) -> float:
    p = np.maximum(probabilities.astype(np.float64), SMALLEST)
    return float(np.exp((p * (np.log(p) - np.log(p.mean(0)))).sum(1).mean()))
