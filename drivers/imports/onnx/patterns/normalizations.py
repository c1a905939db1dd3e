"""Normalizations that exporters write as arithmetic."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from drivers.imports.drawing import Value
from drivers.imports.onnx.operators.activation import rounded
from drivers.imports.onnx.operators.normalization import normalized
from drivers.imports.onnx.patterns.affine import affine
from drivers.imports.onnx.patterns.matching import near, same, scalar, scaled, shifted, sides, squared
from drivers.imports.onnx.reading import Node, Reading


def _mean(reading: Reading, name: str) -> tuple[str, tuple[int, ...]] | None:
    node = reading.waiting(name, "ReduceMean")
    if node is None:
        return None
    return node[0], tuple(node.numbers(1, "axes") or ())


def _root(reading: Reading, name: str) -> tuple[str, float] | None:
    """v and ε of √(v + ε)."""
    node = reading.waiting(name, "Sqrt", "Pow")
    if node is None or (node.kind == "Pow" and not near(scalar(reading, node[1]), 0.5)):
        return None
    return shifted(reading, node[0]) or (node[0], 0.0)


def _inverse_root(reading: Reading, name: str) -> tuple[str, float] | None:
    """v and ε of 1 / √(v + ε)."""
    node = reading.waiting(name, "Reciprocal", "Div", "Pow")
    if node is None:
        return None
    if node.kind == "Pow":
        if not near(scalar(reading, node[1]), -0.5):
            return None
        return shifted(reading, node[0]) or (node[0], 0.0)
    if node.kind == "Div" and not near(scalar(reading, node[0]), 1.0):
        return None
    return _root(reading, node[0] if node.kind == "Reciprocal" else node[1])


def _centered(reading: Reading, name: str) -> tuple[str, tuple[int, ...]] | None:
    """x and the axes of x − mean(x)."""
    node = reading.waiting(name, "Sub")
    mean = None if node is None else _mean(reading, node[1])
    if node is None or mean is None or not same(reading, mean[0], node[0]):
        return None
    return node[0], mean[1]


def _variance(reading: Reading, name: str, base: str, axes: tuple[int, ...]) -> bool:
    """Whether it is the mean of (x − mean x)², or that of x² less (mean x)²."""
    mean = _mean(reading, name)
    if mean is not None:
        square = squared(reading, mean[0])
        centered = None if square is None else _centered(reading, square)
        return centered is not None and same(reading, centered[0], base) and mean[1] == axes == centered[1]
    node = reading.waiting(name, "Sub", "Max")
    if node is not None and node.kind == "Max" and scalar(reading, node[1]) == 0:
        node = reading.waiting(node[0], "Sub")
    if node is None or node.kind != "Sub":
        return False
    squares, mean_root = _mean(reading, node[0]), squared(reading, node[1])
    inner = None if squares is None else squared(reading, squares[0])
    of_mean = None if mean_root is None else _mean(reading, mean_root)
    return (
        inner is not None and of_mean is not None and squares is not None
        and same(reading, inner, base) and same(reading, of_mean[0], base) and squares[1] == of_mean[1] == axes
    )  # fmt: skip


def _quotient(node: Node) -> Iterator[tuple[str, tuple[str, float]]]:
    """d with v and ε of d / √(v + ε)."""
    if node.kind == "Div":
        root = _root(node.reading, node[1])
        if root is not None:
            yield node[0], root
        return
    for top, bottom in sides(node):
        inverse = _inverse_root(node.reading, bottom)
        if inverse is not None:
            yield top, inverse


def normalization(node: Node) -> Value | None:
    """(x − mean x) / √(var x + ε), or with x² in the place of the variance and no mean: PixelNormalization."""
    reading = node.reading
    for top, (inside, epsilon) in _quotient(node):
        centered = _centered(reading, top)
        if centered is not None and _variance(reading, inside, *centered):
            value = reading.value(centered[0])
            return normalized(node, value, [value.place(axis) for axis in centered[1]], epsilon)
        mean = _mean(reading, inside)
        square = None if mean is None else squared(reading, mean[0])
        if mean is not None and square is not None and same(reading, square, top):
            value = reading.value(top)
            axes = [value.place(axis) for axis in mean[1]]
            value, _ = node.drawing.by_channel(node.name, value, axes)
            return node.through("PixelNormalization", value, epsilon=rounded(epsilon) or 1e-12)
    return None


def folded_normalization(node: Node) -> Value | None:
    """x · m + (β − mean(x) · m) with m = γ / √(var x + ε): a normalization as a product and a sum."""
    reading = node.reading
    for product_name, rest in sides(node):
        product = reading.waiting(product_name, "Mul")
        if product is None:
            continue
        for base, factor in sides(product):
            gamma = None
            inverse = _inverse_root(reading, factor)
            with_gamma = reading.waiting(factor, "Mul")
            if inverse is None and with_gamma is not None:
                for part, number in sides(with_gamma):
                    if reading.is_constant(number) and (found := _inverse_root(reading, part)) is not None:
                        inverse, gamma = found, number
            if inverse is None:
                continue
            shift = _shift_of_mean(reading, rest, base, factor)
            if shift is None or not _variance(reading, inverse[0], base, shift[0]):
                continue
            value = reading.value(base)
            value = normalized(node, value, [value.place(axis) for axis in shift[0]], inverse[1])
            scale = np.ones(1, np.float32) if gamma is None else reading.constant(gamma)
            offset = np.zeros(1, np.float32) if shift[1] is None else reading.constant(shift[1])
            return affine(node, value, scale, offset, is_alone=True)
    return None


def _shift_of_mean(reading: Reading, name: str, base: str, factor: str) -> tuple[tuple[int, ...], str | None] | None:
    """The axes and β of β − mean(x) · m, β None where there is none."""

    def product(name: str) -> tuple[tuple[int, ...], float] | None:
        inner, sign = scaled(reading, name)
        node = reading.waiting(inner, "Mul")
        for first, second in sides(node) if node is not None else ():
            mean_name, more = scaled(reading, first)
            mean = _mean(reading, mean_name)
            if mean is not None and same(reading, mean[0], base) and same(reading, second, factor):
                return mean[1], sign * more
        return None

    alone = product(name)
    if alone is not None and alone[1] == -1:
        return alone[0], None
    node = reading.waiting(name, "Add", "Sub")
    for first, second in (sides(node) if node.kind == "Add" else [(node[1], node[0])]) if node is not None else ():
        found = product(first)
        sign = -1 if node.kind == "Sub" else 1  # type: ignore[union-attr]
        if found is not None and sign * found[1] == -1 and reading.is_constant(second):
            return found[0], second
    return None
