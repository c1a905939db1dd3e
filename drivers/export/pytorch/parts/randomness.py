"""Initial weights and what layers draw; the names at the top are the program's."""

import math

import numpy as np
import torch
from torch import nn

weights_rng = np.random.default_rng(0)
layers_rng = torch.Generator()


def drawn(layer, kernel):
    """A layer with a kernel drawn in Keras's order, (…, in, out); its bias is zero."""
    axes = (*range(2, layer.weight.dim()), 1, 0)
    values = torch.from_numpy(kernel([layer.weight.shape[axis] for axis in axes]))
    layer.weight.data.copy_(values.permute(np.argsort(axes).tolist()))
    if layer.bias is not None:
        layer.bias.data.zero_()
    return layer


def drawn_as(layer, kernel, bias, shape=None):
    """`drawn` with a bias that is drawn, or a kernel that Keras gives another shape."""
    shape = shape or [
        layer.weight.shape[axis] for axis in (*range(2, layer.weight.dim()), 1, 0)
    ]
    values = kernel(shape)
    drawn(layer, values.reshape)
    if layer.bias is not None:
        layer.bias.data.copy_(torch.from_numpy(bias(layer.bias.shape)))
    return layer


def parameter(initializer, *shape):
    """A trained tensor with its initial numbers."""
    return nn.Parameter(torch.from_numpy(initializer(shape)))


def zeros(shape):
    return np.zeros(shape, np.float32)


def ones(shape):
    return np.ones(shape, np.float32)


def random_normal(shape, mean=0.0, stddev=0.05):
    numbers = weights_rng.standard_normal(shape, dtype=np.float32)
    return numbers * np.float32(stddev) + np.float32(mean)


def random_uniform(shape, minval=-0.05, maxval=0.05):
    numbers = weights_rng.random(shape, dtype=np.float32)
    return numbers * np.float32(maxval - minval) + np.float32(minval)


def fans(shape):
    """How many numbers enter and leave a unit of a kernel (…, in, out)."""
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    field = math.prod(shape[:-2])
    return field * shape[-2], field * shape[-1]


def truncated_normal(shape, stddev):
    """Normal numbers; those beyond two standard deviations are drawn again."""
    numbers = weights_rng.standard_normal(shape, dtype=np.float32)
    while (far := np.abs(numbers) > 2.0).any():
        numbers[far] = weights_rng.standard_normal(int(far.sum()), dtype=np.float32)
    return numbers * np.float32(stddev)


def glorot_uniform(shape):
    """Uniform in ±√(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16."""
    limit = math.sqrt(6.0 / sum(fans(shape)))
    return random_uniform(shape, -limit, limit)


def glorot_normal(shape):
    """Truncated normal, variance 2 / (fan_in + fan_out). Glorot & Bengio 2010."""
    return truncated_normal(
        shape, math.sqrt(2.0 / sum(fans(shape))) / 0.87962566103423978
    )


def he_uniform(shape):
    """Uniform in ±√(6 / fan_in). He et al. 2015, eq. 10."""
    limit = math.sqrt(6.0 / fans(shape)[0])
    return random_uniform(shape, -limit, limit)


def he_normal(shape):
    """Truncated normal of variance 2 / fan_in. He et al. 2015, eq. 10."""
    return truncated_normal(
        shape, math.sqrt(2.0 / fans(shape)[0]) / 0.87962566103423978
    )


def orthogonal(shape, gain=1.0):
    """A random rotation, (everything else, last axis). Saxe et al. 2013, section 3."""
    columns = shape[-1]
    rows = math.prod(shape) // columns
    tall = weights_rng.standard_normal((max(rows, columns), min(rows, columns)))
    q, r = np.linalg.qr(tall)
    q *= np.sign(np.diagonal(r))
    return (gain * (q if rows >= columns else q.T)).reshape(shape).astype(np.float32)


def dropout(x, rate, training):
    """Zeroes a share of the numbers, enlarges the others; 16 random bits for each."""
    if not training:
        return x
    shape = x.movedim(1, -1).shape  # drawn pixel by pixel, and there channel by channel
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    bits = draws.random_(-(2**63), None, generator=layers_rng).view(torch.int16)
    kept = bits[: x.numel()].view(shape) >= round(rate * 2**16) - 2**15
    return x * (kept / (1.0 - rate)).movedim(-1, 1)


def channel_dropout(x, rate, training):
    """Zeroes whole channels of (N, C, …)."""
    chosen = dropout(x.new_ones(x.shape[:2]), rate, training)
    return x * chosen.view(*chosen.shape, *(1 for _ in x.shape[2:]))


def gaussian_noise(x, stddev, training):
    """Adds normal numbers, drawn pixel by pixel, and there channel by channel."""
    if not training:
        return x
    numbers = torch.empty(x.movedim(1, -1).shape, device=x.device)
    return x + numbers.normal_(0.0, stddev, generator=layers_rng).movedim(-1, 1)
