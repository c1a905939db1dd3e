"""What of `drivers.rewrites` pays in Keras."""

from __future__ import annotations

from collections.abc import Sequence

from drivers.keras.layers.convolutional import upsampled
from drivers.rewrites import Call, doubles, fuse_pairs, is_plain_3x3


def rewrite(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    """The same network in fewer or cheaper calls."""
    return fuse_pairs(
        calls,
        outputs,
        is_first=lambda layer: doubles(layer.parameters),
        is_second=lambda layer: is_plain_3x3(layer.parameters),
        fuse=lambda _, convolution: upsampled(convolution),
    )
