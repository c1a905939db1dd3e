"""Pooling over windows and over everything."""

from __future__ import annotations

from dataclasses import replace

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.convolution import edges, image_order, is_same
from drivers.imports.onnx.reading import Node, Operator


def _pooling(type_: str) -> Operator:
    def draw(node: Node) -> Value:
        value, kernel = node.value(), node.get("kernel_shape", [])
        rank = len(kernel)
        if rank not in (1, 2):
            raise UndrawableError(f"it moves along {rank} axes and not along 1 or 2")
        node.expect("dilations", [1] * rank)
        order = image_order(value, rank)
        layer = node.arranged(value, order)
        *sizes, _ = node.drawing.shape(layer)
        strides = node.get("strides", [1] * rank)
        padding = edges(node, sizes, kernel, strides)
        same = is_same(padding, sizes, kernel, strides)
        padded = any(map(any, padding))
        if padded and not same:
            raise UndrawableError(f"it pads by {padding}, which is not what padding 'same' does")
        if padded and type_ == "AveragePooling" and node.get("count_include_pad", 0):
            raise UndrawableError("it counts the zeros around the image into its averages")
        if node.get("ceil_mode", 0) and any(
            (size + before + after - reach) % stride
            for size, (before, after), reach, stride in zip(sizes, padding, kernel, strides, strict=True)
        ):
            raise UndrawableError("ceil_mode gives windows that reach beyond the image")
        layer = node.add(
            f"{type_}{rank}D", [layer], pool_size=kernel, strides=strides, padding="same" if padded else "valid"
        )
        return node.drawing.value(layer, order)

    return draw


def _global(type_: str) -> Operator:
    def draw(node: Node) -> Value:
        value = node.value()
        return pooled(node, type_, value, list(range(2, value.rank)), keep=True)

    return draw


def pooled(node: Node, type_: str, value: Value, axes: list[int], *, keep: bool) -> Value:
    """The average or maximum over axes of a tensor, which have the size 1 then, or are gone."""
    axes = sorted(axes)
    rest = [axis for axis in value.features if axis not in axes]
    if len(axes) == 2 and len(rest) == 1:
        layer = node.arranged(value, [*axes, *rest])
        layer = node.add(f"{type_}2D", [layer])
    else:
        along = tuple(digit for axis in axes for digit in value.layout[axis])
        across = tuple(digit for axis in rest for digit in value.layout[axis])
        layer = node.drawing.arranged_axes(node.name, value, [along, across])
        layer = node.add(f"{type_}1D", [layer])
    layout = list(value.layout)
    (inner,) = node.drawing.shape(layer)
    for axis in rest:
        inner //= value.size(axis)
        layout[axis] = ((value.size(axis), inner),) if value.size(axis) != 1 else ()
    for axis in axes:
        layout[axis] = ()
    result = Value(layer, tuple(layout))
    if keep:
        return result
    return replace(result, layout=tuple(axis for place, axis in enumerate(layout) if place not in axes))


OPERATORS: dict[str, Operator] = {
    "AveragePool": _pooling("AveragePooling"),
    "GlobalAveragePool": _global("GlobalAveragePooling"),
    "GlobalMaxPool": _global("GlobalMaxPooling"),
    "MaxPool": _pooling("MaxPooling"),
}
