"""Pooling, of windows or of whole images and sequences."""

from __future__ import annotations

import keras
from keras import ops

from drivers.keras.layers.base import Layer, Tensor
from drivers.keras.layers.construction import Constructor
from drivers.padding import window_padding


class AveragePooling(Layer):
    """Keras's, where what is padded is no part of a mean. On PyTorch Keras counts some of it; here it is left out."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self.parameters["padding"] == "valid" or keras.config.backend() != "torch":
            return super().__call__(*inputs)
        pool, sizes = self.parameters["pool_size"], self.input_shapes[0][:-1]
        strides = self.parameters["strides"] or pool
        around = [(0, 0), *window_padding("same", sizes, pool, strides, [1] * len(pool)), (0, 0)]

        def mean(x: Tensor) -> Tensor:
            return ops.average_pool(ops.pad(x, around), tuple(pool), tuple(strides))

        (x,) = self.operands(*inputs)
        return mean(x) / mean(ops.ones((1, *sizes, 1), x.dtype))


KERAS: dict[str, Constructor] = {
    "AveragePooling1D": keras.layers.AveragePooling1D,
    "AveragePooling2D": keras.layers.AveragePooling2D,
    "GlobalAveragePooling1D": keras.layers.GlobalAveragePooling1D,
    "GlobalAveragePooling2D": keras.layers.GlobalAveragePooling2D,
    "GlobalMaxPooling1D": keras.layers.GlobalMaxPooling1D,
    "GlobalMaxPooling2D": keras.layers.GlobalMaxPooling2D,
    "MaxPooling1D": keras.layers.MaxPooling1D,
    "MaxPooling2D": keras.layers.MaxPooling2D,
}
LAYERS = dict.fromkeys(("AveragePooling1D", "AveragePooling2D"), AveragePooling)
