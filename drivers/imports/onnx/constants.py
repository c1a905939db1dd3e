"""Operators whose inputs are all numbers of the file: they are computed while it is read."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from drivers.imports.drawing import UndrawableError

MAX_NUMBERS = 1 << 24
"""The most numbers that one such operator may give."""

# fmt: off
FOLDED = {
    "Abs", "Add", "Cast", "Ceil", "Concat", "ConstantOfShape", "Div", "Equal", "Exp", "Expand", "Flatten", "Floor",
    "Gather", "Greater", "Identity", "Less", "Log", "Max", "Min", "Mod", "Mul", "Neg", "Not", "Pow", "Range",
    "Reciprocal", "ReduceMean", "ReduceProd", "ReduceSum", "Reshape", "Shape", "Size", "Slice", "Sqrt", "Squeeze",
    "Sub", "Transpose", "Unsqueeze", "Where",
}
# fmt: on
"""What is computed; of each it is plain how many numbers it gives."""


def fold(node: Any, inputs: Sequence[np.ndarray | None], opset: int) -> list[np.ndarray]:
    """What an operator gives.

    Raises:
        UndrawableError: it gives too many numbers, or its inputs do not fit it.
    """
    from onnx.reference import ReferenceEvaluator

    count = _numbers(node.op_type, [value for value in inputs if value is not None])
    if count > MAX_NUMBERS:
        raise UndrawableError(f"gives {count:,} numbers, more than {MAX_NUMBERS:,}")
    named = {name: value for name, value in zip(node.input, inputs, strict=True) if value is not None}
    try:
        with np.errstate(all="ignore"):
            return list(ReferenceEvaluator(node, opsets={"": opset}).run(None, named))
    except MemoryError:
        raise
    except Exception as error:  # whatever NumPy or the evaluator makes of what a stranger wrote
        raise UndrawableError(f"cannot be computed: {error}") from error


def _numbers(operator: str, inputs: Sequence[np.ndarray]) -> int:
    """About how many numbers an operator gives."""
    if operator in ("ConstantOfShape", "Expand"):
        return prod(max(1, int(size)) for size in inputs[-1].reshape(-1)) * (
            inputs[0].size if operator == "Expand" else 1
        )
    if operator == "Range":
        start, stop, step = (float(value.reshape(-1)[0]) for value in inputs)
        return int(abs(stop - start) / max(abs(step), 1e-9))
    if operator == "Gather":
        return inputs[0].size * inputs[1].size
    if operator == "Concat":
        return sum(value.size for value in inputs)
    try:
        return prod(np.broadcast_shapes(*(value.shape for value in inputs)))
    except ValueError:  # not number by number: as large as what comes in, at most
        return max(value.size for value in inputs)
