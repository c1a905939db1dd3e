"""Operators that are layers, or that only move numbers about; each a function of its node to the tensors it makes."""

from __future__ import annotations

from drivers.imports.onnx.operators import (
    activation,
    convolution,
    core,
    edges,
    enlarging,
    moving,
    normalization,
    pooling,
    products,
    recurrent,
)
from drivers.imports.onnx.reading import Operator

MOVES: dict[str, Operator] = moving.OPERATORS
"""Operators that draw nothing."""

OPERATORS: dict[str, Operator] = {
    **activation.OPERATORS,
    **convolution.OPERATORS,
    **core.OPERATORS,
    **edges.OPERATORS,
    **enlarging.OPERATORS,
    **normalization.OPERATORS,
    **pooling.OPERATORS,
    **products.OPERATORS,
    **recurrent.OPERATORS,
}
"""Operators that draw layers."""
