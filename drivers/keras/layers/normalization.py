"""Normalizations of what passes through."""

from __future__ import annotations

from functools import partial
from typing import Any

import keras
from keras import ops

from drivers.keras.layers.base import Tensor, TrainedLayer, forgetting
from drivers.keras.layers.construction import Constructor


class MovingAverages(TrainedLayer):
    """Any layer of Keras that keeps moving averages of what the batches of a training were like."""

    MIXES_SAMPLES = True

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not self.mode.is_penalized:
            return super().__call__(*inputs)
        with forgetting(self.keras_layer.weights):
            return super().__call__(*inputs)


@keras.saving.register_keras_serializable("authorgan")
class PixelNormalization(keras.layers.Layer):
    """x / √(mean of x² over the channels + ε), a pixel at a time. Karras et al. 2017, section 4.2."""

    def __init__(self, epsilon: float = 1e-8, **options: Any) -> None:
        super().__init__(**options)
        self.epsilon = epsilon

    def call(self, x):
        wide = ops.cast(x, keras.backend.result_type(x.dtype, "float32"))
        square = ops.mean(ops.square(wide), axis=-1, keepdims=True)
        return x * ops.cast(ops.rsqrt(square + self.epsilon), x.dtype)

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "epsilon": self.epsilon}


@keras.saving.register_keras_serializable("authorgan")
class ConditionalBatchNormalization(keras.layers.Layer):
    """Batch normalization whose γ and β are the label's rows of two tables. De Vries et al. 2017, section 3."""

    def __init__(self, num_classes: int = 10, momentum: float = 0.99, epsilon: float = 1e-3, **options: Any) -> None:
        super().__init__(**options)
        self.num_classes = num_classes
        self.momentum = momentum
        self.epsilon = epsilon
        self.normalization = keras.layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, center=False, scale=False
        )

    def build(self, features_shape, label_shape):
        table = (self.num_classes, features_shape[-1])
        self.normalization.build(features_shape)
        self.gamma = self.add_weight(name="gamma", shape=table, initializer="ones")
        self.beta = self.add_weight(name="beta", shape=table, initializer="zeros")

    def call(self, features, label, training=False):
        rows = ops.cast(label, "int32")
        scales, shifts = ops.take(self.gamma, rows, axis=0), ops.take(self.beta, rows, axis=0)
        return scale_and_shift(self.normalization(features, training=training), scales, shifts)

    def compute_output_shape(self, features_shape, label_shape):
        return features_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "num_classes": self.num_classes,
            "momentum": self.momentum,
            "epsilon": self.epsilon,
        }


@keras.saving.register_keras_serializable("authorgan")
class AdaIN(keras.layers.Layer):
    """(1 + s)·(x - μ)/√(σ² + ε) + b over each channel of each sample; s, b = style·kernel + bias.

    Huang & Belongie 2017, eq. 8, with the style's learned affine map of Karras et al. 2018, section 2.
    Kernel: (style, 2 · channels); its first half makes the scales.
    """

    def __init__(
        self,
        epsilon: float = 1e-5,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)
        self.normalization = keras.layers.GroupNormalization(groups=-1, epsilon=epsilon, center=False, scale=False)

    def build(self, features_shape, style_shape):
        numbers = 2 * features_shape[-1]
        self.normalization.build(features_shape)
        self.kernel = self.add_weight(
            name="kernel", shape=(style_shape[-1], numbers), initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=(numbers,), initializer=self.bias_initializer)

    def call(self, features, style):
        scales, shifts = ops.split(ops.matmul(style, self.kernel) + self.bias, 2, axis=1)
        return scale_and_shift(self.normalization(features), 1.0 + scales, shifts)

    def compute_output_shape(self, features_shape, style_shape):
        return features_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
            "bias_initializer": keras.initializers.serialize(self.bias_initializer),
        }


def scale_and_shift(x, scales, shifts):
    """x · scales + shifts for (N, …, c) and a row of both for each sample, (N, c)."""
    shape = (-1, *(1 for _ in x.shape[1:-1]), x.shape[-1])
    return x * ops.reshape(scales, shape) + ops.reshape(shifts, shape)


KERAS: dict[str, Constructor] = {
    "AdaIN": AdaIN,
    "BatchNormalization": keras.layers.BatchNormalization,
    "ConditionalBatchNormalization": ConditionalBatchNormalization,
    "GroupNormalization": keras.layers.GroupNormalization,
    "InstanceNormalization": partial(keras.layers.GroupNormalization, groups=-1),
    "LayerNormalization": keras.layers.LayerNormalization,
    "PixelNormalization": PixelNormalization,
}
LAYERS = dict.fromkeys(("BatchNormalization", "ConditionalBatchNormalization"), MovingAverages)
