"""Operators that put zeros around a tensor, and that take parts of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import row_major
from drivers.imports.onnx.reading import Node, Operator

Edges = Sequence[tuple[int, int]]


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
        left = {axis: edge for axis, edge in found.items() if not is_row(node, value, axis)}
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


def is_row(node: Node, value: Value, axis: int) -> bool:
    """Whether an axis is one that an image's or a sequence's layer moves along."""
    place, rank = node.drawing.place_of(value, axis), len(node.drawing.shape(value.layer))
    return place is not None and rank in (2, 3) and place < rank - 1


OPERATORS: dict[str, Operator] = {"Pad": _pad, "Slice": _slice, "Split": _split}
