"""What a program enlarges and convolves in one go, as trainings do; see `drivers.rewrites.COPIES`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def doubles(layer: Mapping[str, Any]) -> bool:
    """Whether a layer repeats every pixel twice along both axes."""
    return (layer.get("type"), layer.get("interpolation")) == ("UpSampling2D", "nearest") and list(layer["size"]) == [
        2,
        2,
    ]


def is_plain_3x3(layer: Mapping[str, Any]) -> bool:
    """Whether a layer is a convolution that takes what is enlarged twofold in one go."""
    return (
        layer["type"] == "Conv2D"
        and list(layer["kernel_size"]) == [3, 3]
        and list(layer["strides"]) == list(layer["dilation_rate"]) == [1, 1]
        and layer["groups"] == 1
        and layer["padding"] == "same"
    )
