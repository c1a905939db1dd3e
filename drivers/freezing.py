"""What it means for a layer to be frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spec.shapes import measure


def rests_when_frozen(layer: Mapping[str, Any], input_shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether every use of the layer while training changes what it holds, as batch normalization does.

    Frozen, such a layer computes as in use (Keras: "layer.trainable = False on a BatchNormalization layer").
    """
    return any(not trained for _, _, trained in measure(layer, input_shapes).weights)
