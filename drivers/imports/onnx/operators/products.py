"""Products with matrices of the file, which are dense layers, and of two tensors: a Dot, or part of attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import BATCH, Axis, regrouped
from drivers.imports.onnx.operators import attention
from drivers.imports.onnx.reading import BrokenError, Node, Operator

ELLIPSIS = "..."
PRODUCTS = ("Gemm", "MatMul")


def _gemm(node: Node) -> Value:
    node.expect("transA", 0)
    _expect_own(node, node[1])
    kernel = node.constant(1).T if node.get("transB", 0) else node.constant(1)
    bias = node.get("beta", 1.0) * node.constant(2) if node.has(2) else None
    return dense(node, node.value(), node.get("alpha", 1.0) * kernel, bias)


def _expect_own(node: Node, matrix: str) -> None:
    """A layer has weights of its own, so a matrix belongs to one product; of several it is told once.

    Raises:
        UndrawableError: it is that of others, too.
        BrokenError: that has been told.
    """
    count = sum(reader.op_type in PRODUCTS for reader in node.reading.readers[matrix])
    if count == 1:
        return
    if matrix in node.reading.shared:
        raise BrokenError
    node.reading.shared.add(matrix)
    raise UndrawableError(
        f"its matrix '{matrix[:100]}' is that of {count} operators, and a drawing has a layer of its own for each use. "
        "Where these are the steps of a recurrent layer, export it as the operator LSTM, GRU or RNN"
    )


def product(node: Node) -> Value:
    """MatMul or Einsum: a dense layer where it is with a matrix of the file, else a Dot."""
    if node.kind == "MatMul" and node.reading.is_constant(node[1]):
        _expect_own(node, node[1])
        return dense(node, node.value(), node.constant(1), None)
    if node.kind == "Einsum" and any(node.reading.is_constant(name) for name in node.names):
        return _sum_with_numbers(node)
    factors = factors_of(node)
    values = [factors.left(node.reading.value(factors.names[0])), factors.right(node.reading.value(factors.names[1]))]
    if any(value.rank != 3 or value.batch != 0 for value in values):
        raise UndrawableError(
            "it multiplies tensors of other than three axes, and is no part of attention between projections; "
            "a Dot takes two matrices an example"
        )
    layers = [node.arranged(value, [1, 2]) for value in values]
    return factors.result(node.drawing.value(node.add("Dot", layers, axes=[2, 1])))


@dataclass(frozen=True)
class Factors:
    """A product of two tensors as one of matrices: (…, rows, common) times (…, common, columns) is (…, rows, columns).

    Attributes:
        names: of the two tensors.
        orders: by tensor its axes in that order; None where they are in it already.
        order: of the result's axes, each which one of (…, rows, columns) it is; None where they are in that order.
    """

    names: tuple[str, str]
    orders: tuple[Sequence[int] | None, Sequence[int] | None] = (None, None)
    order: Sequence[int] | None = None

    def left(self, value: Value) -> Value:
        return _ordered(value, self.orders[0])

    def right(self, value: Value) -> Value:
        return _ordered(value, self.orders[1])

    def result(self, value: Value) -> Value:
        return _ordered(value, self.order)


def _ordered(value: Value, order: Sequence[int] | None) -> Value:
    if order is None:
        return value
    if len(order) != value.rank:
        raise UndrawableError(f"its equation gives {len(order)} axes to a tensor of {value.rank}")
    return replace(value, layout=tuple(value.layout[axis] for axis in order))


def factors_of(node: Node) -> Factors:
    """The two tensors of a MatMul or an Einsum.

    Raises:
        UndrawableError: it sums over something else than one axis that both have.
    """
    if node.kind == "MatMul":
        return Factors((node[0], node[1]))
    (first, second), result = _equation(node)
    shared = [label for label in first if label in second and label in result]
    common = [label for label in first if label in second and label not in result]
    rows = [label for label in first if label not in second]
    columns = [label for label in second if label not in first]
    if not len(common) == len(rows) == len(columns) == 1 or sorted(result) != sorted([*shared, *rows, *columns]):
        raise UndrawableError(f"no layer does the sum {node.get('equation', '')}")
    whole = [*shared, *rows, *columns]
    return Factors(
        (node[0], node[1]),
        (_places(first, [*shared, *rows, *common]), _places(second, [*shared, *common, *columns])),
        _places(whole, result),
    )


def _places(labels: Sequence[str], wanted: Sequence[str]) -> list[int]:
    return [list(labels).index(label) for label in wanted]


def _equation(node: Node) -> tuple[list[str], str]:
    """The labels of the inputs and of the result; without those, ones that stand once, in their order."""
    equation = str(node.get("equation", "")).replace(" ", "")
    given, arrow, result = equation.partition("->")
    labels = given.split(",")
    if ELLIPSIS in equation or len(labels) != 2 or any(len(set(each)) != len(each) for each in labels):
        raise UndrawableError(f"no layer does the sum {equation}")
    if not arrow:
        result = "".join(sorted(label for label in set(given) - {","} if given.count(label) == 1))
    return labels, result


def _sum_with_numbers(node: Node) -> Value:
    """A sum of a tensor's products with numbers of the file, over axes that both have: a dense layer."""
    labels, result = _equation(node)
    at = 1 if node.reading.is_constant(node[1]) else 0
    value, numbers = node.value(1 - at), node.constant(at)
    of_value, of_numbers = labels[1 - at], labels[at]
    common = [label for label in of_value if label in of_numbers]
    kept = [label for label in of_value if label not in of_numbers]
    new = [label for label in of_numbers if label not in of_value]
    if any(label in result for label in common) or sorted(result) != sorted([*kept, *new]) or not common:
        raise UndrawableError(f"no layer does the sum {node.get('equation', '')}")
    if len(of_value) != value.rank or len(of_numbers) != numbers.ndim:
        raise UndrawableError(f"its equation {node.get('equation', '')} does not fit its inputs' axes")
    sizes = [numbers.shape[of_numbers.index(label)] for label in new]
    turned = numbers.transpose(_places(of_numbers, [*common, *new]))
    matrix = turned.reshape(int(np.prod(turned.shape[: len(common)])), -1)
    ordered = _ordered(value, _places(of_value, [*kept, *common]))
    last: Axis = tuple(digit for axis in ordered.layout[len(kept) :] for digit in axis)
    flat = dense(node, replace(ordered, layout=(*ordered.layout[: len(kept)], last)), matrix, None)
    axes = regrouped(flat.layout[-1:], sizes)
    assert axes is not None, "a dense layer's units are one digit"
    return _ordered(replace(flat, layout=(*flat.layout[:-1], *axes)), _places([*kept, *new], result))


def dense(node: Node, value: Value, kernel: np.ndarray, bias: np.ndarray | None) -> Value:
    """The last axis of a tensor times a matrix."""
    if kernel.ndim != 2:
        raise UndrawableError(f"its matrix has {kernel.ndim} axes and not 2")
    if value.is_merged:
        return _apart(node, value, kernel, bias)
    rows, units = kernel.shape
    if value.rank < 2 or value.batch == value.rank - 1 or value.size(value.rank - 1) != rows:
        raise UndrawableError(f"its matrix has {rows} rows, but its input's last axis is not as long")
    projected = attention.projected(node, value, kernel, bias)
    if projected is not None:
        return projected
    weights = {} if bias is None else {"bias": np.broadcast_to(bias.reshape(-1), (units,))}
    if value.rank == 2:
        layer, places = node.drawing.flat(node.name, value)
        turned = np.empty_like(kernel)
        turned[places] = kernel
        weights["kernel"] = turned
    else:
        layer = node.arranged(value, value.features)
        weights["kernel"] = kernel
    weights = {name: weights[name] for name in ("kernel", "bias") if name in weights}
    layer = node.add("Dense", [layer], weights, units=units, use_bias=bias is not None)
    result = node.drawing.value(layer, value.features, like=value)
    return replace(result, units=(layer,)) if value.rank == 2 else result


def _apart(node: Node, value: Value, kernel: np.ndarray, bias: np.ndarray | None) -> Value:
    """`dense` of a tensor whose batch is one axis with others: they are taken apart for it, and joined again."""
    (digit,) = BATCH
    axes: list[Axis] = []
    parts: list[int] = []
    for axis in value.layout:
        if digit not in axis:
            found: list[Axis] = [axis]
        else:
            at = axis.index(digit)
            found = [part for part in (axis[:at], BATCH, axis[at + 1 :]) if part]
        axes += found
        parts.append(len(found))
    if parts[-1] != 1:
        raise UndrawableError("its matrix is for an axis that holds the batch")
    result = dense(node, replace(value, layout=tuple(axes)), kernel, bias)
    left = list(result.layout)[::-1]
    joined = tuple(tuple(digit for _ in range(count) for digit in left.pop()) for count in parts)
    return replace(result, layout=joined, units=None)


OPERATORS: dict[str, Operator] = {"Gemm": _gemm}
