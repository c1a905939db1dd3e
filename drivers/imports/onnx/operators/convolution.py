"""Convolutions and their transposes, along one, two or three axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.edges import cropped, padded
from drivers.imports.onnx.reading import Node, Operator

T = TypeVar("T")


def image_order(value: Value, rank: int) -> list[int]:
    """The axes of a tensor that has its channels first, channels last.

    Raises:
        UndrawableError: it does not have as many axes to move along.
    """
    if value.rank != rank + 2 or value.batch != 0:
        raise UndrawableError(f"it moves along {rank} axes, but its input has {value.rank - 2}")
    return [*range(2, value.rank), 1]


def _long_axes(node: Node, value: Value, kernel: Sequence[int]) -> list[int]:
    """The axes that a kernel moves along, but for one of the size 1 over a sequence, which is there for show.

    TensorFlow has convolutions along one axis as ones of images with a single row.
    """
    rank = len(kernel)
    is_sequence = rank == 2 and value.rank == 4 and len(node.drawing.shape(value.layer)) == 2
    found = [axis for axis in range(rank) if not is_sequence or kernel[axis] > 1 or value.size(axis + 2) > 1]
    return found or list(range(rank))


def _taken(given: Sequence[T], axes: Sequence[int]) -> list[T]:
    """What there is of some of the axes."""
    return [given[axis] for axis in axes]


def edges(node: Node, sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int]) -> list[tuple[int, int]]:
    """What is added before and behind each axis, as the attributes `pads` or `auto_pad` say it."""
    rank, mode = len(sizes), node.get("auto_pad", "NOTSET")
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        totals = [
            max((-(-size // stride) - 1) * stride + reached - size, 0)
            for size, reached, stride in zip(sizes, reach, strides, strict=True)
        ]
        less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
        return list(zip(less, more, strict=True) if mode == "SAME_UPPER" else zip(more, less, strict=True))
    pads = node.get("pads", None) if mode == "NOTSET" else None
    pads = [0] * 2 * rank if pads is None else pads
    if len(pads) != 2 * rank:
        raise UndrawableError(f"pads has {len(pads)} numbers and not {2 * rank}")
    return list(zip(pads[:rank], pads[rank:], strict=True))


def is_same(
    padding: Sequence[tuple[int, int]], sizes: Sequence[int], reach: Sequence[int], strides: Sequence[int]
) -> bool:
    """Whether what is added is what Keras adds for "same": half before, the larger half behind."""
    totals = [
        max((-(-size // stride) - 1) * stride + reached - size, 0)
        for size, reached, stride in zip(sizes, reach, strides, strict=True)
    ]
    return list(padding) == [(total // 2, total - total // 2) for total in totals]


def _convolution(node: Node) -> Value:
    value, weight = node.value(), node.constant(1)
    filters, _, *kernel = weight.shape
    rank = len(kernel)
    if not 1 <= rank <= 3:
        raise UndrawableError(f"it moves along {rank} axes and not along 1, 2 or 3")
    order = image_order(value, rank)
    sizes, channels = [value.size(axis) for axis in order[:-1]], value.size(1)
    strides, dilations = node.get("strides", [1] * rank), node.get("dilations", [1] * rank)
    reach = [(size - 1) * apart + 1 for size, apart in zip(kernel, dilations, strict=True)]
    padding = edges(node, sizes, reach, strides)
    axes = _long_axes(node, value, kernel)
    if len(axes) < rank and not any(any(padding[axis]) for axis in range(rank) if axis not in axes):
        weight = weight.reshape(*weight.shape[:2], *(kernel[axis] for axis in axes))
        order = [*_taken(order, axes), 1]
        kernel, strides, dilations = (_taken(given, axes) for given in (kernel, strides, dilations))
        sizes, reach, padding = _taken(sizes, axes), _taken(reach, axes), _taken(padding, axes)
        rank = len(axes)
    layer = node.arranged(value, order)
    same = is_same(padding, sizes, reach, strides)
    if any(map(any, padding)) and not same:
        layer = padded(node, layer, padding)
    groups = node.get("group", 1)
    turned = np.moveaxis(weight, (0, 1), (-1, -2))  # (filters, in, …) -> (…, in, filters)
    weights = {"kernel": turned, **_bias(node)}
    shared = {
        "kernel_size": kernel, "strides": strides, "dilation_rate": dilations,
        "padding": "same" if same and any(map(any, padding)) else "valid", "use_bias": node.has(2),
    }  # fmt: skip
    if groups == channels > 1 and rank == 2 and len(set(strides)) == 1 and filters % channels == 0:
        # Filter number c·m + q is the q-th of the channel c.
        weights["kernel"] = turned.reshape(*kernel, channels, filters // channels)
        layer = node.add("DepthwiseConv2D", [layer], weights, depth_multiplier=filters // channels, **shared)
    else:
        layer = node.add(f"Conv{rank}D", [layer], weights, filters=filters, groups=groups, **shared)
    return node.drawing.value(layer, order, like=value)


def _transposed_convolution(node: Node) -> Value:
    value, weight = node.value(), node.constant(1)
    _, filters, *kernel = weight.shape
    rank = len(kernel)
    if not 1 <= rank <= 3:
        raise UndrawableError(f"it moves along {rank} axes and not along 1, 2 or 3")
    node.expect("group", 1)
    layer = node.arranged(value, image_order(value, rank))
    *sizes, _ = node.drawing.shape(layer)
    strides, dilations = node.get("strides", [1] * rank), node.get("dilations", [1] * rank)
    extra = node.get("output_padding", [0] * rank)
    reach = [(size - 1) * apart + 1 for size, apart in zip(kernel, dilations, strict=True)]
    whole = [(size - 1) * stride + reached for size, stride, reached in zip(sizes, strides, reach, strict=True)]
    crop = _crop(node, whole, sizes, strides, extra)
    ends = [size - before - after for size, (before, after) in zip(whole, crop, strict=True)]
    # What Keras cuts off for "same": of the edges the smaller half before.
    cut = [max(reached - stride, 0) for reached, stride in zip(reach, strides, strict=True)]
    same = [(total // 2, total - total // 2) for total in cut]
    same_ends = [size * stride for size, stride in zip(sizes, strides, strict=True)]
    is_plain = all(reached >= stride for reached, stride in zip(reach, strides, strict=True))
    weights = {"kernel": np.moveaxis(weight, (0, 1), (-1, -2)), **_bias(node)}  # (in, filters, …) -> (…, filters, in)
    shared = {
        "filters": filters, "kernel_size": kernel, "strides": strides, "dilation_rate": dilations,
        "use_bias": node.has(2),
    }  # fmt: skip
    order = image_order(value, rank)
    if is_plain and crop == same and ends == same_ends:
        return node.drawing.value(node.add(f"Conv{rank}DTranspose", [layer], weights, padding="same", **shared), order)
    # The whole of it, and then what is cut off.
    beyond = [max(-after, 0) for _, after in crop]
    if any(beyond):
        shared["output_padding"] = beyond
        grown = [size + more for size, more in zip(whole, beyond, strict=True)]
    else:
        grown = [
            size * stride + max(reached - stride, 0)
            for size, stride, reached in zip(sizes, strides, reach, strict=True)
        ]
    rest = [(before, there - before - end) for (before, _), there, end in zip(crop, grown, ends, strict=True)]
    suffix = "_grown" if any(map(any, rest)) else ""
    layer = node.add(f"Conv{rank}DTranspose", [layer], weights, suffix=suffix, padding="valid", **shared)
    return node.drawing.value(cropped(node, layer, rest), order)


def _crop(
    node: Node, whole: Sequence[int], sizes: Sequence[int], strides: Sequence[int], extra: Sequence[int]
) -> list[tuple[int, int]]:
    """What is cut off before and behind the whole result; less than nothing where it goes on."""
    wanted = node.get("output_shape", None)
    mode = node.get("auto_pad", "NOTSET")
    if wanted is None and mode in ("SAME_UPPER", "SAME_LOWER"):
        wanted = [size * stride for size, stride in zip(sizes, strides, strict=True)]
    if wanted is not None:
        totals = [there + more - end for there, more, end in zip(whole, extra, wanted[-len(whole) :], strict=True)]
        less, more = [total // 2 for total in totals], [total - total // 2 for total in totals]
        before, after = (less, more) if mode == "SAME_UPPER" else (more, less)
    else:
        pads = node.get("pads", None) or [0] * 2 * len(whole)
        before, after = pads[: len(whole)], pads[len(whole) :]
    return [(front, back - more) for front, back, more in zip(before, after, extra, strict=True)]


def _bias(node: Node) -> dict[str, np.ndarray]:
    return {"bias": node.constant(2)} if node.has(2) else {}


OPERATORS: dict[str, Operator] = {"Conv": _convolution, "ConvTranspose": _transposed_convolution}
