"""Layers that only rearrange numbers."""

from __future__ import annotations

import keras

from drivers.keras.layers.base import Layer, Tensor, on_jax
from drivers.keras.layers.construction import Constructor


class Rearranging(Layer):
    """Any of Keras's; on JAX's processors its slopes are kept apart, see `drivers.keras.layers.on_jax.reshaped`."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        y = super().__call__(*inputs)
        return on_jax().reshaped(y) if on_jax() else y


KERAS: dict[str, Constructor] = {
    "Flatten": keras.layers.Flatten,
    "Permute": keras.layers.Permute,
    "RepeatVector": keras.layers.RepeatVector,
    "Reshape": keras.layers.Reshape,
}
LAYERS = dict.fromkeys(KERAS, Rearranging)
