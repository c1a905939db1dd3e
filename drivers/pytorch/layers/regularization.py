"""Dropout and noise, drawn from the training's own generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape

# Four 16-bit lanes to a draw of 64 random bits; several times faster than PyTorch's Bernoulli numbers.
LANES = 4
LEVELS = 2**16


def scaled_mask(shape: Sequence[int], rate: float, like: Tensor, generator: torch.Generator) -> Tensor:
    """A tensor of ``shape``: 0 with probability ``rate`` (to 1/65536), else 1 / (1 - rate)."""
    count = 1
    for size in shape:
        count *= size
    draws = torch.empty(-(-count // LANES), dtype=torch.int64, device=like.device)
    draws.random_(-(2**63), None, generator=generator)
    lanes = draws.view(torch.int16)[:count].view(shape)
    mask = like.new_empty(shape)
    torch.ge(lanes, round(rate * LEVELS) - LEVELS // 2, out=mask)
    return mask.mul_(1.0 / (1.0 - rate))


class Dropout(Layer):
    """While training, zeroes a share ``rate`` of the numbers and scales the others by 1 / (1 - rate)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.rate = parameters["rate"]

    def choices(self, x: Tensor) -> tuple[int, ...]:
        """The shape of what is dropped or kept as a whole."""
        return tuple(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        if not self.mode.training or self.rate == 0:
            return x
        return x * scaled_mask(self.choices(x), self.rate, x, self.mode.dropout)


class _SpatialDropout(Dropout):
    def choices(self, x: Tensor) -> tuple[int, ...]:
        return (x.shape[0], *(1 for _ in x.shape[1:-1]), x.shape[-1])


class SpatialDropout1D(_SpatialDropout):
    """Drops a number of all steps (N, t, c): one choice a sample and channel."""


class SpatialDropout2D(_SpatialDropout):
    """Drops whole channels of an image (N, h, w, c): one choice a sample and channel."""


class GaussianNoise(Layer):
    """While training, adds numbers from N(0, stddev²)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.stddev = parameters["stddev"]

    def forward(self, x: Tensor) -> Tensor:
        if not self.mode.training or self.stddev == 0:
            return x
        return x + torch.empty_like(x).normal_(0.0, self.stddev, generator=self.mode.dropout)


LAYERS = (Dropout, GaussianNoise, SpatialDropout1D, SpatialDropout2D)
