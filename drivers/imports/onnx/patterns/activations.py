"""Activations that exporters write as arithmetic."""

from __future__ import annotations

import math

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.activation import rounded, sloped, softmax
from drivers.imports.onnx.patterns.matching import cubed, near, same, scalar, scaled, shifted, sides, squared
from drivers.imports.onnx.reading import Node, Reading


def gelu(node: Node) -> Value | None:
    """x/2 · (1 + erf(x/√2)), or with tanh(√(2/π) · (x + 0.044715 x³)) in its place. Hendrycks & Gimpel 2016."""
    reading = node.reading
    inner, factor = scaled(reading, node.proto.output[0])
    product = reading.waiting(inner, "Mul")
    if product is None:
        return None
    for first, second in sides(product):
        base, scale = scaled(reading, first)
        gate, more = scaled(reading, second)
        raised = shifted(reading, gate)
        if raised is None or not near(raised[1], 1.0):
            continue
        half = factor * scale * more * 2
        curve = reading.waiting(raised[0], "Erf", "Tanh")
        if curve is None:
            continue
        if curve.kind == "Erf":
            inside, slope = scaled(reading, curve[0])
            if same(reading, inside, base) and near(slope * math.sqrt(2), half) and near(half, 1.0):
                return node.through("GELU", reading.value(base), approximate=False)
        elif near(half, 1.0) and _is_cubic(reading, curve[0], base):
            return node.through("GELU", reading.value(base), approximate=True)
    return None


def _is_cubic(reading: Reading, name: str, base: str) -> bool:
    """Whether it is √(2/π) · (x + 0.044715 x³), as a sum or as x · (1 + 0.044715 x²)."""
    inner, factor = scaled(reading, name)
    node = reading.waiting(inner, "Add", "Mul")
    if node is None or not near(factor, math.sqrt(2 / math.pi)):
        return False
    for first, second in sides(node):
        if not same(reading, first, base):
            continue
        raised = shifted(reading, second) if node.kind == "Mul" else (second, 1.0)
        power, scale = scaled(reading, raised[0]) if raised and near(raised[1], 1.0) else ("", 0.0)
        found = cubed(reading, power) if node.kind == "Add" else squared(reading, power)
        if found is not None and same(reading, found, base) and near(scale, 0.044715):
            return True
    return False


def silu(node: Node) -> Value | None:
    """x · sigmoid(x). Ramachandran et al. 2017."""
    for base, gate in sides(node):
        sigmoid = node.reading.waiting(gate, "Sigmoid")
        if sigmoid is not None and same(node.reading, sigmoid[0], base):
            return node.through("SiLU", node.reading.value(base))
    return None


def leaky(node: Node) -> Value | None:
    """max(x, αx) for 0 < α < 1."""
    for base, other in sides(node):
        found, slope = scaled(node.reading, other)
        if same(node.reading, found, base) and 0 < slope < 1:
            return node.through("LeakyReLU", node.reading.value(base), negative_slope=rounded(slope))
    return None


def positive(node: Node) -> Value | None:
    """max(x, 0)."""
    for base, other in sides(node):
        if scalar(node.reading, other) == 0:
            return node.through("ReLU", node.reading.value(base))
    return None


def clip(node: Node) -> Value | None:
    """min(max(x, 0), m)."""
    low = scalar(node.reading, node[1]) if node.has(1) else node.get("min", None)
    high = scalar(node.reading, node[2]) if node.has(2) else node.get("max", None)
    if low != 0:
        raise UndrawableError(f"it clips below at {low}; a ReLU does at 0")
    bound = {} if high is None or high > 1e6 else {"max_value": rounded(high)}
    return node.through("ReLU", node.value(), **bound)


def prelu(node: Node) -> Value | None:
    """max(x, 0) − α · max(−x, 0), as Keras writes it."""
    reading = node.reading
    for first, second in sides(node):
        positive = reading.maker(first, "Relu")
        product = reading.waiting(second, "Mul")
        if positive is None or product is None:
            continue
        base = positive[0]
        for slope, negative in sides(product):
            if not reading.is_constant(slope):
                continue
            part = reading.maker(negative, "Relu")
            inside = None if part is None else scaled(reading, part[0])
            if inside is not None and same(reading, inside[0], base) and inside[1] == -1:
                sign = 1 if node.kind == "Sub" else -1
                return sloped(node, reading.value(base), sign * reading.constant(slope))
    return None


def softmax_of_exponentials(node: Node) -> Value | None:
    """exp(x − max x) / Σ exp(x − max x)."""
    top, bottom = node.reading.waiting(node[0], "Exp"), node.reading.waiting(node[1], "ReduceSum")
    if top is None or bottom is None or not same(node.reading, bottom[0], node[0]):
        return None
    base = top[0]
    shift = node.reading.waiting(base, "Sub")
    if shift is not None and (most := node.reading.waiting(shift[1], "ReduceMax")) is not None:
        base = shift[0] if same(node.reading, most[0], shift[0]) else base
    value = node.reading.value(base)
    axes = bottom.numbers(1, "axes") or []
    return softmax(node, value, value.place(axes[0])) if len(axes) == 1 else None


def softplus(node: Node) -> Value | None:
    """log(1 + exp x)."""
    raised = shifted(node.reading, node[0])
    inner = node.reading.waiting(raised[0], "Exp") if raised and near(raised[1], 1.0) else None
    return None if inner is None else node.through("Softplus", inner.value())


def stable_softplus(node: Node) -> Value | None:
    """x where x is large, else softplus(x), which is x there to rounding."""
    reading = node.reading
    condition, curve = reading.waiting(node[0], "Greater"), reading.waiting(node[2], "Softplus", "Log")
    if condition is None or curve is None:
        return None
    inside = curve[0]
    if curve.kind == "Log":
        raised = shifted(reading, curve[0])
        exponential = reading.waiting(raised[0], "Exp") if raised and near(raised[1], 1.0) else None
        if exponential is None:
            return None
        inside = exponential[0]
    bound = scalar(reading, condition[1])
    if not (same(reading, condition[0], node[1]) and same(reading, inside, node[1]) and bound and bound >= 15):
        return None
    return node.through("Softplus", reading.value(node[1]))
