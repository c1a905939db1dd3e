"""Layers that join several inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor

from drivers.pytorch.layers.base import SHORTEST, Building, Layer, Shape


class Add(Layer):
    """The sum of its inputs, number by number; sizes of 1 are stretched, here and below."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.add, inputs)


class Average(Layer):
    """The mean of its inputs, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.add, inputs) / len(inputs)


class Concatenate(Layer):
    """Its inputs one after the other along an axis; axis 0 is the batch."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.axis = parameters["axis"]

    def forward(self, *inputs: Tensor) -> Tensor:
        return torch.cat(inputs, self.axis)


class Dot(Layer):
    """Σₖ first[…, k] · second[k, …] over one axis of each; ``normalize``: of vectors brought to length 1."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.axes = (parameters["axes"][0], parameters["axes"][-1])
        self.normalize = parameters["normalize"]

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        first, second = first.movedim(self.axes[0], -1), second.movedim(self.axes[1], -1)
        if self.normalize:
            first, second = unit_length(first), unit_length(second)
        count, summed = first.shape[0], first.shape[-1]
        rows, columns = first.reshape(count, -1, summed), second.reshape(count, -1, summed)
        return (rows @ columns.mT).reshape(count, *self.output_shape)


def unit_length(x: Tensor) -> Tensor:
    """x / max(‖x‖, shortest) along the last axis, with every derivative at 0."""
    return x * x.square().sum(-1, keepdim=True).clamp(min=SHORTEST**2).rsqrt()


class Maximum(Layer):
    """The largest of its inputs, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.maximum, inputs)


class Minimum(Layer):
    """The smallest of its inputs, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.minimum, inputs)


class Multiply(Layer):
    """The product of its inputs, number by number."""

    def forward(self, *inputs: Tensor) -> Tensor:
        return reduce(torch.mul, inputs)


class Subtract(Layer):
    """first - second, number by number."""

    def forward(self, first: Tensor, second: Tensor) -> Tensor:
        return first - second


LAYERS = (Add, Average, Concatenate, Dot, Maximum, Minimum, Multiply, Subtract)
