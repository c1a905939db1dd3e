"""What tensors of waiting arithmetic are made of: numbers of the file, and what they are put to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from drivers.imports.drawing import Value
from drivers.imports.onnx.reading import Node, Reading

NEAR = 1e-4
"""How near a constant of a formula has to be, relative to it: exporters round."""
Pattern = Callable[[Node], Value | None]
"""The layer that an operator is the last step of; None where it is no such one."""


def scalar(reading: Reading, name: str) -> float | None:
    tensor = reading.tensors.get(name)
    return float(tensor.reshape(-1)[0]) if isinstance(tensor, np.ndarray) and tensor.size == 1 else None


def _origin(reading: Reading, name: str) -> str:
    """The name under which a tensor was made, where it was only passed on."""
    while (maker := reading.maker(name, "Identity", "Cast", "Dropout")) is not None:
        name = maker[0]
    return name


def same(reading: Reading, first: str, second: str) -> bool:
    return _origin(reading, first) == _origin(reading, second)


def sides(node: Node) -> Iterator[tuple[str, str]]:
    """Both orders of two inputs."""
    if len(node.names) == 2:
        yield node.names[0], node.names[1]
        yield node.names[1], node.names[0]


def near(found: float | None, wanted: float) -> bool:
    return found is not None and math.isclose(found, wanted, rel_tol=NEAR, abs_tol=1e-9)


def scaled(reading: Reading, name: str) -> tuple[str, float]:
    """A tensor without the numbers it is multiplied by, and those: ``(x, 0.5)`` of x / 2."""
    factor = 1.0
    while (node := reading.waiting(name, "Mul", "Div", "Neg")) is not None:
        if node.kind == "Neg":
            name, factor = node[0], -factor
            continue
        number = scalar(reading, node[1])
        if number is not None:
            name, factor = node[0], factor * number if node.kind == "Mul" else factor / number if number else math.inf
        elif node.kind == "Mul" and (number := scalar(reading, node[0])) is not None:
            name, factor = node[1], factor * number
        else:
            break
    return name, factor


def shifted(reading: Reading, name: str) -> tuple[str, float] | None:
    """``(x, 1.0)`` of x + 1."""
    node = reading.waiting(name, "Add")
    if node is not None:
        for other, number in sides(node):
            shift = scalar(reading, number)
            if shift is not None and not reading.is_constant(other):
                return other, shift
    return None


def squared(reading: Reading, name: str) -> str | None:
    """x of x² as a power or a product."""
    node = reading.waiting(name, "Pow", "Mul")
    if node is None:
        return None
    if node.kind == "Pow":
        return node[0] if near(scalar(reading, node[1]), 2.0) else None
    return node[0] if same(reading, node[0], node[1]) else None


def cubed(reading: Reading, name: str) -> str | None:
    node = reading.waiting(name, "Pow", "Mul")
    if node is None:
        return None
    if node.kind == "Pow":
        return node[0] if near(scalar(reading, node[1]), 3.0) else None
    for base, square in sides(node):
        found = squared(reading, square)
        if found is not None and same(reading, found, base):
            return base
    return None
