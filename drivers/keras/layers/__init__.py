"""One layer a catalogue entry, found by the catalogue's name."""

from __future__ import annotations

from drivers.keras.layers import (
    activation,
    attention,
    convolutional,
    core,
    merging,
    minibatch,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
    resizing,
    wrappers,
)
from drivers.keras.layers.base import LAYERS, Building, Layer, Mode
from drivers.keras.layers.construction import KERAS

ROOMS = (
    activation,
    attention,
    convolutional,
    core,
    merging,
    minibatch,
    normalization,
    pooling,
    recurrent,
    regularization,
    reshaping,
    resizing,
    wrappers,
)
for room in ROOMS:
    KERAS.update(room.KERAS)
    LAYERS.update({**dict.fromkeys(room.KERAS, Layer), **getattr(room, "LAYERS", {})})

__all__ = ["KERAS", "LAYERS", "Building", "Layer", "Mode"]
