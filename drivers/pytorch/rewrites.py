"""What of `drivers.rewrites` pays in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.convolutional import Conv2D
from drivers.pytorch.layers.resizing import UpSampling2D
from drivers.rewrites import COPIES, Call, fuse_pairs


class UpsampledConv2D:
    """UpSampling2D(2, nearest) and Conv2D(3x3, same) as one transposed convolution of stride 2.

    Each output pixel sees only 2x2 different input pixels, because neighbours are copies. Adding the weights that
    meet the same copy gives a 4x4 kernel M·w·Mᵀ; a transposed convolution with stride 2 and padding 1 applies it.
    """

    def __init__(self, convolution: Conv2D) -> None:
        self.convolution = convolution
        copies = torch.tensor(COPIES)
        self._expansion = torch.kron(copies, copies)  # (16, 9): M·w·Mᵀ on flattened kernels

    def __call__(self, x: Tensor) -> Tensor:
        kernel = self.convolution.kernel  # (out, in, 3, 3)
        self._expansion = self._expansion.to(kernel)
        filters, channels = kernel.shape[:2]
        flat = kernel.permute(1, 2, 3, 0).reshape(channels, 9, filters)
        # (in, 16, out) is a channels-last (in, out, 4, 4) without a copy
        expanded = torch.matmul(self._expansion, flat).view(channels, 4, 4, filters).permute(0, 3, 1, 2)
        return self.convolution.finish(F.conv_transpose2d(x.permute(0, 3, 1, 2), expanded, None, stride=2, padding=1))


def rewrite(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    """The same network in fewer or cheaper calls."""
    return fuse_pairs(
        calls,
        outputs,
        is_first=_doubles,
        is_second=_is_plain_3x3,
        fuse=lambda _, convolution: UpsampledConv2D(convolution),
    )


def _doubles(layer: Any) -> bool:
    return isinstance(layer, UpSampling2D) and layer.size == (2, 2) and layer.interpolation == "nearest"


def _is_plain_3x3(layer: Any) -> bool:
    return (
        isinstance(layer, Conv2D)
        and layer.kernel.shape[2:] == (3, 3)
        and layer.strides == (1, 1)
        and layer.dilation_rate == (1, 1)
        and layer.groups == 1
        and layer.padding == (1, 1)
    )
