"""Convolutions along one, two or three axes."""

from __future__ import annotations

import keras
from keras import ops

from drivers.keras.layers.base import Layer, Tensor
from drivers.keras.layers.construction import Constructor
from drivers.padding import transposed_padding, window_padding


class TransposedConvolution(Layer):
    """Any of Keras's; a dilated one, which TensorFlow lacks on the processor, as the convolution that it equals.

    Dilated ones have no strides, so that each output is a sum over inputs around it, with the kernel turned round.
    """

    def __call__(self, *inputs: Tensor) -> Tensor:
        if max(self.parameters["dilation_rate"]) == 1:
            return super().__call__(*inputs)
        kernel = ops.flip(self.keras_layer.kernel, tuple(range(len(self.parameters["kernel_size"]))))
        x = ops.pad(inputs[0], [(0, 0), *self._around(), (0, 0)])
        y = ops.conv(x, ops.swapaxes(kernel, -1, -2), dilation_rate=tuple(self.parameters["dilation_rate"]))
        y = y if self.keras_layer.bias is None else y + self.keras_layer.bias
        return self.keras_layer.activation(y)

    def _around(self) -> list[tuple[int, int]]:
        """Zeros before and after each axis."""
        sizes, grown, given = self.input_shapes[0][:-1], self.output_shape[:-1], self.parameters
        kernel, strides, dilation = given["kernel_size"], given["strides"], given["dilation_rate"]
        cut, _, starts = transposed_padding(
            given["padding"], sizes, grown, kernel, strides, dilation, given["output_padding"]
        )
        sides = []
        for axis, (size, wanted) in enumerate(zip(sizes, grown, strict=True)):
            reach = (kernel[axis] - 1) * dilation[axis] + 1
            before = reach - 1 - cut[axis] - starts[axis]
            sides.append((before, wanted + reach - 1 - size - before))
        return sides


class Depthwise(Layer):
    """Keras's depthwise or separable convolution.

    TensorFlow moves such windows only as far along rows as along columns. Where they are to move differently it
    computes every position, and those between are left out.
    """

    def __call__(self, *inputs: Tensor) -> Tensor:
        rows, columns = self.parameters["strides"]
        if rows == columns or keras.config.backend() != "tensorflow":
            return super().__call__(*inputs)
        sizes, given = self.input_shapes[0][:-1], self.parameters
        sides = window_padding(given["padding"], sizes, given["kernel_size"], (rows, columns), given["dilation_rate"])
        x = ops.pad(inputs[0], [(0, 0), *sides, (0, 0)])
        everywhere = {"strides": 1, "padding": "valid"}
        if given["type"] == "DepthwiseConv2D":
            y = ops.depthwise_conv(x, self.keras_layer.kernel, **everywhere)
        else:
            kernels = self.keras_layer.depthwise_kernel, self.keras_layer.pointwise_kernel
            y = ops.separable_conv(x, *kernels, **everywhere)
        y = y[:, ::rows, ::columns]
        y = y if self.keras_layer.bias is None else y + self.keras_layer.bias
        return self.keras_layer.activation(y)


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
    **dict.fromkeys(("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), TransposedConvolution),
    **dict.fromkeys(("DepthwiseConv2D", "SeparableConv2D"), Depthwise),
}
