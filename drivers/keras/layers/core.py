"""Input, Dense, Embedding and Rescaling."""

from __future__ import annotations

import keras

from drivers.keras.layers.base import Building, Layer, Tensor
from drivers.keras.layers.construction import Constructor


class Input(Layer):
    """Where noise, labels, images or sequences enter the network."""

    def build(self, building: Building) -> None:
        self._variables = {}

    def __call__(self, *inputs: Tensor) -> Tensor:
        return inputs[0]


KERAS: dict[str, Constructor] = {
    "Dense": keras.layers.Dense,
    "Embedding": keras.layers.Embedding,
    "Rescaling": keras.layers.Rescaling,
}
LAYERS = {"Input": Input}
