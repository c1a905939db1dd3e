"""Operators that enlarge, pad and cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import row_major
from drivers.imports.onnx.reading import Node, Operator

Edges = Sequence[tuple[int, int]]
EVEN = ("asymmetric", "half_pixel", "pytorch_half_pixel")
"""How places of an enlarged image are counted where whole factors repeat each pixel as often."""


def padded(node: Node, layer: str, edges: Edges) -> str:
    """Zeros around a layer that has as many axes to move along, and channels."""
    return _edged(node, layer, edges, "ZeroPadding", "padding")


def cropped(node: Node, layer: str, edges: Edges) -> str:
    """A layer without its edges."""
    return _edged(node, layer, edges, "Cropping", "cropping")


def _edged(node: Node, layer: str, edges: Edges, kind: str, parameter: str) -> str:
    if not any(map(any, edges)):
        return layer
    sides = [list(edge) for edge in edges]
    shape = node.drawing.shape(layer)
    if len(edges) == 3:
        # There is no such layer for volumes: one axis, then the two others.
        rows = node.drawing.value(layer)
        first, second, third, channels = 1, 2, 3, 4
        for axis, edge in zip((first, second, third), edges, strict=True):
            rows = _along(node, rows, axis, edge, kind, parameter) if any(edge) else rows
        return node.arranged(rows, [first, second, third, channels])
    assert len(shape) == len(edges) + 1
    name = f"_{parameter.removesuffix('ping').removesuffix('ing')}"
    value = sides[0] if len(sides) == 1 else sides
    return node.add(f"{kind}{len(edges)}D", [layer], suffix=name, **{parameter: value})


def _along(node: Node, value: Value, axis: int, edge: tuple[int, int], kind: str, parameter: str) -> Value:
    """Edges of one axis: it becomes the steps of a sequence, all the others its channels."""
    others = [place for place in value.features if place != axis]
    rest = tuple(digit for place in others for digit in value.layout[place])
    layer = node.drawing.arranged_axes(node.name, value, [value.layout[axis], rest])
    layer = node.add(f"{kind}1D", [layer], None, "", **{parameter: list(edge)})
    steps, channels = row_major(node.drawing.shape(layer))
    inner = node.drawing.shape(layer)[1]
    layout = list(value.layout)
    layout[axis] = steps
    for place in others:
        size = value.size(place)
        inner //= size
        layout[place] = ((size, inner),) if size != 1 else ()
    assert not channels or channels[0][1] == 1
    return Value(layer, tuple(layout))


def _settled(node: Node, value: Value) -> Value:
    """An image or a sequence that lies in a row, over a layer that has its shape."""
    order = [axis for axis in value.features if value.size(axis) != 1]
    strides = [digit[1] for axis in value.axes(order) for digit in axis]
    if len(node.drawing.shape(value.layer)) != 1 or len(order) not in (2, 3) or strides != sorted(strides)[::-1]:
        return value
    return node.drawing.value(node.arranged(value, order), order, like=value)


def _is_row(node: Node, value: Value, axis: int) -> bool:
    """Whether an axis is one that an image's or a sequence's layer moves along."""
    place, rank = node.drawing.place_of(value, axis), len(node.drawing.shape(value.layer))
    return place is not None and rank in (2, 3) and place < rank - 1


def _edged_in_place(node: Node, value: Value, axis: int, edge: tuple[int, int], kind: str, parameter: str) -> Value:
    """Edges of one axis, together with those of the other that were just given to the same image."""
    place, rank = node.drawing.place_of(value, axis), len(node.drawing.shape(value.layer)) - 1
    assert place is not None
    sides = [[0, 0] for _ in range(rank)]
    sides[place] = list(edge)
    before = node.drawing.layers[value.layer]
    type_, source = f"{kind}{rank}D", value.layer
    if value.is_alone and before["type"] == type_:
        (source,) = before["inputs"]
        given = before[parameter] if rank > 1 else [before[parameter]]
        sides = [[own[0] + more[0], own[1] + more[1]] for own, more in zip(given, sides, strict=True)]
    if kind == "Cropping" and value.is_alone and _becomes_same(node, source, sides):
        return node.drawing.grown(source, value, axis)
    layer = node.add(type_, [source], None, "", **{parameter: sides if rank > 1 else sides[0]})
    return node.drawing.grown(layer, value, axis)


def _becomes_same(node: Node, layer: str, sides: Sequence[Sequence[int]]) -> bool:
    """Has a transposed convolution cut these edges by itself, if they are those of padding "same"."""
    found = node.drawing.layers[layer]
    if not found["type"].endswith("Transpose") or found["padding"] != "valid" or "output_padding" in found:
        return False
    sizes = zip(found["kernel_size"], found["dilation_rate"], found["strides"], strict=True)
    cut = [max((size - 1) * apart + 1 - stride, 0) for size, apart, stride in sizes]
    if [list(side) for side in sides] != [[total // 2, total - total // 2] for total in cut]:
        return False
    node.drawing.change(layer, padding="same")
    return True


def edged(node: Node, value: Value, edges: dict[int, tuple[int, int]]) -> Value:
    """Zeros around axes of a tensor, or fewer of their places where an edge is less than nothing."""
    for kind, parameter, sign in (("ZeroPadding", "padding", 1), ("Cropping", "cropping", -1)):
        found = {axis: (max(sign * before, 0), max(sign * after, 0)) for axis, (before, after) in edges.items()}
        found = {axis: edge for axis, edge in found.items() if any(edge)}
        left = {axis: edge for axis, edge in found.items() if not _is_row(node, value, axis)}
        for axis in [axis for axis in found if axis not in left]:
            value = _edged_in_place(node, value, axis, found[axis], kind, parameter)
        found = left
        if len(found) == 2 and value.rank == 4:
            rest = [place for place in value.features if place not in found]
            order = [*sorted(found), *rest]
            layer = node.arranged(value, order)
            sides = [list(found[axis]) for axis in sorted(found)]
            layer = node.add(f"{kind}2D", [layer], None, "", **{parameter: sides})
            value = node.drawing.value(layer, order, like=value)
        else:
            for axis, edge in found.items():
                value = _along(node, value, axis, edge, kind, parameter)
    return value


def _pad(node: Node) -> Value:
    value = node.value()
    if node.get("mode", "constant") != "constant":
        raise UndrawableError(f"mode is {node.get('mode', '')} and not constant: there are only zeros around images")
    if node.has(2) and np.any(node.constant(2)):
        raise UndrawableError("it pads with other numbers than zeros")
    pads = node.numbers(1, "pads") or []
    axes = node.numbers(3) or list(range(value.rank))
    if len(pads) != 2 * len(axes):
        raise UndrawableError(f"pads has {len(pads)} numbers and not {2 * len(axes)}")
    edges = list(zip(axes, zip(pads[: len(axes)], pads[len(axes) :], strict=True), strict=True))
    return edged(node, value, {value.place(axis): edge for axis, edge in edges if any(edge)})


def sliced(node: Node, value: Value, axis: int, start: int, stop: int) -> Value:
    """The places of an axis from one up to another."""
    size = value.size(axis)
    if not 0 <= start < stop <= size:
        raise UndrawableError(f"it takes the places {start} to {stop} of {size}")
    return edged(node, value, {axis: (-start, stop - size)}) if stop - start < size else value


def _slice(node: Node) -> Value:
    value = node.value()
    starts, stops = node.numbers(1, "starts") or [], node.numbers(2, "ends") or []
    axes = node.numbers(3, "axes") or list(range(len(starts)))
    steps = node.numbers(4) or [1] * len(axes)
    if set(steps) != {1}:
        raise UndrawableError(f"it steps by {steps} and not by 1")
    for axis, start, stop in zip(axes, starts, stops, strict=True):
        if axis % value.rank == value.batch and start == 0 and stop >= node.reading.batch:
            continue
        place = value.place(axis)
        size = value.size(place)
        start, stop = (min(max(at + size if at < 0 else at, 0), size) for at in (start, stop))
        value = sliced(node, value, place, start, stop)
    return value


def _split(node: Node) -> list[Value | None]:
    value = node.value()
    axis, count = value.place(node.get("axis", 0)), len(node.proto.output)
    size = value.size(axis)
    parts = node.numbers(1, "split") or [
        min(-(-size // count), size - place * -(-size // count)) for place in range(count)
    ]
    if sum(parts) != size or len(parts) != count or min(parts) < 1:
        raise UndrawableError(f"it splits {size} places into {parts}")
    found: list[Value | None] = []
    start = 0
    for place, part in enumerate(parts):
        found.append(sliced(node, value, axis, start, start + part) if node.is_used(place) else None)
        start += part
    return found


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
    for axis in [axis for axis in grown if axis > 0 and _is_row(node, value, axis - 1)]:
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


OPERATORS: dict[str, Operator] = {
    "Expand": _expand,
    "Pad": _pad,
    "Resize": _resize,
    "Slice": _slice,
    "Split": _split,
    "Tile": _tile,
    "Upsample": _resize,
}
