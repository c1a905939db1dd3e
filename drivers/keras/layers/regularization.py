"""Dropout and noise, drawn from the network's own stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import keras

from drivers.keras.layers.base import TrainedLayer
from drivers.keras.layers.construction import Constructor


class Drawing(TrainedLayer):
    """Any layer of Keras that draws while training."""

    # On PyTorch, Keras would draw from PyTorch's global generator where no seed is given.
    OPTIONS: ClassVar = {"seed": 0}

    def seed_generators(self) -> Iterable[keras.random.SeedGenerator]:
        # Keras makes none where there is nothing to draw.
        generator = getattr(self.keras_layer, "seed_generator", None)
        return () if generator is None else (generator,)


KERAS: dict[str, Constructor] = {
    "Dropout": keras.layers.Dropout,
    "GaussianNoise": keras.layers.GaussianNoise,
    "SpatialDropout1D": keras.layers.SpatialDropout1D,
    "SpatialDropout2D": keras.layers.SpatialDropout2D,
}
LAYERS = dict.fromkeys(KERAS, Drawing)
