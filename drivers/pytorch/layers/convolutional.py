"""Convolutions, with Keras's padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.activation import ACTIVATIONS
from drivers.pytorch.layers.base import Building, Layer, Shape


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis, so that ceil(size / stride) windows fit; the odd one goes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


class Conv2D(Layer):
    """Cross-correlation of (N, h, w, in) with a Keras kernel (kh, kw, in / groups, filters)."""

    KERAS_AXES = {"kernel": (2, 3, 1, 0)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        height, width, channels = input_shapes[0]
        filters, kernel = parameters["filters"], tuple(parameters["kernel_size"])
        self.strides = tuple(parameters["strides"])
        self.dilation_rate = tuple(parameters["dilation_rate"])
        self.groups = parameters["groups"]
        kernel_shape = (*kernel, channels // self.groups, filters)
        self.add_weight("kernel", kernel_shape, parameters["kernel_initializer"], building)
        if parameters["use_bias"]:
            self.add_weight("bias", (filters,), parameters["bias_initializer"], building)
        else:
            self.bias = None
        self.activation = ACTIVATIONS[parameters["activation"]]

        self.padding = (0, 0)
        self.extra_padding: tuple[int, ...] | None = None
        if parameters["padding"] == "same":
            rows = same_padding(height, kernel[0], self.strides[0], self.dilation_rate[0])
            columns = same_padding(width, kernel[1], self.strides[1], self.dilation_rate[1])
            if rows[0] == rows[1] and columns[0] == columns[1]:
                self.padding = (rows[0], columns[0])
            else:
                self.extra_padding = (*columns, *rows)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 3, 1, 2)
        if self.extra_padding is not None:
            x = F.pad(x, self.extra_padding)
        y = F.conv2d(x, self.kernel, self.bias, self.strides, self.padding, self.dilation_rate, self.groups)
        return self.activation(y.permute(0, 2, 3, 1))


LAYERS = (Conv2D,)
