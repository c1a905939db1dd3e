"""Layers that enlarge, crop or pad without learning anything."""

from __future__ import annotations

import keras
import numpy as np
from keras import ops

from drivers.keras.layers.base import Layer, Tensor
from drivers.keras.layers.construction import Constructor


class UpSampling2D(Layer):
    """Keras's, but as products with matrices where a gradient penalty differentiates a blend twice.

    TensorFlow's own blend has no second derivative, and passes none on from the layers behind it.
    """

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self.parameters["interpolation"] != "bilinear" or not self.mode.is_penalized:
            return super().__call__(*inputs)
        (x,), (height, width, channels) = self.operands(*inputs), self.input_shapes[0]
        rows, columns = self.parameters["size"]
        x = ops.matmul(blend(height, rows, x.dtype), ops.reshape(x, (-1, height, width * channels)))
        x = ops.reshape(x, (-1, width, channels))
        return ops.reshape(ops.matmul(blend(width, columns, x.dtype), x), (-1, *self.output_shape))


def blend(size: int, times: int, dtype: str) -> Tensor:
    """The matrix (size · times, size) that enlarges linearly, with half-pixel centres."""
    places = np.clip((np.arange(size * times) + 0.5) / times - 0.5, 0, size - 1)
    near = np.maximum(1.0 - np.abs(places[:, None] - np.arange(size)), 0.0)
    return ops.convert_to_tensor(near, dtype)


KERAS: dict[str, Constructor] = {
    "Cropping1D": keras.layers.Cropping1D,
    "Cropping2D": keras.layers.Cropping2D,
    "UpSampling1D": keras.layers.UpSampling1D,
    "UpSampling2D": keras.layers.UpSampling2D,
    "ZeroPadding1D": keras.layers.ZeroPadding1D,
    "ZeroPadding2D": keras.layers.ZeroPadding2D,
}
LAYERS = {"UpSampling2D": UpSampling2D}
