"""Layers that go through a sequence step by step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import keras
import numpy as np

from drivers.keras.layers.base import Shape, Tensor, TrainedLayer, forgetting
from drivers.keras.layers.construction import Constructor


class Recurrent(TrainedLayer):
    """Any recurrent layer of Keras."""

    OPTIONS: ClassVar = {"seed": 0}

    def initial_value(self, name: str, shape: Shape, generator: np.random.Generator) -> np.ndarray:
        value = super().initial_value(name, shape, generator)
        if name == "bias" and self.parameters.get("unit_forget_bias"):
            value.reshape(4, -1)[1] = 1.0
        return value

    def seed_generators(self) -> Iterable[keras.random.SeedGenerator]:
        return (self.keras_layer.cell.seed_generator,)

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self._has_fused:
            # The fused kernels have no second derivative.
            self.keras_layer.use_cudnn = False if self.mode.is_penalized else "auto"
        if self.mode.training or not self._drops:
            return super().__call__(*inputs)
        # Keras draws what it drops even where nothing is dropped; using a network must not move a training's stream.
        with forgetting(self.keras_layer.variables):
            return super().__call__(*inputs)

    @property
    def _has_fused(self) -> bool:
        return self.parameters["type"] in ("GRU", "LSTM")

    @property
    def _drops(self) -> bool:
        return self.parameters["dropout"] > 0 or self.parameters["recurrent_dropout"] > 0


KERAS: dict[str, Constructor] = {
    "ConvLSTM2D": keras.layers.ConvLSTM2D,
    "GRU": keras.layers.GRU,
    "LSTM": keras.layers.LSTM,
    "SimpleRNN": keras.layers.SimpleRNN,
}
LAYERS = dict.fromkeys(KERAS, Recurrent)
