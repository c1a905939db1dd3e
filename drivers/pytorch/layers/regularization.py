"""Dropout, drawn from the training's own generator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


class Dropout(Layer):
    """While training, zeroes a share ``rate`` of the numbers and scales the others by 1 / (1 - rate)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.rate = parameters["rate"]

    def mask(self, x: Tensor) -> Tensor:
        """The mask's memory, one number for each choice of its own."""
        return x.new_empty(x.shape)

    def forward(self, x: Tensor) -> Tensor:
        if not self.mode.training or self.rate == 0:
            return x
        kept = 1.0 - self.rate
        return x * self.mask(x).bernoulli_(kept, generator=self.mode.dropout).div_(kept)


class SpatialDropout2D(Dropout):
    """Drops whole channels of an image: one choice a sample and channel."""

    def mask(self, x: Tensor) -> Tensor:
        return x.new_empty(x.shape[0], 1, 1, x.shape[3])


LAYERS = (Dropout, SpatialDropout2D)
