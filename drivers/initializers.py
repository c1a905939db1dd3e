"""Initial weights, with Keras's meaning of each name and of fan-in and fan-out.

They are drawn by NumPy in Keras's orientation, so that one seed starts every driver alike.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from drivers.modules import parameters

Shape = tuple[int, ...]
Generator = np.random.Generator


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel in Keras orientation: (…receptive field…, in, out), or (in, out)."""
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    receptive_field = math.prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


def truncated_normal(shape: Shape, stddev: float, generator: Generator) -> np.ndarray:
    """N(0, stddev²) without what lies beyond two standard deviations, which is drawn again."""
    values = generator.standard_normal(shape, dtype=np.float32)
    while (far := np.abs(values) > 2.0).any():
        values[far] = generator.standard_normal(int(far.sum()), dtype=np.float32)
    return values * np.float32(stddev)


def _uniform(shape: Shape, low: float, high: float, generator: Generator) -> np.ndarray:
    return generator.random(shape, dtype=np.float32) * np.float32(high - low) + np.float32(low)


def _scaled_normal(shape: Shape, stddev: float, generator: Generator) -> np.ndarray:
    # Keras's scaled initializers undo by this factor what the cut takes from the spread.
    return truncated_normal(shape, stddev / 0.87962566103423978, generator)


def zeros(shape: Shape, generator: Generator) -> np.ndarray:
    return np.zeros(shape, np.float32)


def ones(shape: Shape, generator: Generator) -> np.ndarray:
    return np.ones(shape, np.float32)


def random_normal(shape: Shape, generator: Generator, *, mean: float, stddev: float) -> np.ndarray:
    return generator.standard_normal(shape, dtype=np.float32) * np.float32(stddev) + np.float32(mean)


def random_uniform(shape: Shape, generator: Generator, *, minval: float, maxval: float) -> np.ndarray:
    return _uniform(shape, minval, maxval, generator)


def glorot_uniform(shape: Shape, generator: Generator) -> np.ndarray:
    """U[-l, l], l = √(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16."""
    limit = math.sqrt(6.0 / sum(fans(shape)))
    return _uniform(shape, -limit, limit, generator)


def glorot_normal(shape: Shape, generator: Generator) -> np.ndarray:
    """Truncated normal of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010, eq. 12."""
    return _scaled_normal(shape, math.sqrt(2.0 / sum(fans(shape))), generator)


def he_uniform(shape: Shape, generator: Generator) -> np.ndarray:
    """U[-l, l], l = √(6 / fan_in). He et al. 2015, eq. 10."""
    limit = math.sqrt(6.0 / fans(shape)[0])
    return _uniform(shape, -limit, limit, generator)


def he_normal(shape: Shape, generator: Generator) -> np.ndarray:
    """Truncated normal of variance 2 / fan_in. He et al. 2015, eq. 10."""
    return _scaled_normal(shape, math.sqrt(2.0 / fans(shape)[0]), generator)


def orthogonal(shape: Shape, generator: Generator, *, gain: float) -> np.ndarray:
    """gain · Q of a random matrix, (everything else, last axis). Saxe et al. 2013, section 3.

    Q comes from a QR decomposition whose R has a positive diagonal, so that every rotation is equally likely.
    """
    columns = shape[-1] if shape else 1
    rows = math.prod(shape) // columns
    tall = generator.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diagonal(r))
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(np.float32)


INITIALIZERS: dict[str, Callable[..., np.ndarray]] = {
    function.__name__: function
    for function in (
        zeros,
        ones,
        random_normal,
        random_uniform,
        glorot_uniform,
        glorot_normal,
        he_uniform,
        he_normal,
        orthogonal,
    )
}


def initialize(initializer: Mapping[str, Any], shape: Shape, generator: Generator) -> np.ndarray:
    """A float32 array of ``shape``, in Keras orientation, as a resolved ``{"choice": …}`` says."""
    # NumPy turns arrays without axes into plain numbers.
    return np.asarray(INITIALIZERS[initializer["choice"]](shape, generator, **parameters(initializer)))
