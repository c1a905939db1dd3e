"""Convolutions along one, two or three axes, with Keras's padding."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.padding import split_padding, transposed_padding, window_padding, without_uncovered
from drivers.pytorch.layers.activation import ACTIVATIONS
from drivers.pytorch.layers.base import Building, Layer, Shape

# By the number of axes that the window moves along.
CONVOLVE: dict[int, Callable[..., Tensor]] = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
CONVOLVE_TRANSPOSED: dict[int, Callable[..., Tensor]] = {
    1: F.conv_transpose1d,
    2: F.conv_transpose2d,
    3: F.conv_transpose3d,
}


class _Windows(Layer):
    """What all convolutions share: windows, a bias and an activation.

    Attributes:
        padding: zeros on both sides of each axis.
        extra_padding: zeros to add by hand, where the two sides differ; negative where something is cut off.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.kernel_size = tuple(parameters["kernel_size"])
        self.strides = tuple(parameters["strides"])
        self.dilation_rate = tuple(parameters["dilation_rate"])
        self.activation = ACTIVATIONS[parameters["activation"]]
        self.padding: Shape = (0,) * len(self.kernel_size)
        self.extra_padding: Shape | None = None

    def pad_like(self, padding: str) -> None:
        """Sets the zeros that ``valid``, ``same`` or ``causal`` ask for."""
        sizes = self.input_shapes[0][:-1]
        sides = window_padding(padding, sizes, self.kernel_size, self.strides, self.dilation_rate)
        if self.input_shapes[0][-1] == 1:
            # Of one channel and a single window along an axis, PyTorch 2.13 leaves a part of the input's gradient as
            # the memory was, where the stride is more than one. A single window has no use for a stride.
            sides = without_uncovered(sides, sizes, self.kernel_size, self.strides, self.dilation_rate)
            windows = self.output_shape[:-1]
            self.strides = tuple(
                1 if count == 1 else stride for count, stride in zip(windows, self.strides, strict=True)
            )
        self.padding, self.extra_padding = split_padding(sides)

    def add_bias(self, size: int, parameters: Mapping[str, Any], building: Building) -> None:
        """Adds the bias, where there is one."""
        if parameters["use_bias"]:
            self.add_weight("bias", (size,), parameters["bias_initializer"], building)
        else:
            self.bias = None

    def convolve(self, x: Tensor, kernel: Tensor, groups: int) -> Tensor:
        """(N, …, in) -> (N, out, …) with a kernel (out, in / groups, …)."""
        x = x.movedim(-1, 1)
        if self.extra_padding is not None:
            x = F.pad(x, self.extra_padding)
        return CONVOLVE[len(self.strides)](x, kernel, None, self.strides, self.padding, self.dilation_rate, groups)

    def finish(self, y: Tensor) -> Tensor:
        """Bias and activation: the kernel's result (N, filters, …) -> (N, …, filters).

        The bias is added apart, because the processor's convolution kernels are slow at its gradient.
        """
        y = y.movedim(1, -1)
        return self.activation(y if self.bias is None else y + self.bias.to(y.dtype))


class _Convolution(_Windows):
    """Cross-correlation of (N, …, in) with a Keras kernel (*kernel_size, in / groups, filters)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.groups = parameters["groups"]
        kernel_shape = (*self.kernel_size, input_shapes[0][-1] // self.groups, parameters["filters"])
        self.add_weight("kernel", kernel_shape, parameters["kernel_initializer"], building)
        self.add_bias(parameters["filters"], parameters, building)
        self.pad_like(parameters["padding"])

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.convolve(x, self.kernel, self.groups))


class Conv1D(_Convolution):
    """(N, t, in) -> (N, t', filters); ``causal`` pads before the sequence only."""

    KERAS_AXES: ClassVar = {"kernel": (2, 1, 0)}


class Conv2D(_Convolution):
    """(N, h, w, in) -> (N, h', w', filters)."""

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 1, 0)}


class Conv3D(_Convolution):
    """(N, d, h, w, in) -> (N, d', h', w', filters)."""

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 4, 1, 0)}


class _TransposedConvolution(_Windows):
    """The gradient of a convolution with respect to its input: (N, …, in) -> (N, …', filters).

    Keras kernel: (*kernel_size, filters, in). With padding "same" an axis grows to size · stride; "valid" keeps what
    the kernel reaches beyond a stride; ``output_padding`` sets the numbers at the end.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        kernel_shape = (*self.kernel_size, parameters["filters"], input_shapes[0][-1])
        self.add_weight("kernel", kernel_shape, parameters["kernel_initializer"], building)
        self.add_bias(parameters["filters"], parameters, building)
        self.padding, self.output_padding, starts = transposed_padding(
            parameters["padding"],
            input_shapes[0][:-1],
            self.output_shape[:-1],
            self.kernel_size,
            self.strides,
            self.dilation_rate,
            parameters["output_padding"],
        )
        self.window = (..., *(slice(at, at + size) for at, size in zip(starts, self.output_shape, strict=False)))

    def forward(self, x: Tensor) -> Tensor:
        y = CONVOLVE_TRANSPOSED[len(self.strides)](
            x.movedim(-1, 1),
            self.kernel,
            None,
            self.strides,
            self.padding,
            self.output_padding,
            dilation=self.dilation_rate,
        )
        return self.finish(y[self.window])


class Conv1DTranspose(_TransposedConvolution):
    """(N, t, in) -> (N, t', filters)."""

    KERAS_AXES: ClassVar = {"kernel": (2, 1, 0)}


class Conv2DTranspose(_TransposedConvolution):
    """(N, h, w, in) -> (N, h', w', filters)."""

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 1, 0)}


class Conv3DTranspose(_TransposedConvolution):
    """(N, d, h, w, in) -> (N, d', h', w', filters)."""

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 4, 1, 0)}


class DepthwiseConv2D(_Windows):
    """Every channel through filters of its own: (N, h, w, in) -> (N, h', w', in · depth_multiplier).

    Keras kernel: (kh, kw, in, depth_multiplier).
    """

    KERAS_AXES: ClassVar = {"kernel": (2, 3, 0, 1)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        channels, multiplier = input_shapes[0][-1], parameters["depth_multiplier"]
        kernel_shape = (*self.kernel_size, channels, multiplier)
        self.add_weight("kernel", kernel_shape, parameters["depthwise_initializer"], building)
        self.add_bias(channels * multiplier, parameters, building)
        self.pad_like(parameters["padding"])

    def forward(self, x: Tensor) -> Tensor:
        return self.finish(self.convolve(x, self.kernel.flatten(0, 1).unsqueeze(1), x.shape[-1]))


class SeparableConv2D(_Windows):
    """A depthwise convolution, then 1x1 filters over all its channels: (N, h, w, in) -> (N, h', w', filters).

    Keras kernels: depthwise (kh, kw, in, depth_multiplier), pointwise (1, 1, in · depth_multiplier, filters).
    """

    KERAS_AXES: ClassVar = {"depthwise_kernel": (2, 3, 0, 1), "pointwise_kernel": (2, 3, 1, 0)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        channels, multiplier, filters = input_shapes[0][-1], parameters["depth_multiplier"], parameters["filters"]
        depthwise, pointwise = (*self.kernel_size, channels, multiplier), (1, 1, channels * multiplier, filters)
        self.add_weight("depthwise_kernel", depthwise, parameters["depthwise_initializer"], building)
        self.add_weight("pointwise_kernel", pointwise, parameters["pointwise_initializer"], building)
        self.add_bias(filters, parameters, building)
        self.pad_like(parameters["padding"])

    def forward(self, x: Tensor) -> Tensor:
        alone = self.convolve(x, self.depthwise_kernel.flatten(0, 1).unsqueeze(1), x.shape[-1])
        return self.finish(F.conv2d(alone, self.pointwise_kernel))


LAYERS = (
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    DepthwiseConv2D,
    SeparableConv2D,
)
