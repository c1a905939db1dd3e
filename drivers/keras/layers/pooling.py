"""Pooling, of windows or of whole images and sequences."""

from __future__ import annotations

import math

import keras
import numpy as np
from keras import ops
from numpy.lib.stride_tricks import sliding_window_view

from drivers.keras.layers.base import Building, Layer, Tensor, on_jax
from drivers.keras.layers.construction import Constructor
from drivers.keras.runtime import started
from drivers.padding import window_padding

# Of a larger window all places are not looked at one by one, which would make a long program.
MOST_PLACES = 25


class Pooling(Layer):
    """Pooling of windows, on JAX's processors by way of what windows see at each of their places."""

    def build(self, building: Building) -> None:
        super().build(building)
        given, self._sizes = self.parameters, self.input_shapes[0][:-1]
        self._pool, self._strides = tuple(given["pool_size"]), tuple(given["strides"] or given["pool_size"])
        once = (1,) * len(self._pool)
        self._sides = tuple(window_padding(given["padding"], self._sizes, self._pool, self._strides, once))

    @property
    def _overlaps(self) -> bool:
        return self._pool != self._strides

    @property
    def _has_few_places(self) -> bool:
        return math.prod(self._pool) <= MOST_PLACES

    def _seen(self, x: Tensor, filling: float) -> list[Tensor]:
        return on_jax().pooled(*self.operands(x), self._pool, self._strides, self._sides, filling)


class MaxPooling(Pooling):
    """Keras's; where windows do not overlap, XLA's search for each largest number again is spared."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not on_jax() or self._overlaps or not self._has_few_places:
            return super().__call__(*inputs)
        return on_jax().largest(self._seen(inputs[0], -np.inf))


class AveragePooling(Pooling):
    """Keras's, where what is padded is no part of a mean. On PyTorch Keras counts some of it; here it is left out."""

    def build(self, building: Building) -> None:
        super().build(building)
        inside = np.pad(np.ones(self._sizes, np.float32), self._sides)
        windows = sliding_window_view(inside, self._pool)[tuple(slice(None, None, stride) for stride in self._strides)]
        counts = windows.sum(tuple(range(-len(self._pool), 0)))
        self._counts = started().tensor(np.ascontiguousarray(counts[None, ..., None]))  # numbers in each mean

    def __call__(self, *inputs: Tensor) -> Tensor:
        # Along one axis XLA is quick at windows that overlap.
        if on_jax() and self._has_few_places and not (self._overlaps and len(self._pool) == 1):
            return sum(self._seen(inputs[0], 0.0)) / self._counts
        if self.parameters["padding"] == "valid" or keras.config.backend() != "torch":
            return super().__call__(*inputs)
        x = ops.pad(*self.operands(inputs[0]), [(0, 0), *self._sides, (0, 0)])
        return ops.average_pool(x, self._pool, self._strides) * (math.prod(self._pool) / self._counts)


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
LAYERS = {
    **dict.fromkeys(("AveragePooling1D", "AveragePooling2D"), AveragePooling),
    **dict.fromkeys(("MaxPooling1D", "MaxPooling2D"), MaxPooling),
}
