"""Layers that join several inputs; Keras takes these as one list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from drivers.keras.layers.base import Layer, Tensor
from drivers.keras.layers.construction import Constructor


class Merging(Layer):
    """Any layer of Keras that takes a list."""

    def shapes_with_batch(self) -> list[Any]:
        return [super().shapes_with_batch()]

    def call_keras(self, keras_layer: keras.layers.Layer, inputs: Sequence[Tensor], **options: Any) -> Tensor:
        return keras_layer(list(inputs), **options)


class DotProduct(Merging):
    """`Dot`."""

    MULTIPLIES = True


KERAS: dict[str, Constructor] = {
    "Add": keras.layers.Add,
    "Average": keras.layers.Average,
    "Concatenate": keras.layers.Concatenate,
    "Dot": keras.layers.Dot,
    "Maximum": keras.layers.Maximum,
    "Minimum": keras.layers.Minimum,
    "Multiply": keras.layers.Multiply,
    "Subtract": keras.layers.Subtract,
}
LAYERS = {**dict.fromkeys(KERAS, Merging), "Dot": DotProduct}
