"""Layers in which every place looks at every other."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from drivers.keras.layers.base import Building, Layer, Tensor
from drivers.keras.layers.construction import Constructor, without


class SelfAttention2D(keras.layers.Layer):
    """γ·attention(x) + x over the pixels of (N, h, w, c), γ learned from 0. Zhang et al. 2018, eq. 1 to 3.

    Pixel j blends the values of all pixels i by softmaxᵢ(key(i)·query(j)); the blend comes back to c channels.
    Kernels: query, key, value (c, c / channel_reduction), output (c / channel_reduction, c).
    """

    def __init__(self, channel_reduction: int = 8, kernel_initializer: Any = "glorot_uniform", **options: Any) -> None:
        super().__init__(**options)
        self.channel_reduction = channel_reduction
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        channels = input_shape[-1]
        hidden = max(channels // self.channel_reduction, 1)

        def kernel(name, shape):
            return self.add_weight(name=name, shape=shape, initializer=self.kernel_initializer)

        self.query_kernel = kernel("query_kernel", (channels, hidden))
        self.key_kernel = kernel("key_kernel", (channels, hidden))
        self.value_kernel = kernel("value_kernel", (channels, hidden))
        self.output_kernel = kernel("output_kernel", (hidden, channels))
        self.gamma = self.add_weight(name="gamma", shape=(1,), initializer="zeros")

    def call(self, x):
        _, height, width, channels = x.shape
        pixels = ops.reshape(x, (-1, height * width, channels))
        query = ops.matmul(pixels, self.query_kernel)  # (N, h·w, hidden)
        key = ops.matmul(pixels, self.key_kernel)
        value = ops.matmul(pixels, self.value_kernel)
        scores = ops.matmul(query, ops.swapaxes(key, 1, 2))
        attention = ops.softmax(ops.cast(scores, self.variable_dtype))  # (N, h·w, h·w)
        blended = ops.matmul(ops.matmul(ops.cast(attention, value.dtype), value), self.output_kernel)
        return self.gamma * ops.reshape(blended, (-1, height, width, channels)) + x

    def compute_output_shape(self, input_shape):
        return input_shape


class FirstUnscaled(Layer):
    """`SelfAttention2D`, whose γ starts at 0: at first it changes nothing."""

    CONSTANTS: ClassVar = {"gamma": 0.0}


class Attention(Layer):
    """Keras's attention of a query to a value and a key; the key is by default the value, and this the query."""

    OPTIONS: ClassVar = {"seed": 0}

    def build(self, building: Building) -> None:
        super().build(building)
        # Exact, whatever its products are computed in; PyTorch's is, and there both of a product must be of one kind.
        if keras.config.backend() != "torch":
            self.keras_layer._softmax.dtype_policy = self.keras_layer.variable_dtype

    def shapes_with_batch(self) -> list[Any]:
        return list(_query_value_key(super().shapes_with_batch()))

    def seed_generators(self) -> Iterable[keras.random.SeedGenerator]:
        return (self.keras_layer._dropout_layer.seed_generator,) if self.parameters["dropout"] else ()

    @property
    def _is_taken_apart(self) -> bool:
        """Whether Keras's kernels cannot be used: fused ones have no second derivatives, and JAX has none for values of
        another size than the keys; TensorFlow takes biases of size 1 for those of steps, where these are as many as
        heads.
        """
        key_dim, value_dim = self.parameters["key_dim"], self.parameters["value_dim"] or self.parameters["key_dim"]
        has_single = keras.config.backend() == "tensorflow" and 1 in (key_dim, value_dim)
        return self.mode.is_penalized or value_dim != key_dim or has_single

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self._is_taken_apart:
            return self._attend(*_query_value_key(inputs))
        return self.call_keras(self.keras_layer, inputs, training=self.mode.training)

    def _attend(self, query: Tensor, value: Tensor, key: Tensor) -> Tensor:
        """The same, operation by operation; (N, …, channels) each. Vaswani et al. 2017, section 3.2."""
        queries, keys, values = self._heads("query", query), self._heads("key", key), self._heads("value", value)
        scores = ops.matmul(queries, ops.swapaxes(keys, 2, 3)) / math.sqrt(self.parameters["key_dim"])
        if self.parameters["use_causal_mask"]:
            steps = np.tri(*scores.shape[2:]) > 0
            scores = ops.where(steps, scores, -np.inf)
        wide = ops.cast(scores, self.keras_layer.variable_dtype)
        (weights,) = self.operands(ops.softmax(wide))  # (N, heads, steps of query, steps of key)
        if self.parameters["dropout"]:
            weights = self.keras_layer._dropout_layer(weights, training=self.mode.training)
        blended = ops.matmul(weights, values)
        kernel, *bias = self._projection("attention_output")
        output = ops.reshape(ops.einsum("nhtd,hdc->ntc", blended, kernel), (-1, *self.output_shape))
        return sum(bias, output)

    def _heads(self, name: str, x: Tensor) -> Tensor:
        """(N, …, channels) -> (N, heads, steps, size of a head)."""
        kernel, *bias = self._projection(name)
        (x,) = self.operands(x)
        steps = ops.reshape(x, (-1, math.prod(x.shape[1:-1]), x.shape[-1]))
        heads = ops.einsum("ntc,chd->nhtd", steps, kernel)
        return sum((ops.expand_dims(each, 1) for each in bias), heads)

    def _projection(self, name: str) -> list[Tensor]:
        """Its kernel, and its bias if it has one."""
        names = (f"{name}/kernel", f"{name}/bias")
        return self.operands(*(self._variables[each] for each in names if each in self._variables))

    def call_keras(self, keras_layer: keras.layers.Layer, inputs: Sequence[Tensor], **options: Any) -> Tensor:
        query, value, key = _query_value_key(inputs)
        return keras_layer(query, value, key, use_causal_mask=self.parameters["use_causal_mask"], **options)


def _query_value_key(given):
    return given[0], given[min(1, len(given) - 1)], given[-1]


KERAS: dict[str, Constructor] = {
    "MultiHeadAttention": without(keras.layers.MultiHeadAttention, "use_causal_mask"),
    "SelfAttention2D": SelfAttention2D,
}
LAYERS = {"MultiHeadAttention": Attention, "SelfAttention2D": FirstUnscaled}
