"""Layers that only rearrange numbers. All of them count in Keras's order: rows, columns, channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


class Flatten(Layer):
    """(N, h, w, c) -> (N, h·w·c)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], -1)


class Permute(Layer):
    """(N, …) with its axes in the order ``dims``, counted from 1."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.dims = tuple(parameters["dims"])

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, *self.dims)


class RepeatVector(Layer):
    """(N, numbers) -> (N, n, numbers)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.unsqueeze(1).expand(-1, *self.output_shape)


class Reshape(Layer):
    """(N, …) -> (N, *target_shape), the same numbers in the same order."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.output_shape)


LAYERS = (Flatten, Permute, RepeatVector, Reshape)
