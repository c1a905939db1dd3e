"""A tensor times numbers, and others added, as a bias, a scale, or a layer of its own."""

from __future__ import annotations

import numpy as np

from drivers.imports.drawing import Value
from drivers.imports.layout import joined
from drivers.imports.onnx.operators import attention
from drivers.imports.onnx.operators.activation import rounded, varying
from drivers.imports.onnx.operators.normalization import placed
from drivers.imports.onnx.reading import Node

FOLDS = (
    "Conv1D",
    "Conv2D",
    "Conv3D",
    "Conv1DTranspose",
    "Conv2DTranspose",
    "Conv3DTranspose",
    "Dense",
    "DepthwiseConv2D",
)
"""Layers that may have a bias."""
NORMALIZATIONS = ("InstanceNormalization", "GroupNormalization", "LayerNormalization")
PLAIN_EPSILON = 1e-3


def affine(node: Node, value: Value, scale: np.ndarray, offset: np.ndarray, *, is_alone: bool) -> Value:
    """A tensor times numbers, and others added: the bias or scale of the layer before, or a layer of its own.

    Args:
        is_alone: nothing else reads the tensor.
    """
    both = np.broadcast_shapes(scale.shape, offset.shape)
    numbers = np.broadcast_to(scale, both), np.broadcast_to(offset, both)
    axes = varying(value, numbers[0])
    layer = node.drawing.layers[value.layer]
    if not axes:
        if _is_bias(node, value, 1) and numbers[0].reshape(-1)[0] == 1:
            _add_bias(node, value, numbers[1].reshape(-1)[:1])
            return value
        single = [float(number.reshape(-1)[0]) for number in numbers]
        if single == [1.0, 0.0]:
            return value
        return node.through("Rescaling", value, scale=rounded(single[0]), offset=rounded(single[1]))
    channels = _channels(node, value, axes)
    if channels is not None and is_alone:
        scale, offset = (placed(np.ascontiguousarray(number), channels) for number in numbers)
        if _is_bias(node, value, offset.size) and np.all(scale == 1):
            _add_bias(node, value, offset)
            return value
        if layer["type"] in NORMALIZATIONS and layer.get("scale") is False and layer.get("center") is False:
            layer["scale"] = layer["center"] = True
            node.drawing.weights[value.layer] = {"gamma": scale, "beta": offset}
            return value
    value, places = node.drawing.by_channel(node.name, value, axes)
    scale, offset = (placed(np.ascontiguousarray(number), places) for number in numbers)
    still = np.zeros(places.size, np.float32)
    weights = {
        "gamma": scale, "beta": offset, "moving_mean": still,
        "moving_variance": np.full(places.size, 1 - PLAIN_EPSILON, np.float32),
    }  # fmt: skip
    return node.through("BatchNormalization", value, weights, epsilon=PLAIN_EPSILON)


def _is_bias(node: Node, value: Value, units: int) -> bool:
    """Whether what is added to a tensor can be the bias of the layer behind it."""
    layer, shape = node.drawing.layers[value.layer], node.drawing.shape(value.layer)
    takes_one = layer["type"] in FOLDS and not layer["use_bias"]
    takes_one = takes_one or attention.takes_bias(node.drawing, value.layer)
    return value.is_alone and takes_one and shape[-1] == units


def _add_bias(node: Node, value: Value, numbers: np.ndarray) -> None:
    if node.drawing.layers[value.layer]["type"] == attention.LAYER:
        attention.add_bias(node.drawing, value.layer, numbers)
        return
    node.drawing.layers[value.layer]["use_bias"] = True
    node.drawing.weights[value.layer]["bias"] = numbers.astype(np.float32)


def _channels(node: Node, value: Value, axes: list[int]) -> np.ndarray | None:
    """Where the places of axes are in the last axis of the layer behind a tensor; None where they are not all of it."""
    shape = node.drawing.shape(value.layer)
    digits = sorted((digit for axis in axes for digit in value.layout[axis]), key=lambda digit: -digit[1])
    if not shape or joined(digits) != ((shape[-1], 1),):
        return None
    return node.drawing.by_channel(node.name, value, axes)[1]
