"""What of `drivers.rewrites` pays in Keras."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from drivers.keras.layers import Layer
from drivers.keras.layers.convolutional import is_plain_3x3, upsampled
from drivers.rewrites import Call, fuse_pairs


def rewrite(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    """The same network in fewer or cheaper calls."""
    return fuse_pairs(
        calls, outputs, is_first=_doubles, is_second=is_plain_3x3, fuse=lambda _, convolution: upsampled(convolution)
    )


def _doubles(layer: Layer) -> bool:
    given: Any = layer.parameters
    return given["type"] == "UpSampling2D" and list(given["size"]) == [2, 2] and given["interpolation"] == "nearest"
