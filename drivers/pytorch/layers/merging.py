"""Layers that join several inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


class Add(Layer):
    """The sum of its inputs, number by number; sizes of 1 are stretched."""

    def forward(self, *inputs: Tensor) -> Tensor:
        total = inputs[0]
        for other in inputs[1:]:
            total = total + other
        return total


class Concatenate(Layer):
    """Its inputs one after the other along an axis; axis 0 is the batch."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.axis = parameters["axis"]

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, self.axis)


LAYERS = (Add, Concatenate)
