"""Initial weights, with Keras's meaning of each name and of fan-in and fan-out."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from drivers.modules import parameters

Shape = tuple[int, ...]


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel in Keras orientation: (…receptive field…, in, out), or (in, out)."""
    if len(shape) < 2:
        return math.prod(shape), math.prod(shape)
    receptive_field = math.prod(shape[:-2])
    return receptive_field * shape[-2], receptive_field * shape[-1]


def _uniform(shape: Shape, limit: float, generator: torch.Generator) -> Tensor:
    return torch.empty(shape).uniform_(-limit, limit, generator=generator)


def _truncated_normal(shape: Shape, stddev: float, generator: torch.Generator) -> Tensor:
    # Keras redraws beyond two standard deviations; its scaled initializers undo the loss of spread by this factor.
    scale = stddev / 0.87962566103423978
    return torch.nn.init.trunc_normal_(torch.empty(shape), 0.0, scale, -2 * scale, 2 * scale, generator=generator)


def zeros(shape: Shape, generator: torch.Generator) -> Tensor:
    return torch.zeros(shape)


def ones(shape: Shape, generator: torch.Generator) -> Tensor:
    return torch.ones(shape)


def random_normal(shape: Shape, generator: torch.Generator, *, mean: float, stddev: float) -> Tensor:
    return torch.empty(shape).normal_(mean, stddev, generator=generator)


def random_uniform(shape: Shape, generator: torch.Generator, *, minval: float, maxval: float) -> Tensor:
    return torch.empty(shape).uniform_(minval, maxval, generator=generator)


def glorot_uniform(shape: Shape, generator: torch.Generator) -> Tensor:
    """U[-l, l], l = √(6 / (fan_in + fan_out)). Glorot & Bengio 2010, eq. 16."""
    return _uniform(shape, math.sqrt(6.0 / sum(fans(shape))), generator)


def glorot_normal(shape: Shape, generator: torch.Generator) -> Tensor:
    """Truncated normal of variance 2 / (fan_in + fan_out). Glorot & Bengio 2010, eq. 12."""
    return _truncated_normal(shape, math.sqrt(2.0 / sum(fans(shape))), generator)


def he_uniform(shape: Shape, generator: torch.Generator) -> Tensor:
    """U[-l, l], l = √(6 / fan_in). He et al. 2015, eq. 10."""
    return _uniform(shape, math.sqrt(6.0 / fans(shape)[0]), generator)


def he_normal(shape: Shape, generator: torch.Generator) -> Tensor:
    """Truncated normal of variance 2 / fan_in. He et al. 2015, eq. 10."""
    return _truncated_normal(shape, math.sqrt(2.0 / fans(shape)[0]), generator)


def orthogonal(shape: Shape, generator: torch.Generator, *, gain: float) -> Tensor:
    """gain · Q of a random matrix, (everything else, last axis). Saxe et al. 2013, section 3.

    Q comes from a QR decomposition whose R has a positive diagonal, so that every rotation is equally likely.
    """
    columns = shape[-1] if shape else 1
    rows = math.prod(shape) // columns
    tall = torch.empty(max(rows, columns), min(rows, columns)).normal_(generator=generator)
    q, r = torch.linalg.qr(tall)
    q *= r.diagonal().sign()
    return gain * (q if rows >= columns else q.T).reshape(shape)


INITIALIZERS: dict[str, Callable[..., Tensor]] = {
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


def initialize(initializer: Mapping[str, Any], shape: Shape, generator: torch.Generator) -> Tensor:
    """A float32 tensor of ``shape``, in Keras orientation, as a resolved ``{"choice": …}`` says."""
    return INITIALIZERS[initializer["choice"]](shape, generator, **parameters(initializer))
