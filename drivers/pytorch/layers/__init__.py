"""One builder a catalogue layer, found by the catalogue's name."""

from __future__ import annotations

from drivers.pytorch.layers import (
    activation,
    convolutional,
    core,
    merging,
    normalization,
    pooling,
    regularization,
    reshaping,
)
from drivers.pytorch.layers.base import Building, Layer, Mode

LAYERS: dict[str, type[Layer]] = {
    layer.__name__: layer
    for room in (activation, convolutional, core, merging, normalization, pooling, regularization, reshaping)
    for layer in room.LAYERS
}

__all__ = ["LAYERS", "Building", "Layer", "Mode"]
