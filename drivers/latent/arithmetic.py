"""Sums and differences of what latent vectors stand for (Radford et al. 2016, section 6.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from drivers.errors import DriverError
from drivers.evaluation.extractors import Classify
from drivers.interface import Session

DRAWN_AT_ONCE = 256
"""Samples that are drawn and classified at a time, in search of a class."""
LEAST_PROBABILITY = 0.5
"""A sample belongs to a class when the classifier gives it more than that."""
VARIATION = 0.25
"""Standard deviation of the noise that is added to a result for variations of it, as in the paper."""


def combine(vectors: np.ndarray, signs: Sequence[int]) -> np.ndarray:
    """Σ_i s_i v_i of vectors (P, …), where more is added than taken away divided by how much more.

    ``king - man + woman`` is a sum as it stands; ``3 + 8`` becomes what is halfway between.
    """
    total = np.tensordot(np.asarray(signs, float), vectors.astype(np.float64), axes=1)
    return total / max(1, sum(signs))


def on_shell(vector: np.ndarray) -> np.ndarray:
    """A latent vector (Z,) brought to the length √Z, near which all standard normal noise lies.

    The mean of n vectors is √n too short, and a generator has hardly been trained there (White 2016).

    Raises:
        DriverError: `terms_cancel`: the vector is zero.
    """
    length = np.linalg.norm(vector)
    if length < np.finfo(np.float32).eps:
        raise DriverError("terms_cancel", "The terms cancel each other; nothing is left to draw.", "/terms")
    return (vector * (np.sqrt(len(vector)) / length)).astype(np.float32)


def variations(vector: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Latent vectors (N, Z) around one (Z,), all of the usual length."""
    noise = np.random.default_rng(seed).standard_normal((count, len(vector)))
    return np.stack([on_shell(vector + VARIATION * row) for row in noise])


def noise_of_class(
    session: Session,
    classify: Classify,
    label: int,
    count: int,
    *,
    seed: int,
    most: int,
    progress: Callable[[int], None],
) -> np.ndarray:
    """Latent vectors (count, Z) whose samples are taken for one class.

    Args:
        classify: samples to probabilities.
        seed: of the noise.
        most: samples that are drawn in search of it.
        progress: told how many have been found.

    Raises:
        DriverError: `class_not_drawn`: there are fewer among ``most`` samples.
    """
    found: list[np.ndarray] = []
    drawn = 0
    noise = session.draw(most, seed=seed)
    while drawn < most and len(found) < count:
        some = noise[drawn : drawn + DRAWN_AT_ONCE]
        probabilities = classify(session.sample(noise=some))[:, label]
        found.extend(some[probabilities > LEAST_PROBABILITY])
        drawn += len(some)
        progress(min(len(found), count))
    if len(found) < count:
        message = (
            f"Of {drawn} samples the classifier takes {len(found)} for class {label}, and {count} were asked for. "
            "The generator draws this class too rarely; train it longer, or ask for fewer."
        )
        raise DriverError("class_not_drawn", message, "/terms")
    return np.stack(found[:count])
