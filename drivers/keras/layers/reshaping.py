"""Layers that only rearrange numbers."""

from __future__ import annotations

import keras

from drivers.keras.layers.construction import Constructor

KERAS: dict[str, Constructor] = {
    "Flatten": keras.layers.Flatten,
    "Permute": keras.layers.Permute,
    "RepeatVector": keras.layers.RepeatVector,
    "Reshape": keras.layers.Reshape,
}
