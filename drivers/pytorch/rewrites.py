"""Exact rewrites of a network's calls into fewer or cheaper ones.

A rewrite changes how results are computed, never which: the weights stay where the layers keep them, and gradients
reach them. Rounding may differ in the last bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.convolutional import Conv2D
from drivers.pytorch.layers.resizing import UpSampling2D


@dataclass(frozen=True)
class Call:
    """One evaluation: ``values[id] = function(*values of inputs)``."""

    id: str
    function: Callable[..., Tensor]
    inputs: tuple[str, ...]


class UpsampledConv2D:
    """UpSampling2D(2, nearest) and Conv2D(3x3, same) as one transposed convolution of stride 2.

    Each output pixel sees only 2x2 different input pixels, because neighbours are copies. Adding the weights that
    meet the same copy gives a 4x4 kernel M·w·Mᵀ; a transposed convolution with stride 2 and padding 1 applies it
    with 16 instead of 36 products a pixel of the input, and the upsampled image is never written.
    """

    # M, row by row: which of the 3 weights along an axis meet the same copy, for each of the 4.
    COPIES = ((0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (1.0, 1.0, 0.0), (1.0, 0.0, 0.0))

    def __init__(self, convolution: Conv2D) -> None:
        self.convolution = convolution
        copies = torch.tensor(self.COPIES)
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
    return _fuse_upsampling(calls, outputs)


def _fuse_upsampling(calls: Sequence[Call], outputs: Sequence[str]) -> list[Call]:
    readers = Counter(source for call in calls for source in call.inputs)
    upsamplings = {
        call.id: call
        for call in calls
        if isinstance(call.function, UpSampling2D)
        and call.function.size == (2, 2)
        and call.function.interpolation == "nearest"
        and readers[call.id] == 1
        and call.id not in outputs
    }
    fused: dict[str, Call] = {}
    replaced = set()
    for call in calls:
        upsampling = upsamplings.get(call.inputs[0]) if call.inputs else None
        convolution = call.function
        if upsampling is not None and isinstance(convolution, Conv2D) and _is_plain_3x3(convolution):
            fused[call.id] = Call(call.id, UpsampledConv2D(convolution), upsampling.inputs)
            replaced.add(upsampling.id)
    return [fused.get(call.id, call) for call in calls if call.id not in replaced]


def _is_plain_3x3(convolution: Conv2D) -> bool:
    return (
        convolution.kernel.shape[2:] == (3, 3)
        and convolution.strides == (1, 1)
        and convolution.dilation_rate == (1, 1)
        and convolution.groups == 1
        and convolution.padding == (1, 1)
    )
