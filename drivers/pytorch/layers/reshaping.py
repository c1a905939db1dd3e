"""Layers that move numbers without computing. All of them count in Keras's order: rows, columns, channels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


class Flatten(Layer):
    """(N, h, w, c) -> (N, h·w·c)."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], -1)


class Reshape(Layer):
    """(N, …) -> (N, *target_shape), the same numbers in the same order."""

    def forward(self, x: Tensor) -> Tensor:
        return x.reshape(x.shape[0], *self.output_shape)


class UpSampling2D(Layer):
    """(N, h, w, c) -> (N, h·rows, w·columns, c), by repetition or bilinear (half-pixel centres)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.size = tuple(parameters["size"])
        self.interpolation = parameters["interpolation"]

    def forward(self, x: Tensor) -> Tensor:
        align = False if self.interpolation == "bilinear" else None
        height, width, _ = self.output_shape
        upsampled = F.interpolate(
            x.permute(0, 3, 1, 2), size=(height, width), mode=self.interpolation, align_corners=align
        )
        return upsampled.permute(0, 2, 3, 1)


class Cropping2D(Layer):
    """(N, h, w, c) -> (N, h - top - bottom, w - left - right, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        (self.top, _), (self.left, _) = parameters["cropping"]

    def forward(self, x: Tensor) -> Tensor:
        height, width, _ = self.output_shape
        return x[:, self.top : self.top + height, self.left : self.left + width]


class ZeroPadding2D(Layer):
    """(N, h, w, c) -> (N, top + h + bottom, left + w + right, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        (top, bottom), (left, right) = parameters["padding"]
        self.padding = (0, 0, left, right, top, bottom)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding)


LAYERS = (Cropping2D, Flatten, Reshape, UpSampling2D, ZeroPadding2D)
