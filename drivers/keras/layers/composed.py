"""The layers that Keras lacks, as models of layers and operations that it has.

A network computes with the layers of this room; it leaves as these, which any Keras 3 opens without this project. Each
function takes parameters and the inputs' shapes of one sample, and gives a functional model named ``name``. A layer in
it that holds a variable has the variable's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
from keras import layers, ops

from drivers.keras.layers.construction import keras_initializer

Parameters = Mapping[str, Any]
Tensor = Any
Shape = Sequence[int]
Body = Callable[..., Tensor]

# Added to a variance before its root, whose slope at 0 is infinite.
SMALLEST_VARIANCE = 1e-8


def compose(layer: Parameters, input_shapes: Sequence[Shape], name: str | None) -> keras.Model:
    """The model of a resolved layer of `COMPOSED`."""
    given = [keras.Input(tuple(shape)) for shape in input_shapes]
    output = COMPOSED[layer["type"]](layer, *given)
    return keras.Model(given if len(given) > 1 else given[0], output, name=name)


def _gelu(layer: Parameters, x: Tensor) -> Tensor:
    return ops.gelu(x, approximate=layer["approximate"])


def _pixel_normalization(layer: Parameters, x: Tensor) -> Tensor:
    return x * ops.rsqrt(ops.mean(ops.square(x), axis=-1, keepdims=True) + layer["epsilon"])


def _conditional_batch_normalization(layer: Parameters, features: Tensor, label: Tensor) -> Tensor:
    settings = {"momentum": layer["momentum"], "epsilon": layer["epsilon"], "center": False, "scale": False}
    normalized = layers.BatchNormalization(**settings)(features)
    scales, shifts = (
        layers.Embedding(layer["num_classes"], features.shape[-1], name=name)(label) for name in ("gamma", "beta")
    )
    return _scale_and_shift(normalized, scales, shifts)


def _adaptive_instance_normalization(layer: Parameters, features: Tensor, style: Tensor) -> Tensor:
    channels = features.shape[-1]
    normalized = layers.GroupNormalization(-1, epsilon=layer["epsilon"], center=False, scale=False)(features)
    affine = layers.Dense(2 * channels, **_initializers(layer, "kernel_initializer", "bias_initializer"))(style)
    return _scale_and_shift(normalized, 1.0 + affine[:, :channels], affine[:, channels:])


def _self_attention(layer: Parameters, x: Tensor) -> Tensor:
    height, width, channels = x.shape[1:]
    hidden = max(channels // layer["channel_reduction"], 1)
    pixels = ops.reshape(x, (-1, height * width, channels))
    start = _initializers(layer, "kernel_initializer")
    query, key, value = (
        layers.Dense(hidden, use_bias=False, name=f"{part}_kernel", **start)(pixels)
        for part in ("query", "key", "value")
    )
    attention = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
    blended = layers.Dense(channels, use_bias=False, name="output_kernel", **start)(ops.matmul(attention, value))
    # A dense layer of one number is what Keras has to learn a factor with.
    scaled = layers.Dense(1, use_bias=False, name="gamma")(ops.expand_dims(blended, -1))
    return ops.reshape(scaled, (-1, height, width, channels)) + x


def _minibatch_discrimination(layer: Parameters, x: Tensor) -> Tensor:
    kernels, size = layer["num_kernels"], layer["kernel_dim"]
    flat = layers.Dense(kernels * size, use_bias=False, **_initializers(layer, "kernel_initializer"))(x)
    views = ops.reshape(flat, (-1, kernels, size))
    apart = ops.expand_dims(views, 0) - ops.expand_dims(views, 1)
    nearness = ops.exp(-ops.sum(ops.abs(apart), axis=-1))
    return ops.concatenate([x, ops.sum(nearness, axis=0)], axis=-1)


def _minibatch_stddev(layer: Parameters, x: Tensor) -> Tensor:
    """A model does not know how many samples it will get: groups are matrices of 0 and 1 here, and are counted."""
    numbers = layers.Flatten()(x)
    one = ops.ones_like(numbers[:, :1])  # (N, 1)
    count = ops.sum(one)
    groups = ops.ceil(count / layer["group_size"]) if layer["group_size"] else ops.ones_like(count)
    order = ops.cumsum(one, axis=0) - one  # 0 to N - 1
    group = order - groups * ops.floor((order + 0.5) / groups)
    together = ops.cast(ops.abs(group - ops.transpose(group, (1, 0))) < 0.5, "float32")  # (N, N)
    sizes = ops.sum(together, axis=1, keepdims=True)
    mean = ops.matmul(together, numbers) / sizes
    variance = ops.matmul(together, ops.square(numbers - mean)) / sizes
    spread = ops.mean(ops.sqrt(variance + SMALLEST_VARIANCE), axis=-1, keepdims=True)  # (N, 1)
    spread = ops.reshape(spread, (-1, *(1 for _ in x.shape[1:])))
    return ops.concatenate([x, spread * ops.ones_like(x[..., :1])], axis=-1)


def _initializers(layer: Parameters, *names: str) -> dict[str, keras.initializers.Initializer]:
    """How new weights would start."""
    return {name: keras_initializer(layer[name]) for name in names}


def _scale_and_shift(x: Tensor, scales: Tensor, shifts: Tensor) -> Tensor:
    shape = (-1, *(1 for _ in x.shape[1:-1]), x.shape[-1])
    return x * ops.reshape(scales, shape) + ops.reshape(shifts, shape)


COMPOSED: dict[str, Body] = {
    "AdaIN": _adaptive_instance_normalization,
    "ConditionalBatchNormalization": _conditional_batch_normalization,
    "GELU": _gelu,
    "MinibatchDiscrimination": _minibatch_discrimination,
    "MinibatchStdDev": _minibatch_stddev,
    "PixelNormalization": _pixel_normalization,
    "SelfAttention2D": _self_attention,
}
"""By the catalogue's name: its inputs' tensors to its output's."""
