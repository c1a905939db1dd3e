"""Convolutions along one, two or three axes."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import keras
import numpy as np
from keras import ops

from drivers.keras.layers.base import Building, Layer, Tensor, on_jax
from drivers.keras.layers.construction import Constructor
from drivers.padding import transposed_padding, window_padding
from drivers.rewrites import COPIES

# Channels that a convolution of groups is made to see at once: fewer make many small products, more make many zeros.
CHANNELS_AT_ONCE = 32


def finish(layer: keras.layers.Layer, y: Tensor) -> Tensor:
    """Bias and activation of a convolution, whose windows were computed apart from it."""
    return layer.activation(y if layer.bias is None else y + ops.cast(layer.bias, y.dtype))


def lay_out(kernel: keras.Variable) -> None:
    """Has a kernel lie in PyTorch's memory as its convolutions read it: filters first, then places, then channels.

    They are handed a view of it. One of memory as Keras has it looks channels-last where there is a single filter, and
    has strides for which they find no gradient in a batch of one: "grad_weight must be contiguous".
    """
    if keras.config.backend() != "torch":
        return
    first = ops.moveaxis(kernel.value.data, -1, 0)
    # A list of numbers in between, because what has one filter would keep its strides.
    kernel.value.data = ops.moveaxis(ops.reshape(ops.reshape(first, (-1,)), first.shape), 0, -1)


class Convolution(Layer):
    """Any of Keras's, by way of others that come to the same where the backend is slow at it."""

    def build(self, building: Building) -> None:
        super().build(building)
        lay_out(self.keras_layer.kernel)
        given = self.parameters
        self._is_grouped = given["groups"] > 1 and keras.config.backend() != "torch"
        self._grid = None
        if on_jax() and max(given["strides"]) > 1:
            sides = _sides(given, self.input_shapes[0][:-1])
            self._grid = _grid(given, self.input_shapes[0][:-1], self.output_shape[:-1], sides)

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not self._is_grouped and self._grid is None:
            return super().__call__(*inputs)
        x, kernel = self.operands(inputs[0], self.keras_layer.kernel)
        if not self._is_grouped:
            return finish(self.keras_layer, self._convolve(x, kernel))
        bundles = [self._convolve(*bundle) for bundle in in_bundles(x, kernel, self.parameters["groups"])]
        return finish(self.keras_layer, bundles[0] if len(bundles) == 1 else ops.concatenate(bundles, -1))

    def _convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        if self._grid is not None:
            return on_jax().convolve(x, kernel, self._grid)
        padding = self.parameters["padding"]
        if padding == "causal":
            x, padding = ops.pad(x, [(0, 0), *_sides(self.parameters, self.input_shapes[0][:-1]), (0, 0)]), "valid"
        strides, dilation = (tuple(self.parameters[name]) for name in ("strides", "dilation_rate"))
        return ops.conv(x, kernel, strides, padding, dilation_rate=dilation)


def in_bundles(x: Tensor, kernel: Tensor, groups: int) -> list[tuple[Tensor, Tensor]]:
    """A convolution of groups as plain ones of some channels each, whose kernels are 0 between different groups.

    XLA, which TensorFlow too has compute groups, is slow at them: their gradients take ten times as long.
    """
    *size, channels, filters = kernel.shape
    together = max(
        count
        for count in range(1, groups + 1)
        if groups % count == 0 and (count == 1 or count * channels <= CHANNELS_AT_ONCE)
    )
    bundles = groups // together
    apart = ops.reshape(kernel, (*size, 1, channels, bundles, together, filters // groups))
    own = ops.reshape(ops.eye(together, dtype=kernel.dtype), (together, 1, 1, together, 1))
    # (*size, channels of a bundle, bundles, filters of a bundle)
    whole = ops.reshape(apart * own, (*size, together * channels, bundles, filters // bundles))
    images = ops.split(x, bundles, axis=-1) if bundles > 1 else [x]
    return [(image, whole[..., index, :]) for index, image in enumerate(images)]


class TransposedConvolution(Layer):
    """Any of Keras's, by way of others that come to the same where the backend lacks it or is slow at it."""

    def build(self, building: Building) -> None:
        super().build(building)
        lay_out(self.keras_layer.kernel)
        self._grid = None
        kinds = (self.keras_layer.variable_dtype, self.keras_layer.compute_dtype)
        self._is_dilated = max(self.parameters["dilation_rate"]) > 1 and not all(
            _paints_apart(len(self.parameters["kernel_size"]), kind) for kind in kinds
        )
        if on_jax():
            axes = self._axes()
            sides = tuple(
                (cut, (size - 1) * stride + reach - cut - wanted)
                for (size, wanted, reach, cut), stride in zip(axes, self.parameters["strides"], strict=True)
            )
            self._grid = _grid(self.parameters, self.output_shape[:-1], self.input_shapes[0][:-1], sides)

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self._grid is not None:
            operands = self.operands(inputs[0], self.keras_layer.kernel)
            return finish(self.keras_layer, on_jax().paint(*operands, self._grid))
        if self._is_dilated:
            return finish(self.keras_layer, self._dilated(inputs[0]))
        given = self.parameters
        if max(given["dilation_rate"]) == 1 and given["padding"] == "same" and given["output_padding"] is not None:
            return finish(self.keras_layer, self._cut(inputs[0]))
        return super().__call__(*inputs)

    def _dilated(self, x: Tensor) -> Tensor:
        """The plain convolution that it equals: without strides each output is a sum over inputs around it."""
        x, kernel = self.operands(x, self.keras_layer.kernel)
        kernel = ops.flip(kernel, tuple(range(len(self.parameters["kernel_size"]))))
        around = []
        for size, wanted, reach, cut in self._axes():
            before = reach - 1 - cut
            around.append((before, wanted + reach - 1 - size - before))
        x = ops.pad(x, [(0, 0), *around, (0, 0)])
        return ops.conv(x, ops.swapaxes(kernel, -1, -2), dilation_rate=tuple(self.parameters["dilation_rate"]))

    def _cut(self, x: Tensor) -> Tensor:
        """The part of everything that the kernel reaches."""
        x, kernel = self.operands(x, self.keras_layer.kernel)
        y = ops.conv_transpose(x, kernel, tuple(self.parameters["strides"]), padding="valid")
        return y[(..., *(slice(cut, cut + wanted) for _, wanted, _, cut in self._axes()), slice(None))]

    def _axes(self) -> list[tuple[int, int, int, int]]:
        """Of each axis the sizes of input and output, how far the kernel reaches, and what is cut off before."""
        given = self.parameters
        sizes, grown = self.input_shapes[0][:-1], self.output_shape[:-1]
        kernel, dilation = given["kernel_size"], given["dilation_rate"]
        both, _, starts = transposed_padding(
            given["padding"], sizes, grown, kernel, given["strides"], dilation, given["output_padding"]
        )
        return [
            (size, wanted, (length - 1) * apart + 1, cut + start)
            for size, wanted, length, apart, cut, start in zip(
                sizes, grown, kernel, dilation, both, starts, strict=True
            )
        ]


@cache
def _paints_apart(axes: int, dtype: str) -> bool:
    """Whether the backend has dilated transposed convolutions. On processors TensorFlow has them by oneDNN alone."""
    if keras.config.backend() != "tensorflow":
        return True
    kernel = ops.ones((2,) * axes + (1, 1), dtype)
    try:
        ops.conv_transpose(ops.ones((1, *(2,) * axes, 1), dtype), kernel, dilation_rate=2)
    except sys.modules["tensorflow"].errors.OpError:
        return False
    return True


class Depthwise(Layer):
    """Keras's depthwise or separable convolution.

    TensorFlow moves such windows only as far along rows as along columns. Where they are to move differently it
    computes every position, and those between are left out.
    """

    def build(self, building: Building) -> None:
        super().build(building)
        names = (
            ("kernel",) if self.parameters["type"] == "DepthwiseConv2D" else ("depthwise_kernel", "pointwise_kernel")
        )
        self._kernels = [getattr(self.keras_layer, name) for name in names]

    def __call__(self, *inputs: Tensor) -> Tensor:
        rows, columns = self.parameters["strides"]
        is_lacking = rows != columns and keras.config.backend() == "tensorflow"
        if not (is_lacking or on_jax()):
            return super().__call__(*inputs)
        x, kernel, *pointwise = self.operands(inputs[0], *self._kernels)
        sides = _sides(self.parameters, self.input_shapes[0][:-1])
        if is_lacking:
            y = ops.depthwise_conv(ops.pad(x, [(0, 0), *sides, (0, 0)]), kernel)[:, ::rows, ::columns]
        else:
            y = on_jax().depthwise(x, kernel, (rows, columns), tuple(self.parameters["dilation_rate"]), sides)
        return finish(self.keras_layer, ops.conv(y, *pointwise) if pointwise else y)


def upsampled(convolution: Layer) -> Callable[[Tensor], Tensor]:
    """UpSampling2D(2, nearest) and Conv2D(3x3, same) as one transposed convolution; see `drivers.rewrites.COPIES`."""
    copies = np.asarray(COPIES, np.float32)
    layer, (height, width, _) = convolution.keras_layer, convolution.output_shape
    grid = None
    if on_jax():
        small, sides = (height // 2, width // 2), ((1, 1), (1, 1))
        grid = on_jax().Grid((height, width), small, (4, 4), (2, 2), (1, 1), sides)

    def call(x: Tensor) -> Tensor:
        x, kernel, expansion = convolution.operands(x, layer.kernel, copies)
        expanded = ops.einsum("ai,bj,ijcf->abfc", expansion, expansion, kernel)
        if grid is not None:
            return finish(layer, on_jax().paint(x, expanded, grid))
        return finish(layer, ops.conv_transpose(x, expanded, 2, "same"))

    return call


def _sides(given: Mapping[str, Any], sizes: Sequence[int]) -> tuple[tuple[int, int], ...]:
    """Zeros around an input of a convolution."""
    windows = given["kernel_size"], given["strides"], given["dilation_rate"]
    return tuple(window_padding(given["padding"], sizes, *windows))


def _grid(
    given: Mapping[str, Any], large: Sequence[int], small: Sequence[int], sides: tuple[tuple[int, int], ...]
) -> Any:
    """The `on_jax.Grid` of a convolution's parameters."""
    windows = (tuple(given[name]) for name in ("kernel_size", "strides", "dilation_rate"))
    return on_jax().Grid(tuple(large), tuple(small), *windows, sides)


KERAS: dict[str, Constructor] = {
    "Conv1D": keras.layers.Conv1D,
    "Conv1DTranspose": keras.layers.Conv1DTranspose,
    "Conv2D": keras.layers.Conv2D,
    "Conv2DTranspose": keras.layers.Conv2DTranspose,
    "Conv3D": keras.layers.Conv3D,
    "Conv3DTranspose": keras.layers.Conv3DTranspose,
    "DepthwiseConv2D": keras.layers.DepthwiseConv2D,
    "SeparableConv2D": keras.layers.SeparableConv2D,
}
LAYERS = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), Convolution),
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), TransposedConvolution),
    **dict.fromkeys(("DepthwiseConv2D", "SeparableConv2D"), Depthwise),
}
