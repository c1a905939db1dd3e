"""Which classes does a generator draw, and how often?"""

from __future__ import annotations

import numpy as np

from drivers.evaluation.estimate import Estimate, bootstrap

PSEUDO_COUNT = 0.5
"""Added to every class's count (Krichevsky and Trofimov 1981), so that a class never drawn costs a finite amount."""


def modes(
    real: np.ndarray, fake: np.ndarray, *, least_share: float = 0.1, resamples: int = 200, random: np.random.Generator
) -> Estimate:
    """The number of classes that come up at all (Metz et al. 2017, section 3.3: modes of stacked MNIST).

    From 0 to the number of classes; higher is better. The classifier has to name some class: noise is taken for one
    or several of them. It does not see a collapse within a class.

    Args:
        real, fake: a classifier's probabilities for real and generated images, (N, K) and (M, K).
        least_share: a class has come up when its share is at least this much of its share in the real images. With
            0, one image is enough, and a classifier that errs now and then finds every class.
    """
    expected, counts = _counts(real) / len(real), _counts(fake)

    def found(drawn: np.ndarray) -> np.ndarray:
        return (drawn > 0) & (drawn / len(fake) >= least_share * expected)

    return bootstrap(
        float(found(counts).sum()),
        lambda: float(found(random.multinomial(len(fake), counts / len(fake))).sum()),
        resamples,
        lowest=0.0,
        missing=np.flatnonzero(~found(counts) & (expected > 0)).tolist(),
    )


def class_divergence(
    real: np.ndarray, fake: np.ndarray, *, resamples: int = 200, random: np.random.Generator
) -> Estimate:
    """KL(generated ‖ real) of the histograms of classes, in nats (Metz et al. 2017, section 3.3).

    0 is best: every class as often as in the data. Without a fixed upper end; the logarithm of the number of classes
    when one of several equally frequent classes is all that is drawn. Both histograms are what the classifier says,
    so that its errors weigh on both sides alike.

    Args:
        real, fake: a classifier's probabilities, (N, K) and (M, K).
    """
    real_counts, fake_counts = _counts(real), _counts(fake)
    return bootstrap(
        divergence(fake_counts, real_counts),
        lambda: divergence(
            random.multinomial(len(fake), fake_counts / len(fake)),
            random.multinomial(len(real), real_counts / len(real)),
        ),
        resamples,
        lowest=0.0,
        shares_generated=(fake_counts / len(fake)).tolist(),
        shares_real=(real_counts / len(real)).tolist(),
    )


def divergence(of: np.ndarray, from_: np.ndarray) -> float:
    """KL(p ‖ q) in nats of two histograms of counts (K,), with `PSEUDO_COUNT`."""
    p, q = of + PSEUDO_COUNT, from_ + PSEUDO_COUNT
    p, q = p / p.sum(), q / q.sum()
    return float((p * np.log(p / q)).sum())


def _counts(probabilities: np.ndarray) -> np.ndarray:
    return np.bincount(probabilities.argmax(1), minlength=probabilities.shape[1])
