"""Layers that enlarge, crop or pad without learning anything."""

from __future__ import annotations

import keras

from drivers.keras.layers.construction import Constructor

KERAS: dict[str, Constructor] = {
    "Cropping1D": keras.layers.Cropping1D,
    "Cropping2D": keras.layers.Cropping2D,
    "UpSampling1D": keras.layers.UpSampling1D,
    "UpSampling2D": keras.layers.UpSampling2D,
    "ZeroPadding1D": keras.layers.ZeroPadding1D,
    "ZeroPadding2D": keras.layers.ZeroPadding2D,
}
