"""Normalizations of what passes through."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
from keras import ops

from drivers.keras.layers.base import Building, Tensor, TrainedLayer
from drivers.keras.layers.construction import Constructor


def normalize(x: Tensor, axes: Sequence[int], epsilon: float) -> Tensor:
    """(x - μ)/√(σ² + ε) over ``axes``, with the right derivatives of every order.

    Keras takes σ² on TensorFlow from `tf.nn.moments`, which holds μ constant in it. That leaves the first derivative as
    it is, and makes the second one wrong: by percents, in the penalty's slopes of the layers before.
    """
    centered = x - ops.mean(x, axis=axes, keepdims=True)
    variance = ops.mean(ops.square(centered), axis=axes, keepdims=True)
    return centered * ops.rsqrt(variance + epsilon)


class Normalization(TrainedLayer):
    """γ·(x - μ)/√(σ² + ε) + β as Keras has it, but by `normalize` where a gradient penalty differentiates it twice."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        if self.mode.is_penalized:
            return self.normalized(*self.operands(*inputs))
        return super().__call__(*inputs)

    @abstractmethod
    def normalized(self, *inputs: Tensor) -> Tensor:
        """What Keras's layer computes while training, by `normalize`; what it keeps of a training stays as it is."""

    def scaled(self, x: Tensor, shape: Sequence[int]) -> Tensor:
        """γ·x + β, as far as there are such variables; ``shape`` is theirs beside x."""
        gamma, beta = self.keras_layer.gamma, self.keras_layer.beta
        x = x if gamma is None else x * ops.reshape(gamma, shape)
        return x if beta is None else x + ops.reshape(beta, shape)


class LayerNormalization(Normalization):
    """Over given axes of each sample, of which Keras is told in their order: γ and β have their sizes in it."""

    def build(self, building: Building) -> None:
        rank = len(self.input_shapes[0]) + 1
        axes = sorted(axis % rank for axis in self.parameters["axis"])
        self.parameters = {**self.parameters, "axis": axes}
        super().build(building)

    def __call__(self, *inputs: Tensor) -> Tensor:
        # Keras subtracts the mean after both are divided by the deviation, which leaves more than rounding where the
        # mean is large beside it; not so PyTorch's kernel, which takes the last axes.
        axes = self.parameters["axis"]
        if keras.config.backend() == "torch" and axes == list(range(axes[0], len(self.input_shapes[0]) + 1)):
            return super().__call__(*inputs)
        return self.normalized(*self.operands(*inputs))

    def normalized(self, *inputs: Tensor) -> Tensor:
        (x,), axes = inputs, self.parameters["axis"]
        shape = [size if axis in axes else 1 for axis, size in enumerate(x.shape)]
        return self.scaled(normalize(x, axes, self.keras_layer.epsilon), shape)


class GroupNormalization(Normalization):
    """Over each group of channels of each sample."""

    def normalized(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        y = normalize_groups(x, self.keras_layer.groups, self.keras_layer.epsilon)
        return self.scaled(y, (x.shape[-1],))


class BatchNormalization(Normalization):
    """Over the batch, a channel at a time."""

    MIXES_SAMPLES = True

    def normalized(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        return self.scaled(normalize_batch(x, self.keras_layer.epsilon), (x.shape[-1],))


class ConditionalBatches(Normalization):
    """`ConditionalBatchNormalization` in a network."""

    MIXES_SAMPLES = True

    def normalized(self, *inputs: Tensor) -> Tensor:
        features, label = inputs
        return self.keras_layer.scale_and_shift(normalize_batch(features, self.keras_layer.epsilon), label)


def normalize_batch(x: Tensor, epsilon: float) -> Tensor:
    """(N, …, c) with each channel at mean 0 and variance 1."""
    return normalize(x, tuple(range(len(x.shape) - 1)), epsilon)


def normalize_groups(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """(N, …, c) with each group of channels of each sample at mean 0 and variance 1."""
    *within, channels = x.shape[1:]
    grouped = ops.reshape(x, (-1, *within, groups, channels // groups))
    axes = [axis for axis in range(1, len(grouped.shape)) if axis != len(grouped.shape) - 2]
    return ops.reshape(normalize(grouped, axes, epsilon), (-1, *within, channels))


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
        return self.scale_and_shift(self.normalization(features, training=training), label)

    def scale_and_shift(self, features, label):
        """γ·features + β with the label's rows."""
        rows = ops.cast(label, "int32")
        scales, shifts = ops.take(self.gamma, rows, axis=0), ops.take(self.beta, rows, axis=0)
        return scale_and_shift(features, scales, shifts)

    def compute_output_shape(self, features_shape, label_shape):
        return features_shape


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
        self.autocast = False  # the style alone is multiplied
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)
        self.bias_initializer = keras.initializers.get(bias_initializer)

    def build(self, features_shape, style_shape):
        numbers = 2 * features_shape[-1]
        self.kernel = self.add_weight(
            name="kernel", shape=(style_shape[-1], numbers), initializer=self.kernel_initializer
        )
        self.bias = self.add_weight(name="bias", shape=(numbers,), initializer=self.bias_initializer)

    def call(self, features, style):
        affine = ops.matmul(ops.cast(style, self.compute_dtype), self.kernel) + self.bias
        scales, shifts = ops.split(ops.cast(affine, self.variable_dtype), 2, axis=1)
        features = ops.cast(features, self.variable_dtype)
        normalized = normalize_groups(features, features.shape[-1], self.epsilon)
        return scale_and_shift(normalized, 1.0 + scales, shifts)

    def compute_output_shape(self, features_shape, style_shape):
        return features_shape


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
LAYERS = {
    "BatchNormalization": BatchNormalization,
    "ConditionalBatchNormalization": ConditionalBatches,
    "GroupNormalization": GroupNormalization,
    "InstanceNormalization": GroupNormalization,
    "LayerNormalization": LayerNormalization,
}
