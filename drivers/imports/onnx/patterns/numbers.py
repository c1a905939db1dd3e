"""Numbers of the file that are added to a tensor, or that it is multiplied by."""

from __future__ import annotations

import numpy as np

from drivers.imports.drawing import Value
from drivers.imports.onnx.patterns.affine import affine
from drivers.imports.onnx.patterns.composed import COMPOSED
from drivers.imports.onnx.reading import Node, Waiting


def affine_of_numbers(node: Node) -> Value | None:
    """x · a + b, with one number, or one for each channel."""
    reading, name = node.reading, node.proto.output[0]
    scale, offset = np.ones(1), np.zeros(1)
    while (step := reading.waiting(name, "Add", "Sub", "Mul", "Div", "Neg")) is not None:
        if step is not node and (reading.uses[name] > 1 or _is_more(step)):
            break
        found = _step(step)
        if found is None:
            break
        name, factor, shift = found
        offset, scale = offset + scale * shift, scale * factor
    if name == node.proto.output[0]:
        return None
    value = reading.value(name)
    return affine(node, value, scale.astype(np.float32), offset.astype(np.float32), is_alone=value.is_alone)


def _is_more(step: Node) -> bool:
    """Whether an operator ends a pattern that is more than numbers; then it is drawn as that."""
    waiting = step.reading.tensors[step.proto.output[0]]
    assert isinstance(waiting, Waiting)
    if waiting.value is None:
        found = (pattern(step) for pattern in COMPOSED.get(step.kind, ()))
        waiting.value = next((value for value in found if value is not None), None)
    return waiting.value is not None


def _step(node: Node) -> tuple[str, np.ndarray, np.ndarray] | None:
    """The tensor that an operator puts to numbers, what it is multiplied by, what is added."""
    one, zero = np.ones(1), np.zeros(1)
    if node.kind == "Neg":
        return node[0], -one, zero
    is_first, is_second = (node.reading.is_constant(name) for name in (node[0], node[1]))
    if is_first == is_second:
        return None
    number = node.constant(0 if is_first else 1).astype(np.float64)
    other = node[1] if is_first else node[0]
    if node.kind == "Add":
        return other, one, number
    if node.kind == "Mul":
        return other, number, zero
    if node.kind == "Sub":
        return (other, -one, number) if is_first else (other, one, -number)
    return None if is_first else (other, 1 / number, zero)
