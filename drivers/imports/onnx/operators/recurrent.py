"""LSTM, GRU and plain recurrent operators, in one or both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import BATCH
from drivers.imports.onnx.reading import Node, Operator

# The order of Keras's gates among those of ONNX: i o f c -> i f c o; z r h is the same.
GATES = {"LSTM": [0, 2, 3, 1], "GRU": [0, 1, 2], "RNN": [0]}
TYPES = {"LSTM": "LSTM", "GRU": "GRU", "RNN": "SimpleRNN"}
USUAL = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"], "RNN": ["Tanh"]}


def _recurrent(node: Node) -> list[Value | None]:
    """X (steps, N, in) -> Y (steps, directions, N, units), and the last Y_h (directions, N, units)."""
    value, units = node.value(0), node.get("hidden_size", 0)
    node.expect("layout", 0)
    direction = node.get("direction", "forward")
    count = 2 if direction == "bidirectional" else 1
    if value.rank != 3 or value.batch != 1:
        raise UndrawableError("its input is no sequence with the steps first and the batch second")
    if node.has(4):
        raise UndrawableError("it takes sequences of different lengths")
    for place in (5, 6):
        if node.has(place) and np.any(node.constant(place)):
            raise UndrawableError("it begins with another state than zeros")
    if node.has(7) and np.any(node.constant(7)):
        raise UndrawableError("its gates see the cell's state")
    _expect_usual(node, count)
    if node.is_used(2) or (node.is_used(0) and node.is_used(1)):
        raise UndrawableError("more than one of its results is read; a layer gives all steps or the last one")
    sequences = node.is_used(0)
    layer = node.arranged(value, [0, 2])
    shared = {"units": units, "use_bias": node.has(3)}
    if node.kind == "GRU":
        shared["reset_after"] = bool(node.get("linear_before_reset", 0))
    parts = [_weights(node, place) for place in range(count)]
    if count == 2:
        inner = {"type": TYPES[node.kind], **shared, "return_sequences": sequences}
        weights = {
            f"{side}_layer/{name}": numbers
            for side, part in zip(("forward", "backward"), parts, strict=True)
            for name, numbers in part.items()
        }
        layer = node.add("Bidirectional", [layer], weights, layer=inner)
    else:
        is_back = direction == "reverse"
        if is_back and sequences:
            raise UndrawableError("it runs backwards and gives all steps, which a layer alone gives in the other order")
        layer = node.add(
            TYPES[node.kind], [layer], parts[0], **shared, return_sequences=sequences, go_backwards=is_back
        )
    width = ((units, 1),) if units != 1 else ()
    sides = ((count, units),) if count != 1 else ()
    if not sequences:
        return [None, Value(layer, (sides, BATCH, width))]
    steps = value.size(0)
    along = ((steps, count * units),) if steps != 1 else ()
    return [Value(layer, (along, sides, BATCH, width)), None]


def _expect_usual(node: Node, count: int) -> None:
    given = [name if isinstance(name, str) else name.decode() for name in node.get("activations", None) or []]
    if given and given != USUAL[node.kind] * count:
        raise UndrawableError(f"its activations are {', '.join(given)} and not {', '.join(USUAL[node.kind])}")
    if node.get("clip", None) or node.get("input_forget", 0):
        raise UndrawableError("it clips its gates, or ties them to each other")


def _weights(node: Node, side: int) -> dict[str, np.ndarray]:
    """One direction's weights in Keras orientation."""
    order = GATES[node.kind]
    weights = {
        "kernel": _gates(node.constant(1)[side], order).T,
        "recurrent_kernel": _gates(node.constant(2)[side], order).T,
    }
    if node.has(3):
        both = node.constant(3)[side]
        of_input, of_state = (_gates(part, order) for part in np.split(both, 2))
        if node.kind == "GRU" and node.get("linear_before_reset", 0):
            weights["bias"] = np.stack([of_input, of_state])
        else:
            weights["bias"] = of_input + of_state
    return weights


def _gates(numbers: np.ndarray, order: Sequence[int]) -> Any:
    parts = np.split(numbers, len(order))
    return np.concatenate([parts[place] for place in order])


OPERATORS: dict[str, Operator] = dict.fromkeys(TYPES, _recurrent)
