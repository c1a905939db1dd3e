"""Layers that enlarge, crop or pad without learning anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


class UpSampling1D(Layer):
    """(N, t, c) -> (N, t·size, c), by repetition."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        (self.size,) = parameters["size"]

    def forward(self, x: Tensor) -> Tensor:
        return x.repeat_interleave(self.size, 1)


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


class Cropping1D(Layer):
    """(N, t, c) -> (N, t - before - after, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.before, _ = parameters["cropping"]

    def forward(self, x: Tensor) -> Tensor:
        return x.narrow(1, self.before, self.output_shape[0])


class Cropping2D(Layer):
    """(N, h, w, c) -> (N, h - top - bottom, w - left - right, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        (self.top, _), (self.left, _) = parameters["cropping"]

    def forward(self, x: Tensor) -> Tensor:
        height, width, _ = self.output_shape
        return x[:, self.top : self.top + height, self.left : self.left + width]


class ZeroPadding1D(Layer):
    """(N, t, c) -> (N, before + t + after, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.padding = (0, 0, *parameters["padding"])

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding)


class ZeroPadding2D(Layer):
    """(N, h, w, c) -> (N, top + h + bottom, left + w + right, c)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        (top, bottom), (left, right) = parameters["padding"]
        self.padding = (0, 0, left, right, top, bottom)

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x, self.padding)


LAYERS = (Cropping1D, Cropping2D, UpSampling1D, UpSampling2D, ZeroPadding1D, ZeroPadding2D)
