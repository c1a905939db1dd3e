"""Normalizations that are operators; those that are arithmetic are found in `patterns`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drivers.imports.drawing import UndrawableError, Value
from drivers.imports.layout import joined
from drivers.imports.onnx.operators.activation import rounded
from drivers.imports.onnx.reading import Node, Operator


def placed(numbers: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Numbers one a channel, in the order of the layer's channels."""
    if numbers.size != places.size:
        raise UndrawableError(f"it has {numbers.size} numbers for {places.size} channels")
    found = np.empty(places.size, np.float32)
    found[places] = numbers.reshape(-1)
    return found


def _batch(node: Node) -> Value:
    value = node.value()
    gamma, beta, mean, variance = (node.constant(place) for place in range(1, 5))
    value, places = node.drawing.by_channel(node.name, value, [value.place(1)])
    named = {"gamma": gamma, "beta": beta, "moving_mean": mean, "moving_variance": variance}
    return node.through(
        "BatchNormalization",
        value,
        {name: placed(numbers, places) for name, numbers in named.items()},
        epsilon=rounded(node.get("epsilon", 1e-5)),
        momentum=rounded(node.get("momentum", 0.9)),
    )


def _instance(node: Node) -> Value:
    value, scale, bias = node.value(), node.constant(1), node.constant(2)
    return normalized(
        node, value, [axis for axis in value.features if axis != 1], node.get("epsilon", 1e-5), scale, bias
    )


def _layer(node: Node) -> Value:
    value = node.value()
    first = value.place(node.get("axis", -1))
    axes = list(range(first, value.rank))
    bias = node.constant(2) if node.has(2) else None
    return normalized(node, value, axes, node.get("epsilon", 1e-5), node.constant(1), bias, is_layer=True)


def _group(node: Node) -> Value:
    value, groups = node.value(), node.get("num_groups", 1)
    scale, bias = node.constant(1), node.constant(2)
    if scale.size != value.size(1):  # as operator set 18 has it: one number a group
        scale, bias = (np.repeat(numbers, value.size(1) // groups) for numbers in (scale, bias))
    value, places = node.drawing.by_channel(node.name, value, [value.place(1)])
    weights = {"gamma": placed(scale, places), "beta": placed(bias, places)}
    if not np.array_equal(places, np.arange(places.size)):
        raise UndrawableError("its channels come in another order")
    return node.through("GroupNormalization", value, weights, groups=groups, epsilon=rounded(node.get("epsilon", 1e-5)))


def normalized(
    node: Node,
    value: Value,
    axes: Sequence[int],
    epsilon: float,
    scale: np.ndarray | None = None,
    bias: np.ndarray | None = None,
    *,
    is_layer: bool = False,
) -> Value:
    """Mean 0 and variance 1 along axes of a tensor; then a scale and a shift.

    Args:
        scale: by the axis that is left over, or with `is_layer` by the ones that are normalized.
    """
    left = [axis for axis in value.features if axis not in axes]
    epsilon = rounded(epsilon)
    if not is_layer and len(left) == 1:
        group = _group_of(node, value, left[0])
        if group is not None:
            plain = (scale is None or np.all(scale == 1)) and (bias is None or not np.any(bias))
            if plain:
                return node.through(
                    "GroupNormalization", value, groups=group, epsilon=epsilon, scale=False, center=False
                )
        if (value.rank > 2 and value.size(left[0]) > 1) or (scale is not None and scale.size > 1):
            value, places = node.drawing.by_channel(node.name, value, left)
            if len(node.drawing.shape(value.layer)) == 1:
                raise UndrawableError("it normalizes a single number")
            weights = _weights(scale, bias, places)
            return node.through(
                "InstanceNormalization", value, weights, epsilon=epsilon,
                scale=scale is not None, center=bias is not None,
            )  # fmt: skip
        if scale is not None or bias is not None:
            ones = scale is None or np.all(scale == 1)
            if not ones or (bias is not None and np.any(bias)):
                raise UndrawableError("it scales a single channel")
            scale = bias = None
    if is_layer and len(axes) > 1 and scale is not None:
        value = node.drawing.value(node.arranged(value, value.features), value.features, like=value)
        weights = {"gamma": scale} if bias is None else {"gamma": scale, "beta": bias}
        dims = [value.features.index(axis) + 1 for axis in axes]
        return node.through("LayerNormalization", value, weights, axis=dims, epsilon=epsilon, center=bias is not None)
    value, places = node.drawing.by_channel(node.name, value, axes)
    return node.through(
        "LayerNormalization", value, _weights(scale, bias, places), axis=-1, epsilon=epsilon,
        scale=scale is not None, center=bias is not None,
    )  # fmt: skip


def _weights(scale: np.ndarray | None, bias: np.ndarray | None, places: np.ndarray) -> dict[str, np.ndarray]:
    weights = {}
    if scale is not None:
        weights["gamma"] = placed(scale, places)
    if bias is not None:
        weights["beta"] = placed(bias, places)
    return weights


def _group_of(node: Node, value: Value, axis: int) -> int | None:
    """How many groups of channels an axis counts; None where it counts something else, or each channel."""
    shape, digits = node.drawing.shape(value.layer), joined(value.layout[axis])
    if not shape or len(shape) < 2:
        return None
    if not digits:
        return 1 if value.rank > 2 else None
    if len(digits) != 1 or digits[0][1] == 1:
        return None
    groups, width = digits[0]
    return groups if groups * width == shape[-1] else None


OPERATORS: dict[str, Operator] = {
    "BatchNormalization": _batch,
    "GroupNormalization": _group,
    "InstanceNormalization": _instance,
    "LayerNormalization": _layer,
}
