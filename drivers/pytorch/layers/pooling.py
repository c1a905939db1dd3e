"""Pooling, with Keras's padding: what is padded is no part of a maximum or an average."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.padding import innermost_first, same_padding
from drivers.pytorch.layers.base import Building, Layer, Shape

# By the number of axes that the window moves along.
LARGEST: dict[int, Callable[..., Tensor]] = {1: F.max_pool1d, 2: F.max_pool2d}
MEAN: dict[int, Callable[..., Tensor]] = {1: F.avg_pool1d, 2: F.avg_pool2d}


class _Pooling(Layer):
    """(N, …, c) -> (N, …', c) over windows ``strides`` (or ``pool_size``) apart."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.pool_size = tuple(parameters["pool_size"])
        self.strides = tuple(parameters["strides"] or self.pool_size)
        self.padding: tuple[int, ...] | None = None
        if parameters["padding"] == "same":
            sides = zip(input_shapes[0][:-1], self.pool_size, self.strides, strict=True)
            self.padding = innermost_first([same_padding(*side) for side in sides])

    def forward(self, x: Tensor) -> Tensor:
        return self.pool(x.movedim(-1, 1)).movedim(1, -1)

    def pool(self, x: Tensor) -> Tensor:
        """The same on (N, c, …)."""
        raise NotImplementedError


class _MaxPooling(_Pooling):
    def pool(self, x: Tensor) -> Tensor:
        if self.padding is not None:
            x = F.pad(x, self.padding, value=float("-inf"))
        return LARGEST[len(self.pool_size)](x, self.pool_size, self.strides)


class MaxPooling1D(_MaxPooling):
    """(N, t, c) -> (N, t', c): the largest number of each window, a channel at a time."""


class MaxPooling2D(_MaxPooling):
    """(N, h, w, c) -> (N, h', w', c): the largest number of each window, a channel at a time."""


class _AveragePooling(_Pooling):
    def pool(self, x: Tensor) -> Tensor:
        mean = MEAN[len(self.pool_size)]
        if self.padding is None:
            return mean(x, self.pool_size, self.strides)
        share = F.pad(x.new_ones(1, 1, *x.shape[2:]), self.padding)
        padded = mean(F.pad(x, self.padding), self.pool_size, self.strides)
        return padded / mean(share, self.pool_size, self.strides)


class AveragePooling1D(_AveragePooling):
    """(N, t, c) -> (N, t', c): the mean of each window, a channel at a time."""


class AveragePooling2D(_AveragePooling):
    """(N, h, w, c) -> (N, h', w', c): the mean of each window, a channel at a time."""


class _GlobalPooling(Layer):
    """(N, …, c) -> (N, c), or (N, 1, …, c) with ``keepdims``."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.keepdims = parameters["keepdims"]
        self.axes = tuple(range(1, len(input_shapes[0])))


class _GlobalAveragePooling(_GlobalPooling):
    def forward(self, x: Tensor) -> Tensor:
        return x.mean(self.axes, keepdim=self.keepdims)


class GlobalAveragePooling1D(_GlobalAveragePooling):
    """The mean over the steps."""


class GlobalAveragePooling2D(_GlobalAveragePooling):
    """The mean over rows and columns."""


class _GlobalMaxPooling(_GlobalPooling):
    def forward(self, x: Tensor) -> Tensor:
        return x.amax(self.axes, keepdim=self.keepdims)


class GlobalMaxPooling1D(_GlobalMaxPooling):
    """The largest over the steps."""


class GlobalMaxPooling2D(_GlobalMaxPooling):
    """The largest over rows and columns."""


LAYERS = (
    AveragePooling1D,
    AveragePooling2D,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)
