"""Layers and operations of a Keras model in a drawing, where channels are last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from drivers.imports.drawing import Drawing, Read, UndrawableError, Value
from spec import catalogue

# What a layer's description holds besides parameters, or says in a way that a spec has no other of.
# fmt: off
WITHOUT_MEANING = {
    "name", "dtype", "trainable", "seed", "recurrent_seed", "synchronized", "supports_masking", "mask_zero",
    "zero_output_for_mask", "implementation", "renorm_momentum",
}
# fmt: on
ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "elu": ("ELU", {}),
    "gelu": ("GELU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": 0.2}),
    "relu": ("ReLU", {}),
    "selu": ("SELU", {}),
    "sigmoid": ("Sigmoid", {}),
    "silu": ("SiLU", {}),
    "softmax": ("Softmax", {}),
    "softplus": ("Softplus", {}),
    "tanh": ("Tanh", {}),
}
OPERATIONS = {
    "Add": "Add", "Average": "Average", "Maximum": "Maximum", "Minimum": "Minimum", "Multiply": "Multiply",
    "Subtract": "Subtract",
}  # fmt: skip
"""Operations of two tensors, by the layer that does them."""
FUNCTIONS = {
    "Silu": "silu",
    "Relu": "relu",
    "Selu": "selu",
    "Sigmoid": "sigmoid",
    "Softplus": "softplus",
    "Tanh": "tanh",
}


def place(
    drawing: Drawing,
    name: str,
    layer: Mapping[str, Any],
    config: Mapping[str, Any],
    inputs: Sequence[Value],
    read: Read | None,
) -> Value:
    """A layer in a drawing.

    Args:
        layer: its type and parameters, as a spec has them.
        config: as Keras describes it.
        read: reads its weights.

    Raises:
        UndrawableError: it does not fit its inputs.
    """
    type_ = layer["type"]
    parameters = {key: value for key, value in layer.items() if key != "type"}
    attended = config.get("attention_axes") if type_ == "MultiHeadAttention" else None
    if attended and list(attended) != inputs[0].features[:-1]:
        raise UndrawableError(f"it attends along the axes {attended} alone, and a drawing's along all but the last")
    rule = catalogue.load()["layers"][type_]["shape_rule"]
    axis = config.get("axis") if type_ in ("BatchNormalization", "GroupNormalization") else None
    axis = axis[0] if isinstance(axis, list) else axis
    if axis is not None and inputs:
        value, _ = drawing.by_channel(name, inputs[0], [inputs[0].place(axis)])
        return drawing.through(name, type_, value, read, **parameters)
    if rule == "unchanged" and len(inputs) == 1:
        return replace(drawing.through(name, type_, inputs[0], read, **parameters), units=None)
    is_first = config.get("data_format") == "channels_first" and bool(inputs) and inputs[0].rank > 2
    orders = [[*value.features[1:], value.features[0]] if is_first else value.features for value in inputs]
    given = [drawing.arranged(name, value, order) for value, order in zip(inputs, orders, strict=True)]
    made = drawing.add(name, type_, given, read, **parameters)
    rank = len(drawing.shape(made)) + 1
    if is_first and rank == inputs[0].rank:
        return drawing.value(made, orders[0])
    return drawing.value(made)


def operate(
    drawing: Drawing, name: str, kind: str, config: Mapping[str, Any], call: Mapping[str, Any], inputs: Sequence[Value]
) -> Value:
    """A function of `keras.ops` as a layer.

    Raises:
        UndrawableError: no layer does what it does.
    """
    if kind in FUNCTIONS:
        type_, parameters = ACTIVATIONS[FUNCTIONS[kind]]
        return drawing.through(name, type_, inputs[0], None, **parameters)
    if kind == "Gelu":
        return drawing.through(name, "GELU", inputs[0], approximate=bool(config.get("approximate", True)))
    if kind == "LeakyRelu":
        return drawing.through(name, "LeakyReLU", inputs[0], negative_slope=config.get("negative_slope", 0.2))
    if kind in OPERATIONS and len(inputs) == 2:
        layers = [drawing.arranged(name, value, value.features) for value in inputs]
        return drawing.value(drawing.add(name, OPERATIONS[kind], layers))
    if kind in ("Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative") and len(inputs) == 1:
        scale, offset = _scaled(kind, call)
        return drawing.through(name, "Rescaling", inputs[0], scale=scale, offset=offset)
    if kind in ("Concatenate", "Softmax") and inputs:
        layers = [drawing.arranged(name, value, value.features) for value in inputs]
        return drawing.value(drawing.add(name, kind, layers, axis=config.get("axis", -1)))
    (value,) = inputs
    layer = drawing.arranged(name, value, value.features)
    if kind == "Reshape":
        batch, *shape = config["newshape"]
        if batch not in (-1, None) or not shape:
            raise UndrawableError(f"it reshapes to {config['newshape']}, the batch among it")
        if len(shape) == 1:
            return drawing.value(drawing.add(name, "Flatten", [layer]))
        return drawing.value(drawing.add(name, "Reshape", [layer], target_shape=shape))
    if kind == "Transpose":
        batch, *dims = config.get("axes") or list(range(value.rank))[::-1]
        if batch != 0:
            raise UndrawableError(f"it moves the batch, by the axes {config.get('axes')}")
        return drawing.value(drawing.add(name, "Permute", [layer], dims=dims))
    raise UndrawableError(f"a drawing has no layer for the operation {kind}")


def _scaled(kind: str, call: Mapping[str, Any]) -> tuple[float, float]:
    """The scale and offset of a tensor and a number, in their order."""
    if kind == "Negative":
        return -1.0, 0.0
    given = list(call.get("args", ()))[:2]
    numbers = [item for item in given if isinstance(item, int | float) and not isinstance(item, bool)]
    if len(given) != 2 or len(numbers) != 1:
        raise UndrawableError("it puts a tensor to something other than a number")
    number, is_first = float(numbers[0]), given[0] is numbers[0]
    if kind == "Add":
        return 1.0, number
    if kind == "Subtract":
        return (-1.0, number) if is_first else (1.0, -number)
    if kind == "Multiply":
        return number, 0.0
    if is_first or not number:
        raise UndrawableError("it divides a number by a tensor, or by zero")
    return 1.0 / number, 0.0
