"""Pooling, with Keras's padding: padded pixels are no part of a maximum or an average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape
from drivers.pytorch.layers.convolutional import same_padding


class _Pooling2D(Layer):
    """(N, h, w, c) -> (N, h', w', c) over windows ``strides`` (or ``pool_size``) apart."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.pool_size = tuple(parameters["pool_size"])
        self.strides = tuple(parameters["strides"] or self.pool_size)
        self.padding: tuple[int, ...] | None = None
        if parameters["padding"] == "same":
            sides = zip(input_shapes[0][:2], self.pool_size, self.strides, strict=True)
            rows, columns = (same_padding(*side) for side in sides)
            self.padding = (*columns, *rows)

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)

    def pool(self, x: Tensor) -> Tensor:
        """The same on (N, c, h, w)."""
        raise NotImplementedError


class MaxPooling2D(_Pooling2D):
    """The largest number of each window, a channel at a time."""

    def pool(self, x: Tensor) -> Tensor:
        if self.padding is not None:
            x = F.pad(x, self.padding, value=float("-inf"))
        return F.max_pool2d(x, self.pool_size, self.strides)


class AveragePooling2D(_Pooling2D):
    """The mean of each window, a channel at a time."""

    def pool(self, x: Tensor) -> Tensor:
        if self.padding is None:
            return F.avg_pool2d(x, self.pool_size, self.strides)
        share = F.pad(x.new_ones(1, 1, *x.shape[2:]), self.padding)
        padded = F.avg_pool2d(F.pad(x, self.padding), self.pool_size, self.strides)
        return padded / F.avg_pool2d(share, self.pool_size, self.strides)


class GlobalAveragePooling2D(Layer):
    """(N, h, w, c) -> the mean over rows and columns, (N, c) or (N, 1, 1, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.keepdims = parameters["keepdims"]

    def forward(self, x: Tensor) -> Tensor:
        return x.mean((1, 2), keepdim=self.keepdims)


LAYERS = (AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D)
