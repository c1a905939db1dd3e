"""Keras's own layer for a resolved one, by the same names, and the two side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import torch

from spec.shapes import measure
from tests.drivers.pytorch.building import Shape, build, randomize, resolved

# float32: absolutely for numbers near 1, relatively for larger ones.
TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4

# Functions that Keras has, but no layer of their own for.
ACTIVATIONS = {"SELU": "selu", "SiLU": "silu", "Sigmoid": "sigmoid", "Softplus": "softplus", "Tanh": "tanh"}
# Layers of the catalogue that Keras lacks; their formulas are held by test_layers_of_papers.py.
FROM_PAPERS = {
    "AdaIN",
    "ConditionalBatchNormalization",
    "MinibatchDiscrimination",
    "MinibatchStdDev",
    "PixelNormalization",
    "SelfAttention2D",
}
# Keras takes these when the layer is called.
CALLED_WITH = ("use_causal_mask",)


def keras_layer(config: dict[str, Any]) -> keras.layers.Layer:
    """Keras's layer of the same name, given the parameters under the same names."""
    kind = config["type"]
    parameters = {
        name: _keras_form(value)
        for name, value in config.items()
        if name not in ("type", "output_shape", *CALLED_WITH) and not name.endswith("_initializer")
    }
    if "layer" in parameters:
        parameters["layer"] = keras_layer(config["layer"])
    if kind in ACTIVATIONS:
        return keras.layers.Activation(ACTIVATIONS[kind])
    if kind == "GELU":
        return keras.layers.Activation(lambda x: keras.activations.gelu(x, **parameters))
    if kind == "InstanceNormalization":
        return keras.layers.GroupNormalization(groups=-1, **parameters)
    return getattr(keras.layers, kind)(**parameters)


def _keras_form(value: Any) -> Any:
    """Tuples for lists, and the number itself for a list of one."""
    if not isinstance(value, list):
        return value
    return _keras_form(value[0]) if len(value) == 1 else tuple(map(_keras_form, value))


def compare(
    kind: str,
    input_shapes: Sequence[Shape],
    /,
    *,
    training: bool = False,
    batch: int = 3,
    inputs: Sequence[np.ndarray] | None = None,
    **parameters: Any,
) -> None:
    """Holds shapes, parameter count, outputs, gradients and changed weights of ours and Keras's layer together."""
    rng = np.random.default_rng(7)
    config = resolved(kind, input_shapes, **parameters)
    ours = build(config, input_shapes, training=training)
    weights = randomize(ours, rng)
    arrays = inputs or [rng.normal(size=(batch, *shape)).astype(np.float32) for shape in input_shapes]

    theirs = keras_layer(config)
    call = {name: config[name] for name in CALLED_WITH if config.get(name)}
    x_theirs = [torch.tensor(array, requires_grad=True) for array in arrays]
    many = kind in ("Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract")
    given = [x_theirs] if many else (x_theirs * 2 if kind == "MultiHeadAttention" and len(x_theirs) == 1 else x_theirs)
    keyword = {"training": training} if theirs._call_has_training_arg else {}
    theirs(*given, **keyword, **call)  # builds it
    pairs = match(weights, theirs)
    for name, variable in pairs.items():
        variable.assign(weights[name])
    y_theirs = theirs(*given, **keyword, **call)

    x_ours = [torch.tensor(array, requires_grad=True) for array in arrays]
    y_ours = ours(*x_ours)

    built = measure(config, input_shapes)
    assert tuple(y_theirs.shape[1:]) == tuple(y_ours.shape[1:]) == built.output_shape
    assert theirs.count_params() == built.parameter_count
    assert [(name, tuple(weights[name].shape)) for name, _, _ in built.weights] == [
        (name, shape) for name, shape, _ in built.weights
    ]
    assert {name for name, _, trainable in built.weights if trainable} == {
        name for name, variable in pairs.items() if variable.trainable
    }
    close(y_ours, y_theirs, TOLERANCE, "output")
    for name, variable in pairs.items():
        close(ours.to_keras(name, ours.variables()[name]), variable.value, TOLERANCE, f"{name} after use")

    weight = torch.from_numpy(rng.normal(size=tuple(y_ours.shape)).astype(np.float32))
    (y_ours * weight).sum().backward()
    (y_theirs * weight).sum().backward()
    for index, (a, b) in enumerate(zip(x_ours, x_theirs, strict=True)):
        close(gradient(a), gradient(b), GRADIENT_TOLERANCE, f"gradient of input {index}")
    for name, variable in pairs.items():
        if variable.trainable:
            own = gradient(ours.variables()[name])
            close(ours.to_keras(name, own), gradient(variable.value), GRADIENT_TOLERANCE, f"gradient of {name}")


def match(weights: dict[str, np.ndarray], layer: keras.layers.Layer) -> dict[str, keras.Variable]:
    """Keras's variable for each of ours: the next one whose own name and shape are the same."""
    left = list(layer.weights)
    pairs = {}
    for name, value in weights.items():
        pairs[name] = next(
            variable
            for variable in left
            if variable.path.rpartition("/")[2] == name.rpartition("/")[2] and tuple(variable.shape) == value.shape
        )
        left = [variable for variable in left if variable is not pairs[name]]
    assert left == []
    return pairs


def gradient(value: torch.Tensor) -> torch.Tensor:
    return torch.zeros_like(value) if value.grad is None else value.grad


def close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float, what: str) -> None:
    a, b = ours.detach().numpy(), theirs.detach().numpy()
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance, err_msg=what)
