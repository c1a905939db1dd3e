"""Operators that only move numbers about: they change how a tensor lies in a layer's output, and draw nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import BATCH, Axis, regrouped, size
from drivers.imports.onnx.reading import Node, Operator


def _same(node: Node) -> Value:
    return node.value()


def _cast(node: Node) -> Value:
    """Numbers of another kind: the number of a class stays what it is, and nothing else becomes a whole number."""
    from onnx import TensorProto

    value, kind = node.value(), node.get("to", None)
    is_label = node.drawing.layers[value.layer].get("source") == "label"
    if kind == TensorProto.BOOL or (kind in (TensorProto.INT32, TensorProto.INT64) and not is_label):
        raise UndrawableError("it rounds, which no layer does")
    return value


def _transpose(node: Node) -> Value:
    value = node.value()
    order = node.get("perm", None) or list(range(value.rank))[::-1]
    if sorted(order) != list(range(value.rank)):
        raise UndrawableError(f"perm is {list(order)}, not each of the {value.rank} axes once")
    return replace(value, layout=tuple(value.layout[axis] for axis in order))


def _flatten(node: Node) -> Value:
    value = node.value()
    axis = node.get("axis", 1)
    if value.batch != 0 or axis not in (1, 1 - value.rank):
        raise UndrawableError("it flattens the batch together with other axes")
    return replace(value, layout=(BATCH, tuple(digit for found in value.axes() for digit in found)))


def _reshape(node: Node) -> Value:
    value, target = node.value(), node.numbers(1, "shape")
    if target is None:
        raise UndrawableError("it says no shape")
    batch = node.reading.batch
    sizes = value.sizes(batch)
    if not node.get("allowzero", 0):
        target = [sizes[place] if wanted == 0 and place < len(sizes) else wanted for place, wanted in enumerate(target)]
    if -1 in target:
        known = -prod(target)
        target = [prod(sizes) // known if wanted == -1 and known else wanted for wanted in target]
    result = reshaped(value, target, batch)
    if result.units is not None and result.rank > 2 and node.reading.has_channels_first(node.proto.output[0]):
        # A Dense makes this image, and nothing has read it: its units come in the order that a drawing has.
        order = [*range(2, result.rank), 1]
        return node.drawing.value(node.arranged(result, order), order)
    return result


def reshaped(value: Value, target: Sequence[int], batch: int) -> Value:
    """The tensor along other axes, of which one holds the batch: by itself, or where need be together with others."""
    if min(target, default=1) < 1:
        raise UndrawableError(f"it reshapes to {list(target)}")
    digits = [digit for axis in value.layout for digit in axis]
    at = digits.index(BATCH[0])
    ahead, behind = tuple(digits[:at]), tuple(digits[at + 1 :])
    places = _places_of_batch(size(ahead), target, batch)
    if batch == 1 and 1 in target and all(before * after != 1 for _, before, after in places):
        # A batch of one moves no number, wherever it stands.
        axes = regrouped([ahead, behind], target)
        if axes is not None:
            place = target.index(1)
            return replace(value, layout=(*axes[:place], BATCH, *axes[place + 1 :]))
    if not places:
        raise UndrawableError("it tears the batch apart")
    own = None if value.is_merged else value.batch
    for place, before, after in sorted(places, key=lambda found: _merging(found, own)):
        front = regrouped([ahead], [*target[:place], before])
        back = regrouped([behind], [after, *target[place + 1 :]])
        if front is not None and back is not None:
            return replace(value, layout=(*front[:-1], front[-1] + BATCH + back[0], *back[1:]))
    sizes = "x".join(str(prod(found for found, _ in axis)) for axis in value.layout if axis != BATCH)
    raise UndrawableError(f"it reshapes {sizes}, whose axes come in another order, to {list(target)}")


def _places_of_batch(ahead: int, target: Sequence[int], batch: int) -> list[tuple[int, int, int]]:
    """Which of the target's axes may hold the batch, each with how many places before and after it are in the axis."""
    found = []
    for place, wanted in enumerate(target):
        before, rest = divmod(ahead, prod(target[:place]))
        if not rest and wanted % (before * batch) == 0:
            found.append((place, before, wanted // (before * batch)))
    return found


def _merging(found: tuple[int, int, int], own: int | None) -> tuple[bool, bool, bool]:
    """How much a place for the batch merges; the least first."""
    place, before, after = found
    return (before, after) != (1, 1), after != 1, place != own


def _squeeze(node: Node) -> Value:
    value = node.value()
    given = node.numbers(1, "axes")
    ones = [axis for axis in value.features if value.size(axis) == 1]
    axes = ones if given is None else [value.place(axis) for axis in given]
    if any(axis not in ones for axis in axes):
        raise UndrawableError(f"it takes away the axes {axes}, which are not all of the size 1")
    return replace(value, layout=tuple(axis for place, axis in enumerate(value.layout) if place not in axes))


def _unsqueeze(node: Node) -> Value:
    value, axes = node.value(), node.numbers(1, "axes") or []
    rank = value.rank + len(axes)
    layout: list[Axis | None] = [None] * rank
    for axis in axes:
        if not -rank <= axis < rank:
            raise UndrawableError(f"there is no axis {axis}")
        if layout[axis] is not None:
            raise UndrawableError(f"it names the axis {axis} twice")
        layout[axis] = ()
    rest = iter(value.layout)
    return replace(value, layout=tuple(next(rest) if axis is None else axis for axis in layout))


def _depth_to_space(node: Node) -> Value:
    """(N, C·b·b, H, W) -> (N, C, H·b, W·b), the order of the three parts by the mode."""
    value, block = node.value(), node.get("blocksize", 1)
    _expect_image(value)
    channels = value.size(1) // (block * block)
    is_depth_first = node.get("mode", "DCR") == "DCR"
    parts = regrouped(value.layout[1:2], [block, block, channels] if is_depth_first else [channels, block, block])
    if parts is None:
        raise UndrawableError(f"its {value.size(1)} channels are not squares of the side {block}")
    channel, down, right = (parts[2], parts[0], parts[1]) if is_depth_first else parts
    _, _, height, width = value.layout
    return replace(value, layout=(BATCH, channel, height + down, width + right))


def _space_to_depth(node: Node) -> Value:
    """(N, C, H·b, W·b) -> (N, b·b·C, H, W)."""
    value, block = node.value(), node.get("blocksize", 1)
    _expect_image(value)
    rows = regrouped(value.layout[2:3], [value.size(2) // block, block])
    columns = regrouped(value.layout[3:4], [value.size(3) // block, block])
    if rows is None or columns is None:
        raise UndrawableError(f"its pixels are not squares of the side {block}")
    return replace(value, layout=(BATCH, rows[1] + columns[1] + value.layout[1], rows[0], columns[0]))


def _expect_image(value: Value) -> None:
    if value.rank != 4 or value.batch != 0:
        raise UndrawableError("its input is no image with its channels first")


OPERATORS: dict[str, Operator] = {
    "Cast": _cast,
    "DepthToSpace": _depth_to_space,
    "Dropout": _same,
    "Flatten": _flatten,
    "Identity": _same,
    "Reshape": _reshape,
    "SpaceToDepth": _space_to_depth,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
