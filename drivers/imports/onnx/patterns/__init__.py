"""Arithmetic, and the layers that exporters write as arithmetic: activations, normalizations, biases, scales.

An operator of `ARITHMETIC` waits until something reads it. Then `draw` asks what it is the last step of, from the
largest pattern to the operator alone.
"""

from __future__ import annotations

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.onnx.operators.activation import softmax_operator
from drivers.imports.onnx.operators.products import product
from drivers.imports.onnx.patterns.activations import clip, gelu, leaky, positive, softplus, stable_softplus
from drivers.imports.onnx.patterns.alone import merging, plain, reduced, square
from drivers.imports.onnx.patterns.attention import attention_of_products
from drivers.imports.onnx.patterns.composed import COMPOSED
from drivers.imports.onnx.patterns.matching import Pattern
from drivers.imports.onnx.patterns.numbers import affine_of_numbers
from drivers.imports.onnx.reading import Node

PATTERNS: dict[str, tuple[Pattern, ...]] = {
    "Add": (*COMPOSED["Add"], affine_of_numbers, merging("Add")),
    "Clip": (clip,),
    "Div": (*COMPOSED["Div"], gelu, affine_of_numbers),
    "Einsum": (attention_of_products, product),
    "Erf": (),
    "Exp": (),
    "Greater": (),
    "Log": (softplus,),
    "MatMul": (attention_of_products, product),
    "Max": (leaky, positive, merging("Maximum")),
    "Mean": (merging("Average"),),
    "Min": (merging("Minimum"),),
    "Mul": (*COMPOSED["Mul"], affine_of_numbers, square, merging("Multiply")),
    "Neg": (affine_of_numbers,),
    "Pow": (square,),
    "Reciprocal": (),
    "ReduceMax": (reduced("GlobalMaxPooling"),),
    "ReduceMean": (reduced("GlobalAveragePooling"),),
    "ReduceSum": (reduced("GlobalAveragePooling"),),
    "Sigmoid": (plain("Sigmoid"),),
    "Softmax": (softmax_operator,),
    "Softplus": (plain("Softplus"),),
    "Sqrt": (),
    "Sub": (*COMPOSED["Sub"], affine_of_numbers, merging("Subtract")),
    "Sum": (merging("Add"),),
    "Tanh": (plain("Tanh"),),
    "Where": (stable_softplus,),
}
"""What an operator may be, the largest first."""
ARITHMETIC = frozenset(PATTERNS)


def draw(node: Node) -> Value:
    """What waiting arithmetic is, as layers.

    Raises:
        UndrawableError: there is no layer that does it.
    """
    for pattern in PATTERNS.get(node.kind, ()):
        value = pattern(node)
        if value is not None:
            return value
    raise UndrawableError("no layer does this, and it is no part of one that does")
