"""Arithmetic that is no part of anything larger: an operator, a layer."""

from __future__ import annotations

import math

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.core import merged
from drivers.imports.onnx.operators.pooling import pooled
from drivers.imports.onnx.patterns.matching import Pattern, squared
from drivers.imports.onnx.reading import Node


def plain(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        return node.through(type_, node.value())

    return drawn


def merging(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        if any(node.reading.is_constant(name) for name in node.names):
            return None
        values = [node.reading.value(name) for name in node.names]
        return merged(node, type_, values) if len(values) > 1 else values[0]

    return drawn


def square(node: Node) -> Value | None:
    """x², as the product of a layer with itself."""
    if squared(node.reading, node.proto.output[0]) is None:
        return None
    return merged(node, "Multiply", [node.value(), node.value()])


def reduced(type_: str) -> Pattern:
    def drawn(node: Node) -> Value | None:
        value = node.value()
        given = node.numbers(1, "axes")
        if not given:
            raise UndrawableError("it reduces every axis, the batch among them")
        axes = [value.place(axis) for axis in given]
        result = pooled(node, type_, value, axes, keep=bool(node.get("keepdims", 1)))
        if node.kind != "ReduceSum":
            return result
        count = math.prod(value.size(axis) for axis in axes)
        return node.through("Rescaling", result, scale=float(count))

    return drawn
