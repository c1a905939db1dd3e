"""Operators that enlarge a tensor, or repeat it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.edges import is_row
from drivers.imports.onnx.reading import Node, Operator

EVEN = ("asymmetric", "half_pixel", "pytorch_half_pixel")
"""How places of an enlarged image are counted where whole factors repeat each pixel as often."""


def _resize(node: Node) -> Value:
    value = node.value()
    is_upsample = node.kind == "Upsample"
    scales = node.constant(1 if is_upsample else 2) if node.has(1 if is_upsample else 2) else np.zeros(0)
    sizes = node.numbers(3) if node.has(3) else None
    axes = [axis % value.rank for axis in node.get("axes", None) or range(value.rank)]
    if sizes is not None:
        growth = {axis: to / value.size(axis) for axis, to in zip(axes, sizes, strict=True) if axis != value.batch}
    else:
        growth = {axis: float(by) for axis, by in zip(axes, scales.reshape(-1), strict=True) if axis != value.batch}
    growth = {axis: by for axis, by in growth.items() if by != 1}
    if any(by != int(by) or by < 1 for by in growth.values()):
        factors = ", ".join(f"{by:g}" for by in growth.values())
        raise UndrawableError(f"it resizes by {factors}; an UpSampling layer enlarges by whole numbers")
    mode = node.get("mode", "nearest")
    places = node.get("coordinate_transformation_mode", "asymmetric" if is_upsample else "half_pixel")
    rounding = node.get("nearest_mode", "floor" if is_upsample else "round_prefer_floor")
    is_even = places in EVEN and (rounding == "floor") == (places == "asymmetric")
    if not growth:
        return value
    if mode == "nearest" and is_even:
        interpolation = "nearest"
    elif mode == "linear" and places in EVEN[1:]:
        interpolation = "bilinear"
    else:
        raise UndrawableError(
            f"it resizes by the mode {mode}, {places}; UpSampling2D has nearest and bilinear, half_pixel"
        )
    return enlarged(node, value, {axis: int(by) for axis, by in growth.items()}, interpolation)


def enlarged(node: Node, value: Value, growth: dict[int, int], interpolation: str = "nearest") -> Value:
    """Axes of an image or a sequence as many times as long."""
    channels = [axis for axis in value.features if axis not in growth]
    if value.rank == 4 and len(growth) == 1:
        axis = max(channels) if max(channels) > 1 else channels[0]
        spatial = sorted([*growth, 2 if 2 in channels else 3 if 3 in channels else axis])
    else:
        spatial = sorted(growth)
    rest = [axis for axis in value.features if axis not in spatial]
    if len(rest) != 1 or len(spatial) not in (1, 2) or (len(spatial) == 1 and interpolation != "nearest"):
        raise UndrawableError("it enlarges other axes than those of an image or a sequence")
    order = [*spatial, *rest]
    layer = node.arranged(value, order)
    size = [growth.get(axis, 1) for axis in spatial]
    if len(spatial) == 1:
        layer = node.add("UpSampling1D", [layer], size=size[0])
    else:
        layer = node.add("UpSampling2D", [layer], size=size, interpolation=interpolation)
    return node.drawing.value(layer, order, like=value)


def _expand(node: Node) -> Value:
    value, target = node.value(), node.numbers(1) or []
    value, target = _aligned(value, target)
    return _repeated(node, value, {axis: to for axis, to in enumerate(target) if axis != value.batch and to > 1})


def _tile(node: Node) -> Value:
    value, repeats = node.value(), node.numbers(1) or []
    if len(repeats) != value.rank or repeats[value.batch] != 1:
        raise UndrawableError("it repeats the batch")
    return _repeated(node, value, {axis: by for axis, by in enumerate(repeats) if by > 1}, tile=True)


def _aligned(value: Value, target: Sequence[int]) -> tuple[Value, list[int]]:
    if len(target) > value.rank:
        raise UndrawableError("it gives its input more axes in front of the batch")
    return value, [1] * (value.rank - len(target)) + list(target)


def _repeated(node: Node, value: Value, sizes: dict[int, int], *, tile: bool = False) -> Value:
    """The same numbers at each place of axes that had a single one."""
    grown = {axis: to for axis, to in sizes.items() if tile or value.size(axis) != to}
    if any(value.size(axis) != 1 for axis in grown):
        raise UndrawableError("it repeats axes that are longer than 1")
    value = _settled(node, value)
    for axis in [axis for axis in grown if axis > 0 and is_row(node, value, axis - 1)]:
        value = _enlarged_in_place(node, value, axis - 1, grown.pop(axis))
    if not grown:
        return value
    times = int(np.prod(list(grown.values())))
    rest = tuple(digit for axis in value.axes() for digit in axis)
    layer = node.drawing.arranged_axes(node.name, value, [rest])
    layer = node.add("RepeatVector", [layer], n=times)
    inner = node.drawing.shape(layer)[1]
    layout = list(value.layout)
    left = times * inner
    for axis, to in sorted(grown.items()):
        left //= to
        layout[axis] = ((to, left),)
    for axis in value.features:
        if axis not in grown:
            inner //= value.size(axis)
            layout[axis] = ((value.size(axis), inner),) if value.size(axis) != 1 else ()
    return Value(layer, tuple(layout))


def _enlarged_in_place(node: Node, value: Value, axis: int, by: int) -> Value:
    """Each place of an axis several times, one behind the other: the next axis of the tensor counts them."""
    drawing = node.drawing
    place, rank = drawing.place_of(value, axis), len(drawing.shape(value.layer)) - 1
    assert place is not None
    size = [1] * rank
    size[place] = by
    before = drawing.layers[value.layer]
    type_, source = f"UpSampling{rank}D", value.layer
    if value.is_alone and before["type"] == type_:
        (source,) = before["inputs"]
        given = before["size"] if rank > 1 else [before["size"]]
        size = [own * more for own, more in zip(given, size, strict=True)]
    layer = node.add(type_, [source], size=size if rank > 1 else size[0])
    places = value.size(axis)
    found = drawing.grown(layer, value, axis)
    layout = list(found.layout)
    ((_, stride),) = layout[axis]
    layout[axis] = ((places, by * stride),) if places != 1 else ()
    layout[axis + 1] = ((by, stride),)
    return Value(layer, tuple(layout))


def _settled(node: Node, value: Value) -> Value:
    """An image or a sequence that lies in a row, over a layer that has its shape."""
    order = [axis for axis in value.features if value.size(axis) != 1]
    strides = [digit[1] for axis in value.axes(order) for digit in axis]
    if len(node.drawing.shape(value.layer)) != 1 or len(order) not in (2, 3) or strides != sorted(strides)[::-1]:
        return value
    return node.drawing.value(node.arranged(value, order), order, like=value)


OPERATORS: dict[str, Operator] = {
    "Expand": _expand,
    "Resize": _resize,
    "Tile": _tile,
    "Upsample": _resize,
}
