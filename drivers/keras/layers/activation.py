"""Activations. Keras has layers of some, and functions of all of them."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras

from drivers.keras.layers.construction import Constructor


def _activation(function: str) -> Constructor:
    return partial(keras.layers.Activation, function)


class GELU(keras.layers.Layer):
    """x·Φ(x), Φ the normal distribution's function; ``approximate``: by tanh. Hendrycks & Gimpel 2016, section 2."""

    def __init__(self, approximate: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.approximate = approximate

    def call(self, x):
        return keras.ops.gelu(x, approximate=self.approximate)

    def compute_output_shape(self, input_shape):
        return input_shape


KERAS: dict[str, Constructor] = {
    "ELU": keras.layers.ELU,
    "GELU": GELU,
    "LeakyReLU": keras.layers.LeakyReLU,
    "PReLU": keras.layers.PReLU,
    "ReLU": keras.layers.ReLU,
    "SELU": _activation("selu"),
    "SiLU": _activation("silu"),
    "Sigmoid": _activation("sigmoid"),
    "Softmax": keras.layers.Softmax,
    "Softplus": _activation("softplus"),
    "Tanh": _activation("tanh"),
}
