"""Activations. Most are arithmetic at the same time, and wait in `patterns` for what they may be a part of."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import row_major
from drivers.imports.onnx.reading import Node, Operator


def _plain(type_: str, **attributes: tuple[str, Any]) -> Operator:
    """A layer whose parameters are attributes: by parameter the attribute's name and what it is by default."""

    def draw(node: Node) -> Value:
        given = {name: node.get(attribute, usual) for name, (attribute, usual) in attributes.items()}
        return node.through(type_, node.value(), **{name: rounded(value) for name, value in given.items()})

    return draw


def rounded(value: float) -> float:
    """A number of single precision as it was written: 0.2 and not 0.20000000298."""
    return float(f"{value:.7g}")


def _gelu(node: Node) -> Value:
    return node.through("GELU", node.value(), approximate=node.get("approximate", "none") == "tanh")


def _swish(node: Node) -> Value:
    node.expect("alpha", 1.0)
    return node.through("SiLU", node.value())


def _prelu(node: Node) -> Value:
    value, slope = node.value(), node.constant(1)
    return sloped(node, value, slope)


def sloped(node: Node, value: Value, slope: np.ndarray) -> Value:
    """PReLU with a slope for each place of some axes."""
    axes = varying(value, slope)
    if not axes:
        layer_shape = node.drawing.shape(value.layer)
        shared = [axis + 1 for axis in range(len(layer_shape))]
        ones = np.full([1] * len(layer_shape), slope.reshape(-1)[0])
        return node.through("PReLU", value, {"alpha": ones}, shared_axes=shared)
    value, places = node.drawing.by_channel(node.name, value, axes)
    layer_shape = node.drawing.shape(value.layer)
    alpha = np.zeros([1] * (len(layer_shape) - 1) + [layer_shape[-1]], np.float32)
    alpha[..., places] = slope.reshape(-1)
    return node.through("PReLU", value, {"alpha": alpha}, shared_axes=list(range(1, len(layer_shape))) or None)


def varying(value: Value, numbers: np.ndarray) -> list[int]:
    """The axes of a tensor along which numbers that are stretched to it differ; none where they are a single number."""
    offset = value.rank - numbers.ndim
    axes = [place + offset for place, size in enumerate(numbers.shape) if size != 1]
    if not axes and offset >= 0:
        return []
    if offset < 0 or value.batch in axes or any(value.size(axis) != numbers.shape[axis - offset] for axis in axes):
        raise UndrawableError(f"its numbers, {list(numbers.shape)}, do not stretch to its other input")
    return axes


def softmax_operator(node: Node) -> Value:
    value = node.value()
    usual = -1 if node.reading.opset >= 13 else 1
    axis = value.place(node.get("axis", usual))
    if node.reading.opset < 13 and axis != value.rank - 1:
        raise UndrawableError("it runs over several axes, as in operator sets before 13")
    return softmax(node, value, axis)


def softmax(node: Node, value: Value, axis: int) -> Value:
    """Softmax along an axis of a tensor."""
    own = row_major(node.drawing.shape(value.layer))
    if value.layout[axis] in own and value.layout[axis]:
        return node.through("Softmax", value, axis=own.index(value.layout[axis]) + 1)
    order = [place for place in value.features if place != axis] + [axis]
    value = node.drawing.value(node.arranged(value, order), order, like=value)
    return node.through("Softmax", value, axis=-1)


OPERATORS: dict[str, Operator] = {
    "Elu": _plain("ELU", alpha=("alpha", 1.0)),
    "Gelu": _gelu,
    "LeakyRelu": _plain("LeakyReLU", negative_slope=("alpha", 0.01)),
    "PRelu": _prelu,
    "Relu": _plain("ReLU"),
    "Selu": _plain("SELU"),
    "Swish": _swish,
}
