"""Where the numbers of a graph's tensor lie in the output of a drawn layer.

A graph moves numbers about (Transpose, Reshape, Squeeze, DepthToSpace, …) between the operators that compute with them,
most of all where its channels come first. In a drawing that is nothing to compute: a tensor is a *layout* over the
output of a layer, and moving its numbers about is a change of the layout alone. A layer is needed only where what reads
them wants another order than the one that they lie in.

An axis of a tensor is a tuple of *digits*, the largest first, each ``(size, stride)`` in the layer's output, which
counts through its own axes in row-major order. (H, W, C) of a layer, seen as (C, H·W), is
``(((C, 1),), ((H·W, C),))``. The batch is the axis `BATCH`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import prod

import numpy as np

Digit = tuple[int, int]
Axis = tuple[Digit, ...]
BATCH: Axis = ((0, 0),)
"""Stands in a layout for the axis of the batch."""
Layout = tuple[Axis, ...]


def row_major(shape: Sequence[int]) -> Layout:
    """The layout of a tensor that is a layer's output as it is, but for the batch."""
    strides = [prod(shape[place + 1 :]) for place in range(len(shape))]
    return tuple(_digits(size, stride) for size, stride in zip(shape, strides, strict=True))


def _digits(size: int, stride: int) -> Axis:
    return ((size, stride),) if size != 1 else ()


def size(axis: Axis) -> int:
    """How many places an axis has; the batch has none of its own."""
    return prod(size for size, _ in axis)


def joined(digits: Sequence[Digit]) -> Axis:
    """The same axis in as few digits as possible."""
    found: list[Digit] = []
    for size_, stride in digits:
        if found and found[-1][1] == size_ * stride:
            found[-1] = (found[-1][0] * size_, stride)
        else:
            found.append((size_, stride))
    return tuple(found)


def regrouped(axes: Sequence[Axis], sizes: Sequence[int]) -> Layout | None:
    """The same numbers in the same order along other axes (none of them the batch).

    None where an axis would begin in the middle of a digit that its size does not divide.
    """
    left = [digit for axis in axes for digit in axis][::-1]
    found = []
    for wanted in sizes:
        taken: list[Digit] = []
        rest = wanted
        while rest > 1:
            if not left:
                return None
            digit, stride = left.pop()
            if rest % digit == 0:
                taken.append((digit, stride))
                rest //= digit
            elif digit % rest == 0:
                inner = digit // rest
                taken.append((rest, stride * inner))
                left.append((inner, stride))
                rest = 1
            else:
                return None
        found.append(joined(taken))
    return None if left else tuple(found)


def positions(axes: Sequence[Axis]) -> np.ndarray:
    """Of every number of a tensor, in its own order: where it lies in the layer's output, both counted in one row."""
    found = np.zeros(1, np.int64)
    for size_, stride in (digit for axis in axes for digit in axis):
        found = (found[:, None] + np.arange(size_) * stride).reshape(-1)
    return found


def order_of(axes: Sequence[Axis], shape: Sequence[int]) -> list[int] | None:
    """Which axis of a layer's output, of this shape, each of a tensor's is; None where they are not the same ones."""
    own = row_major(shape)
    if len(own) != len(axes) or any(axis not in own for axis in axes) or () in own:
        return None
    return [own.index(axis) for axis in axes]


def rearrangement(axes: Sequence[Axis]) -> tuple[list[int], list[int]]:
    """How a layer's output comes into the order of a tensor: reshaped to the first, its axes permuted by the second.

    An order that is the layer's own is a single axis.
    """
    digits = joined([digit for axis in axes for digit in axis])
    falling = sorted(range(len(digits)), key=lambda place: -digits[place][1])
    assert all(digits[after][1] * digits[after][0] == digits[before][1] for before, after in pairwise(falling)), (
        "a layout holds every number of its layer"
    )
    return [digits[place][0] for place in falling], [falling.index(place) for place in range(len(digits))]
