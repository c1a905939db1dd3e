"""Attention that exporters write as products; what it is then, `operators.attention` knows."""

from __future__ import annotations

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators import attention
from drivers.imports.onnx.operators.products import Factors, factors_of
from drivers.imports.onnx.patterns.matching import scaled, sides
from drivers.imports.onnx.reading import Node


def attention_of_products(node: Node) -> Value | None:
    """softmax(s · q·kᵀ + m)·v, m the mask that hides later places or none. Vaswani et al. 2017, eq. 1."""
    reading = node.reading
    blend = _factors(node)
    shares = None if blend is None else reading.waiting(blend.names[0], "Softmax")
    if blend is None or shares is None:
        return None
    name, scale = scaled(reading, shares[0])
    masked = reading.waiting(name, "Add")
    is_causal = False
    for other, mask in sides(masked) if masked is not None and scale == 1 else ():
        if reading.is_constant(mask) and attention.is_causal(reading.constant(mask)):
            is_causal = True
            name, scale = scaled(reading, other)
    comparison = reading.waiting(name, "MatMul", "Einsum")
    scores = None if comparison is None else _factors(comparison)
    if scores is None:
        return None
    query, key = scores.left(reading.value(scores.names[0])), scores.right(reading.value(scores.names[1]))
    order = scores.order or range(query.rank)
    axis = order[shares.get("axis", -1 if reading.opset >= 13 else 1) % query.rank]
    blended = [order[axis] for axis in blend.orders[0] or range(query.rank)]
    if axis != query.rank - 1 or blended != list(range(query.rank)):
        return None
    value = blend.right(reading.value(blend.names[1]))
    result = attention.attend(node, query, key, value, scale=scale, is_causal=is_causal)
    return None if result is None else blend.result(result)


def _factors(node: Node) -> Factors | None:
    """The two tensors of a product, where it is one of two tensors that are matrices."""
    if any(node.reading.is_constant(name) for name in node.names):
        return None
    try:
        return factors_of(node)
    except UndrawableError:
        return None
