"""Convolutions, with Keras's padding."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.activation import ACTIVATIONS
from drivers.pytorch.layers.base import Building, Layer, Shape


def same_padding(size: int, kernel: int, stride: int, dilation: int = 1) -> tuple[int, int]:
    """Zeros before and after an axis, so that ceil(size / stride) windows fit; the odd one goes after."""
    reach = (kernel - 1) * dilation + 1
    total = max((-(-size // stride) - 1) * stride + reach - size, 0)
    return total // 2, total - total // 2


class _Convolution(Layer):
    """What both directions share: a kernel, a bias and an activation."""

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 1, 0)}

    def __init__(
        self,
        parameters: Mapping[str, Any],
        input_shapes: Sequence[Shape],
        building: Building,
        kernel_shape: Shape,
    ) -> None:
        super().__init__(parameters, input_shapes, building)
        self.strides = tuple(parameters["strides"])
        self.dilation_rate = tuple(parameters["dilation_rate"])
        self.activation = ACTIVATIONS[parameters["activation"]]
        self.add_weight("kernel", kernel_shape, parameters["kernel_initializer"], building)
        if parameters["use_bias"]:
            self.add_weight("bias", (parameters["filters"],), parameters["bias_initializer"], building)
        else:
            self.bias = None

    def finish(self, y: Tensor) -> Tensor:
        """Bias and activation: the kernel's result (N, filters, h', w') -> (N, h', w', filters).

        The bias is added apart, because the processor's convolution kernels are slow at its gradient.
        """
        y = y.permute(0, 2, 3, 1)
        return self.activation(y if self.bias is None else y + self.bias.to(y.dtype))


class Conv2D(_Convolution):
    """Cross-correlation of (N, h, w, in) with a Keras kernel (kh, kw, in / groups, filters)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        height, width, channels = input_shapes[0]
        kernel, self_groups = tuple(parameters["kernel_size"]), parameters["groups"]
        kernel_shape = (*kernel, channels // self_groups, parameters["filters"])
        super().__init__(parameters, input_shapes, building, kernel_shape)
        self.groups = self_groups
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
        return self.finish(F.conv2d(x, self.kernel, None, self.strides, self.padding, self.dilation_rate, self.groups))


class Conv2DTranspose(_Convolution):
    """The gradient of a Conv2D with respect to its input: (N, h, w, in) -> (N, h', w', filters).

    Keras kernel: (kh, kw, filters, in). With padding "same" h' = h · stride; "valid" keeps what the kernel reaches
    beyond a stride.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        kernel = tuple(parameters["kernel_size"])
        kernel_shape = (*kernel, parameters["filters"], input_shapes[0][2])
        super().__init__(parameters, input_shapes, building, kernel_shape)
        # An axis comes out of the kernel (size-1)·stride + reach long. A reach shorter than the stride lacks
        # zeros after it; with "same" one that is longer is cut, the odd one after it.
        cuts, self.output_padding = [], []
        for size, stride, dilation in zip(kernel, self.strides, self.dilation_rate, strict=True):
            surplus = (size - 1) * dilation + 1 - stride
            self.output_padding.append(max(-surplus, 0))
            cuts.append(max(surplus, 0) if parameters["padding"] == "same" else 0)
        self.padding = [cut // 2 for cut in cuts]

    def forward(self, x: Tensor) -> Tensor:
        y = F.conv_transpose2d(
            x.permute(0, 3, 1, 2),
            self.kernel,
            None,
            self.strides,
            self.padding,
            self.output_padding,
            dilation=self.dilation_rate,
        )
        height, width, _ = self.output_shape
        return self.finish(y[:, :, :height, :width])


LAYERS = (Conv2D, Conv2DTranspose)
