"""Initial weights, (…, in, out) as in Keras; the name at the top is the program's."""

import math

import numpy as np

weights_rng = np.random.default_rng(0)


def zeros(shape, dtype=np.float32):
    return np.zeros(shape, dtype)


def ones(shape, dtype=np.float32):
    return np.ones(shape, dtype)


def random_normal(shape, dtype=np.float32, mean=0.0, stddev=0.05):
    numbers = weights_rng.standard_normal(shape, dtype)
    return numbers * np.float32(stddev) + np.float32(mean)


def random_uniform(shape, dtype=np.float32, minval=-0.05, maxval=0.05):
    numbers = weights_rng.random(shape, dtype)
    return numbers * np.float32(maxval - minval) + np.float32(minval)


def truncated_normal(shape, dtype=np.float32, stddev=1.0):
    """Normal numbers; those beyond two standard deviations are drawn again."""
    numbers = weights_rng.standard_normal(shape, dtype)
    while (far := np.abs(numbers) > 2.0).any():
        numbers[far] = weights_rng.standard_normal(int(far.sum()), dtype)
    return numbers * np.float32(stddev)


def glorot_uniform(shape, dtype=np.float32):
    """Uniform in ±√(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16."""
    fans = math.prod(shape[:-2]) * (shape[-2:][0] + shape[-1])
    limit = math.sqrt(6.0 / fans)
    return 2.0 * limit * weights_rng.random(shape, dtype) - limit


def glorot_normal(shape, dtype=np.float32):
    """Truncated normal, variance 2 / (fan_in + fan_out). Glorot & Bengio 2010."""
    fans = math.prod(shape[:-2]) * (shape[-2:][0] + shape[-1])
    stddev = math.sqrt(2.0 / fans) / 0.87962566103423978
    return truncated_normal(shape, dtype, stddev)


def he_uniform(shape, dtype=np.float32):
    """Uniform in ±√(6 / fan_in). He et al. 2015, eq. 10."""
    limit = math.sqrt(6.0 / math.prod(shape[:-1] or shape))
    return 2.0 * limit * weights_rng.random(shape, dtype) - limit


def he_normal(shape, dtype=np.float32):
    """Truncated normal of variance 2 / fan_in. He et al. 2015, eq. 10."""
    stddev = math.sqrt(2.0 / math.prod(shape[:-1] or shape)) / 0.87962566103423978
    return truncated_normal(shape, dtype, stddev)


def orthogonal(shape, dtype=np.float32, gain=1.0):
    """A random rotation, (everything else, last axis). Saxe et al. 2013, section 3."""
    columns = shape[-1]
    rows = math.prod(shape) // columns
    tall = weights_rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diagonal(r))
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(dtype)
