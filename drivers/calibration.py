"""From a critic's score to a probability of "real"."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

METHODS = ("sigmoid", "logistic")
ITERATIONS = 50
# A weak pull of slope and offset towards 0 keeps them finite when the scores separate perfectly.
RIDGE = 1e-3


@dataclass(frozen=True)
class Calibration:
    """σ(slope · (score - centre) / spread + offset).

    Attributes:
        method: ``"sigmoid"`` for scores that are log-odds already, ``"logistic"`` for a fitted curve.
    """

    method: str = "sigmoid"
    slope: float = 1.0
    offset: float = 0.0
    centre: float = 0.0
    spread: float = 1.0

    def probability(self, scores: np.ndarray) -> np.ndarray:
        """Scores (N,) -> probabilities of "real" (N,)."""
        logits = self.slope * (scores.astype(np.float64) - self.centre) / self.spread + self.offset
        return 0.5 * (1.0 + np.tanh(0.5 * logits))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Calibration:
        return cls(**value)


def is_calibration(text: str) -> bool:
    """Whether JSON is what `Calibration.to_json` wrote: a known method, and finite numbers to reckon with."""
    try:
        found = Calibration.from_json(json.loads(text))
    except (ValueError, TypeError, RecursionError):
        return False
    numbers = (found.slope, found.offset, found.centre, found.spread)
    is_sound = all(isinstance(number, int | float) and math.isfinite(number) for number in numbers)
    return is_sound and found.method in METHODS and found.spread != 0


def fit_logistic(real: np.ndarray, fake: np.ndarray) -> Calibration:
    """Fits the probability that a score belongs to a real image, by Newton's method.

    Platt 1999, "Probabilistic Outputs for Support Vector Machines", section 2.1, with its softened targets
    (n₊+1)/(n₊+2) and 1/(n₋+2).

    Args:
        real, fake: finite scores of real and of generated images, (N,) and (M,).
    """
    scores = np.concatenate([real, fake]).astype(np.float64)
    targets = np.concatenate(
        [np.full(len(real), (len(real) + 1) / (len(real) + 2)), np.full(len(fake), 1 / (len(fake) + 2))]
    )
    centre, spread = float(scores.mean()), float(scores.std()) or 1.0
    features = np.stack([(scores - centre) / spread, np.ones_like(scores)], axis=1)
    weights = np.zeros(2)
    for _ in range(ITERATIONS):
        probabilities = 0.5 * (1.0 + np.tanh(0.5 * features @ weights))
        gradient = features.T @ (probabilities - targets) + RIDGE * weights
        curvature = (features * (probabilities * (1 - probabilities))[:, None]).T @ features + RIDGE * np.eye(2)
        change = np.linalg.solve(curvature, gradient)
        weights -= change
        if np.abs(change).max() < 1e-10:
            break
    return Calibration("logistic", float(weights[0]), float(weights[1]), centre, spread)
