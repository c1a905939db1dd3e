"""Attention that a file holds as products: softmax(s · q·kᵀ)·v of projections is a MultiHeadAttention.

A layer's queries, keys and values are dense layers of what it takes, cut into heads; a file may make all three by one
matrix, cut and turn them in any way, and have heads and batch in one axis. So each number of a query is followed back
to the unit of the dense layer that it is (`_projection`), and the layer gets that unit's weights. Its output projection
is the dense layer behind it, which comes later in the file: until then the layer is unfinished.

Vaswani et al. 2017, eq. 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

import numpy as np

from drivers.imports.drawing import Drawing, Value
from drivers.imports.layout import BATCH, Axis, joined, positions
from drivers.imports.onnx.reading import Node

NEAR = 1e-4
"""How near a query's scale has to be to 1/√key_dim, relative to it, to be just that: exporters round."""
HIDDEN = -1e4
"""What is added to hide a place is less than this: its share is 0 in single precision."""
LAYER = "MultiHeadAttention"
OUTPUT = "attention_output"
OPEN = "its heads are not brought back to the size of its queries by a dense layer, which a MultiHeadAttention does"


@dataclass(frozen=True)
class Projection:
    """A dense layer's units as heads.

    Attributes:
        source: the layer that it projects.
        kernel: (in, heads, numbers).
        bias: (heads, numbers), None where there is none.
        shape: of the dense layer's output.
    """

    source: str
    kernel: np.ndarray
    bias: np.ndarray | None
    shape: tuple[int, ...]


def attend(node: Node, query: Value, key: Value, value: Value, *, scale: float, is_causal: bool) -> Value | None:
    """softmax(scale · query·key)·value of tensors (…, t, d), (…, d, s), (…, s, e); the result is (…, t, e).

    None where these are no projections of anything, or not of as many heads.
    """
    batch = node.reading.batch
    leading = {_leading(tensor, batch) for tensor in (query, key, value)}
    if len(leading) != 1 or (batch != 1 and None in leading.pop()):
        return None
    turned = replace(key, layout=(*key.layout[:-2], key.layout[-1], key.layout[-2]))
    found = [_projection(node.drawing, tensor) for tensor in (query, turned, value)]
    if any(each is None for each in found):
        return None
    of_query, of_key, of_value = (each for each in found if each is not None)
    _, count, key_dim = of_query.kernel.shape
    value_dim = of_value.kernel.shape[2]
    if count == 1 and query.rank == 3 and not query.is_merged:
        return None  # two Dots and a Softmax do it without an output projection
    if of_key.shape[:-1] != of_value.shape[:-1] or len(of_key.shape) != len(of_query.shape):
        return None
    layer = _drawn(node, of_query, of_key, of_value, scale * math.sqrt(key_dim), is_causal=is_causal)
    node.drawing.pretend(layer, (*of_query.shape[:-1], count * value_dim))
    return Value(layer, _blended(query, value_dim, count))


def _leading(value: Value, batch: int) -> tuple[int, int | None]:
    """How many heads a tensor has, and how many of them are counted before the batch.

    That is None where the batch is not among the axes but the last two; a batch of one may be anywhere.
    """
    digits = [digit for axis in value.layout[:-2] for digit in axis]
    heads = _size(tuple(digit for digit in digits if digit not in BATCH))
    has_place = batch != 1 and BATCH[0] in digits
    return heads, _size(tuple(digits[: digits.index(BATCH[0])])) if has_place else None


def _projection(drawing: Drawing, value: Value) -> Projection | None:
    """The dense layer whose units are the numbers of a tensor (…, places, numbers), once for each place."""
    *leading, places, numbers = (tuple(digit for digit in axis if digit not in BATCH) for axis in value.layout)
    shape = [prod(size for axis in leading for size, _ in axis), _size(places), _size(numbers)]
    origin, index, factor = _origin(drawing, value.layer)
    dense = drawing.layers[origin]
    if dense["type"] != "Dense":
        return None
    # Of each number which one of the dense layer's output it is, counted in a row.
    found = index.reshape(-1)[positions([*leading, places, numbers])].reshape(shape)
    rows, units = np.divmod(found, dense["units"])
    whole = drawing.shape(origin)
    if shape[1] != prod(whole[:-1]) or np.any(rows != np.arange(shape[1])[:, None]) or np.any(units != units[:, :1]):
        return None
    weights, units = drawing.weights[origin], units[:, 0]
    bias = weights["bias"][units] * factor if dense["use_bias"] else None
    return Projection(dense["inputs"][0], weights["kernel"][:, units] * factor, bias, whole)


def _size(axis: Axis) -> int:
    return prod(size for size, _ in axis)


def _origin(drawing: Drawing, layer: str) -> tuple[str, np.ndarray, float]:
    """The layer whose numbers a layer only moves about, where each of them is in its output, and their factor."""
    moves = []
    while drawing.layers[layer]["type"] in MOVED or _is_scale(drawing.layers[layer]):
        moves.append(layer)
        (layer,) = drawing.layers[layer]["inputs"]
    shape = drawing.shape(layer)
    index, factor = np.arange(prod(shape)).reshape(shape), 1.0
    for move in reversed(moves):
        found = drawing.layers[move]
        if _is_scale(found):
            factor *= found["scale"]
        else:
            index = MOVED[found["type"]](index, found, drawing.shape(move))
    return layer, index, factor


def _is_scale(layer: dict[str, Any]) -> bool:
    return layer["type"] == "Rescaling" and layer["offset"] == 0


def _cropped(index: np.ndarray, layer: dict[str, Any], shape: Sequence[int]) -> np.ndarray:
    edges = layer["cropping"] if isinstance(layer["cropping"][0], list) else [layer["cropping"]]
    return index[tuple(slice(before, size - after) for (before, after), size in zip(edges, index.shape, strict=False))]


MOVED = {
    "Cropping1D": _cropped,
    "Cropping2D": _cropped,
    "Flatten": lambda index, _, shape: index.reshape(shape),
    "Permute": lambda index, layer, _: index.transpose([axis - 1 for axis in layer["dims"]]),
    "Reshape": lambda index, _, shape: index.reshape(shape),
}
"""Layers that only move numbers about: from where each is in the input to where it is in the output."""


def _drawn(node: Node, query: Projection, key: Projection, value: Projection, factor: float, *, is_causal: bool) -> str:
    """The layer, whose output projection leaves the heads as they are until there is another one."""
    inputs = [query.source, value.source, key.source]
    if key.source == value.source:
        inputs = [query.source] if query.source == value.source else inputs[:2]
    (channels, *_), (_, count, value_dim) = query.kernel.shape, value.kernel.shape
    factor = 1.0 if math.isclose(factor, 1.0, rel_tol=NEAR) else factor
    scaled = replace(query, kernel=query.kernel * factor, bias=None if query.bias is None else query.bias * factor)
    parts = {"query": scaled, "key": key, "value": value}
    weights = {f"{name}/kernel": part.kernel for name, part in parts.items()}
    weights[f"{OUTPUT}/kernel"] = np.eye(count * value_dim, channels).reshape(count, value_dim, channels)
    use_bias = any(part.bias is not None for part in parts.values())
    if use_bias:
        for name, part in parts.items():
            weights[f"{name}/bias"] = np.zeros(part.kernel.shape[1:]) if part.bias is None else part.bias
        weights[f"{OUTPUT}/bias"] = np.zeros(channels)
    key_dim = key.kernel.shape[2]
    layer = node.add(
        LAYER, inputs, weights, num_heads=count, key_dim=key_dim, use_bias=use_bias, use_causal_mask=is_causal,
        value_dim=None if value_dim == key_dim else value_dim,
    )  # fmt: skip
    node.drawing.unfinished[layer] = None if count * value_dim == channels else OPEN
    return layer


def _blended(query: Value, value_dim: int, count: int) -> tuple[Axis, ...]:
    """How the tensor (…, t, e) of blended values lies in (t, heads·e), the batch where it is in the queries."""
    left = count
    layout: list[Axis] = []
    for axis in query.layout[:-2]:
        digits: list[tuple[int, int]] = []
        for digit in axis:
            if digit not in BATCH:
                left //= digit[0]
                digit = (digit[0], left * value_dim)
            digits.append(digit)
        layout.append(tuple(digits))
    steps, numbers = query.layout[-2:]
    size = _size(tuple(digit for digit in steps if digit not in BATCH))
    along = ((size, count * value_dim),) if size != 1 else ()
    # A batch of one may be counted with any axis.
    ahead, behind = (BATCH if BATCH[0] in axis else () for axis in (steps, numbers))
    return (*layout, (*behind, *ahead, *along), ((value_dim, 1),) if value_dim != 1 else ())


def projected(node: Node, value: Value, kernel: np.ndarray, bias: np.ndarray | None) -> Value | None:
    """The output projection of attention, where a tensor is what its heads have blended and nothing else reads it."""
    drawing, layer = node.drawing, value.layer
    if layer not in drawing.unfinished or not value.is_alone:
        return None
    digits = value.layout[-1]
    width, units = drawing.shape(layer)[-1], kernel.shape[1]
    if joined(sorted(digits, key=lambda digit: -digit[1])) != ((width, 1),):
        return None
    weights = drawing.weights[layer]
    count, value_dim, channels = weights[f"{OUTPUT}/kernel"].shape
    if units != channels:
        return None
    turned = np.empty_like(kernel, np.float32)
    turned[positions([digits])] = kernel
    weights[f"{OUTPUT}/kernel"] = turned.reshape(count, value_dim, channels)
    del drawing.unfinished[layer]
    shape = drawing.shape(layer)
    drawing.pretend(layer, (*shape[:-1], channels))
    if bias is not None:
        add_bias(drawing, layer, np.broadcast_to(bias.reshape(-1), (channels,)))
    layout = [_rescaled(axis, width, channels) for axis in value.layout[:-1]]
    return Value(layer, (*layout, ((channels, 1),) if channels != 1 else ()))


def _rescaled(axis: Axis, before: int, after: int) -> Axis:
    """An axis of places, of which each has another number of channels than before."""
    return tuple(digit if digit in BATCH else (digit[0], digit[1] // before * after) for digit in axis)


def takes_bias(drawing: Drawing, layer: str) -> bool:
    """Whether a layer is attention whose output projection has no bias yet."""
    if drawing.layers[layer]["type"] != LAYER or layer in drawing.unfinished:
        return False
    return not np.any(drawing.weights[layer].get(f"{OUTPUT}/bias", 0))


def add_bias(drawing: Drawing, layer: str, numbers: np.ndarray) -> None:
    """Gives the output projection a bias; the others have zeros where they had none."""
    weights = drawing.weights[layer]
    if not drawing.layers[layer]["use_bias"]:
        drawing.layers[layer]["use_bias"] = True
        for part in ("query", "key", "value"):
            weights[f"{part}/bias"] = np.zeros(weights[f"{part}/kernel"].shape[1:], np.float32)
    weights[f"{OUTPUT}/bias"] = np.asarray(numbers, np.float32)


def is_causal(mask: np.ndarray) -> bool:
    """Whether numbers that are added to scores (…, t, s) hide the later places from each, and nothing else."""
    size = mask.shape[-1]
    if mask.ndim < 2 or mask.shape[-2] != size or prod(mask.shape[:-2]) != 1:
        return False
    later = np.triu(np.ones((size, size), bool), 1)
    plain = mask.reshape(size, size)
    return bool(np.all(plain[later] < HIDDEN) and not np.any(plain[~later]))
