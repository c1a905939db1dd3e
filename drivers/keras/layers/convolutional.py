"""Convolutions along one, two or three axes."""

from __future__ import annotations

import keras
from keras import ops

from drivers.keras.layers.base import Layer, Tensor
from drivers.keras.layers.construction import Constructor
from drivers.padding import transposed_padding, window_padding


def finish(layer: keras.layers.Layer, y: Tensor) -> Tensor:
    """Bias and activation of a convolution, whose windows were computed apart from it."""
    return layer.activation(y if layer.bias is None else y + ops.cast(layer.bias, y.dtype))


class TransposedConvolution(Layer):
    """Any of Keras's; those that TensorFlow lacks on the processor by way of others that come to the same."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        if max(self.parameters["dilation_rate"]) > 1:
            return finish(self.keras_layer, self._dilated(inputs[0]))
        if self.parameters["padding"] == "same" and self.parameters["output_padding"] is not None:
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
        names = ("kernel",) if given["type"] == "DepthwiseConv2D" else ("depthwise_kernel", "pointwise_kernel")
        x, *kernels = self.operands(inputs[0], *(getattr(self.keras_layer, name) for name in names))
        x = ops.pad(x, [(0, 0), *sides, (0, 0)])
        convolve = ops.depthwise_conv if given["type"] == "DepthwiseConv2D" else ops.separable_conv
        y = convolve(x, *kernels, strides=1, padding="valid")
        return finish(self.keras_layer, y[:, ::rows, ::columns])


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
