"""Layers that let a discriminator compare the samples of a batch, against generators that draw always the same."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from drivers.keras.layers.base import Layer
from drivers.keras.layers.composed import SMALLEST_VARIANCE
from drivers.keras.layers.construction import Constructor


class MinibatchStdDev(keras.layers.Layer):
    """(N, …, c) -> (N, …, c + 1): the spread of each group of samples as one more channel.

    Karras et al. 2017, section 3: the standard deviation of every number over the samples of its group, and the mean
    of all these. Sample i is in group i mod ⌈N / group_size⌉; where group_size does not divide N, some groups are
    one smaller.
    """

    def __init__(self, group_size: int | None = 4, **options: Any) -> None:
        super().__init__(**options)
        self.group_size = group_size

    def call(self, x):
        count = ops.shape(x)[0]
        groups = -(-count // (self.group_size or count))
        size = -(-count // groups)
        missing = size * groups - count
        wide = keras.backend.result_type(x.dtype, "float32")
        numbers = ops.reshape(ops.cast(x, wide), (count, -1))
        numbers = ops.concatenate([numbers, ops.zeros((missing, numbers.shape[-1]), wide)], axis=0)
        numbers = ops.reshape(numbers, (size, groups, -1))
        there = ops.cast(ops.arange(size * groups) < count, wide)
        there = ops.reshape(there, (size, groups, 1))
        sizes = ops.sum(there, axis=0)  # (groups, 1)
        mean = ops.sum(numbers, axis=0) / sizes  # (groups, numbers)
        variance = ops.sum(ops.square(numbers - mean) * there, axis=0) / sizes
        spread = ops.mean(ops.sqrt(variance + SMALLEST_VARIANCE), axis=1)  # (groups,)
        of_samples = ops.cast(ops.tile(spread, (size,))[:count], x.dtype)
        channel = ops.reshape(of_samples, (-1, *(1 for _ in x.shape[1:])))
        return ops.concatenate([x, ops.broadcast_to(channel, (*ops.shape(x)[:-1], 1))], axis=-1)

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)


class MinibatchDiscrimination(keras.layers.Layer):
    """(N, a) -> (N, a + b): each sample's nearness to those of the batch, itself among them, in b learned views.

    Salimans et al. 2016, section 3.2: M = x·T with T (a, b, c), and o[i, b] = Σⱼ exp(-‖M[i, b] - M[j, b]‖₁).
    """

    def __init__(
        self, num_kernels: int = 32, kernel_dim: int = 8, kernel_initializer: Any = "glorot_uniform", **options: Any
    ) -> None:
        super().__init__(**options)
        self.num_kernels = num_kernels
        self.kernel_dim = kernel_dim
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        shape = (input_shape[-1], self.num_kernels, self.kernel_dim)
        self.kernel = self.add_weight(name="kernel", shape=shape, initializer=self.kernel_initializer)

    def call(self, x):
        views = ops.matmul(x, ops.reshape(self.kernel, (x.shape[-1], -1)))
        views = ops.reshape(ops.cast(views, self.variable_dtype), (-1, self.num_kernels, self.kernel_dim))
        # XLA may round M[i] differently wherever it needs it, and then a sample is on some side of itself.
        others = 1.0 - ops.eye(ops.shape(x)[0], dtype=views.dtype)[..., None, None]
        apart = (ops.expand_dims(views, 0) - ops.expand_dims(views, 1)) * others
        # |x| as x·sign(x): the second derivative of abs would load PyTorch's compiler, which takes seconds.
        distances = ops.sum(apart * ops.stop_gradient(ops.sign(apart)), axis=-1)  # (N, N, b)
        nearness = ops.cast(ops.sum(ops.exp(-distances), axis=0), x.dtype)
        return ops.concatenate([x, nearness], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] + self.num_kernels)


class Comparing(Layer):
    """A layer that compares the samples of a batch."""

    MIXES_SAMPLES = True


KERAS: dict[str, Constructor] = {
    "MinibatchDiscrimination": MinibatchDiscrimination,
    "MinibatchStdDev": MinibatchStdDev,
}
LAYERS = dict.fromkeys(KERAS, Comparing)
