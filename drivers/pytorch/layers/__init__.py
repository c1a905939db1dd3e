"""One builder a catalogue layer, found by the catalogue's name."""

from __future__ import annotations

from drivers.pytorch.layers import (
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
from drivers.pytorch.layers.base import LAYERS, Building, Layer, Mode

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
LAYERS.update({layer.__name__: layer for room in ROOMS for layer in room.LAYERS})

__all__ = ["LAYERS", "Building", "Layer", "Mode"]
