"""No number that a layer puts out, and no gradient, depends on what the memory held before."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from .building import Shape, build, resolved

# Numbers in the blocks that are filled and freed; a layer's own tensors then lie where they were.
BLOCKS = (4, 8, 9, 12, 16, 18, 24, 27, 32, 36, 48, 64, 72, 96, 108, 128, 144, 192, 216, 256, 288, 384, 512, 1024, 4096)
COPIES = 20

# Where one window fits along an axis, of one channel: strides there once left gradients unwritten.
SINGLE_WINDOWS = [
    ("Conv2D", (6, 4, 1), 3, [1, 2]),
    ("Conv2D", (5, 4, 1), 2, [1, 3]),
    ("Conv3D", (4, 4, 4, 1), 3, [2, 1, 2]),
    ("DepthwiseConv2D", (6, 4, 1), 3, [1, 2]),
    ("SeparableConv2D", (4, 4, 1), 3, [1, 3]),
]


def spoil() -> None:
    """Leaves not-a-numbers in memory that is free again."""
    blocks = [torch.full((count,), float("nan")) for count in BLOCKS for _ in range(COPIES)]
    np.random.default_rng(0).shuffle(blocks)
    while blocks:
        blocks.pop()


@pytest.mark.parametrize(("kind", "shape", "kernel_size", "strides"), SINGLE_WINDOWS)
def test_gradients_of_single_windows(kind: str, shape: Shape, kernel_size: int, strides: list[int]) -> None:
    filters = {} if kind == "DepthwiseConv2D" else {"filters": 2}
    layer = build(resolved(kind, [shape], kernel_size=kernel_size, strides=strides, **filters), [shape])
    x = torch.randn(3, *shape, requires_grad=True)
    y = layer(x)
    spoil()
    (gradient,) = torch.autograd.grad(y.square().sum(), x)
    assert torch.isfinite(gradient).all()
