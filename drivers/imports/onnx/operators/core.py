"""Tables, and what joins tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.edges import sliced
from drivers.imports.onnx.reading import Node, Operator


def _gather(node: Node) -> Value:
    if node.reading.is_constant(node[0]):
        return _embedding(node)
    value, index = node.value(0), node.constant(1)
    axis = value.place(node.get("axis", 0))
    places = [int(place) % value.size(axis) for place in index.reshape(-1)]
    if index.ndim > 1 or places != list(range(places[0], places[0] + len(places))):
        raise UndrawableError("it gathers places that do not follow each other")
    value = sliced(node, value, axis, places[0], places[-1] + 1)
    if index.ndim == 0:
        return replace(value, layout=tuple(found for place, found in enumerate(value.layout) if place != axis))
    return value


def _embedding(node: Node) -> Value:
    """The rows of a table by the numbers of classes."""
    table, label = node.constant(0), node.value(1)
    node.expect("axis", 0)
    _expect_label(node, label)
    if table.ndim != 2:
        raise UndrawableError(f"its table has {table.ndim} axes and not 2")
    rows, width = table.shape
    return _table(node, label, table, rows=rows, width=width)


def _one_hot(node: Node) -> Value:
    """A class as a list with a single one is a row of the identity, which does not learn."""
    label, depth = node.value(0), int(node.constant(1).reshape(-1)[0])
    off, on = (float(value) for value in node.constant(2).reshape(-1))
    _expect_label(node, label)
    if node.get("axis", -1) not in (-1, label.rank):
        raise UndrawableError("it puts the classes along another axis than the last")
    value = _table(node, label, np.eye(depth) * (on - off) + off, rows=depth, width=depth)
    node.drawing.layers[value.layer]["trainable"] = False
    return value


def _expect_label(node: Node, label: Value) -> None:
    if node.drawing.layers[label.layer].get("source") != "label":
        raise UndrawableError("it looks up other numbers than those of classes")


def _table(node: Node, label: Value, table: np.ndarray, *, rows: int, width: int) -> Value:
    weights = {"embeddings": table}
    layer = node.add("Embedding", [label.layer], weights, input_dim=rows, output_dim=width)
    return Value(layer, (*label.layout, ((width, 1),) if width != 1 else ()))


def _concatenate(node: Node) -> Value:
    values = [node.reading.value(name) for name in node.names]
    if len(values) == 1:
        return values[0]
    axis = values[0].place(node.get("axis", 0))
    order = common_order(node, values)
    layers = [node.arranged(value, order) for value in values]
    place = order.index(axis) + 1
    layer = node.add("Concatenate", layers, axis=-1 if place == len(order) else place)
    return node.drawing.value(layer, order, like=values[0])


def common_order(node: Node, values: Sequence[Value]) -> list[int]:
    """An order of axes in which as many tensors as possible lie already.

    Raises:
        UndrawableError: they have not as many axes, or their batches stand at different places.
    """
    first = values[0]
    if any(value.rank != first.rank or value.batch != first.batch for value in values):
        raise UndrawableError("its inputs have different numbers of axes")
    plain = first.features
    orders = [[*plain[1:], plain[0]], plain] if len(plain) > 1 else [plain]

    def lie(order: list[int]) -> int:
        return sum(_lies(node, value, order) for value in values)

    return max(orders, key=lie)


def _lies(node: Node, value: Value, order: Sequence[int]) -> bool:
    """Whether a tensor's numbers come in this order in their layer already."""
    strides = [digit[1] for axis in value.axes(order) for digit in axis]
    return strides == sorted(strides, reverse=True)


def merged(node: Node, type_: str, values: Sequence[Value]) -> Value:
    """A layer that joins tensors number by number, whose sizes are alike or 1."""
    first = values[0]
    shapes = {node.drawing.shape(value.layer) for value in values}
    if len({value.layout for value in values}) == 1 and len(shapes) == 1:
        return Value(node.add(type_, [value.layer for value in values]), first.layout)
    order = common_order(node, values)
    layer = node.add(type_, [node.arranged(value, order) for value in values])
    return node.drawing.value(layer, order, like=first)


OPERATORS: dict[str, Operator] = {
    "Concat": _concatenate,
    "Gather": _gather,
    "OneHot": _one_hot,
}
