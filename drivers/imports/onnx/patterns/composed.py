"""The patterns that are more than a tensor and numbers, by the operator that ends them."""

from __future__ import annotations

from drivers.imports.onnx.patterns.activations import gelu, prelu, silu, softmax_of_exponentials
from drivers.imports.onnx.patterns.matching import Pattern
from drivers.imports.onnx.patterns.normalizations import folded_normalization, normalization

COMPOSED: dict[str, tuple[Pattern, ...]] = {
    "Add": (folded_normalization, prelu),
    "Div": (softmax_of_exponentials, normalization),
    "Mul": (gelu, silu, normalization),
    "Sub": (prelu,),
}
