"""Layers that Keras lacks. The name at the top stands for that of the program."""

from functools import partial

import keras
import numpy as np
from keras import layers, ops

truncated_normal = None


class UpConv2D(layers.Conv2D):
    """A 3x3 convolution of images enlarged twofold, in one go: 16 products, not 36."""

    def call(self, x):
        # Weights that meet copies of a pixel are added up.
        rows = np.float32([[0, 0, 1], [0, 1, 1], [1, 1, 0], [1, 0, 0]])
        kernel = ops.einsum("ai,bj,ijcf->abfc", rows, rows, self.kernel)
        y = ops.conv_transpose(x, kernel, 2, "same")
        return self.activation(y if self.bias is None else y + self.bias.value)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * shape[1], 2 * shape[2], self.filters)


class ConditionalBatchNorm(layers.Layer):
    """Batch normalization, scaled and shifted by the label. De Vries et al. 2017."""

    def __init__(self, classes, momentum, epsilon, **options):
        super().__init__(**options)
        self.classes = classes
        self.norm = layers.BatchNormalization(
            momentum=momentum, epsilon=epsilon, center=False, scale=False
        )

    def build(self, x_shape, label_shape):
        self.norm.build(x_shape)
        table = (self.classes, x_shape[-1])
        self.gamma = self.add_weight(table, "ones", name="gamma")
        self.beta = self.add_weight(table, "zeros", name="beta")

    def call(self, x, label, training=False):
        row = ops.reshape(ops.cast(label, "int32"), (-1,))
        each = (-1, *(1 for _ in x.shape[2:]), x.shape[-1])
        scale = ops.reshape(ops.take(self.gamma, row, axis=0), each)
        shift = ops.reshape(ops.take(self.beta, row, axis=0), each)
        return self.norm(x, training=training) * scale + shift


class AdaIN(layers.Layer):
    """(1 + s)·instance_norm(x) + b; s, b from the style. Huang & Belongie 2017."""

    def __init__(
        self, epsilon, kernel_initializer, bias_initializer="zeros", **options
    ):
        super().__init__(**options)
        self.norm = layers.GroupNormalization(
            groups=-1, epsilon=epsilon, center=False, scale=False
        )
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer

    def build(self, x_shape, style_shape):
        self.norm.build(x_shape)
        self.style = layers.Dense(
            2 * x_shape[-1],
            kernel_initializer=self.kernel_initializer,
            bias_initializer=self.bias_initializer,
        )
        self.style.build(style_shape)

    def call(self, x, style):
        each = (-1, *(1 for _ in x.shape[2:]), 2 * x.shape[-1])
        scale, shift = ops.split(ops.reshape(self.style(style), each), 2, axis=-1)
        return (1.0 + scale) * self.norm(x) + shift


class SelfAttention(layers.Layer):
    """γ·attention(x) + x over the pixels of (N, H, W, C). Zhang et al. 2018."""

    def __init__(self, hidden, initializer, **options):
        super().__init__(**options)
        self.hidden, self.initializer = hidden, initializer

    def build(self, shape):
        inward, outward = (shape[-1], self.hidden), (self.hidden, shape[-1])
        start = self.initializer
        self.query, self.key, self.value = (
            self.add_weight(inward, start, name=f"{name}_kernel")
            for name in ("query", "key", "value")
        )
        self.output_kernel = self.add_weight(outward, start, name="output_kernel")
        self.gamma = self.add_weight((1,), "zeros", name="gamma")

    def call(self, x):
        pixels = ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
        query, key = ops.matmul(pixels, self.query), ops.matmul(pixels, self.key)
        scores = ops.matmul(query, ops.swapaxes(key, 1, 2))  # (N, H·W, H·W)
        blended = ops.matmul(ops.softmax(scores), ops.matmul(pixels, self.value))
        blended = ops.matmul(blended, self.output_kernel)
        return self.gamma * ops.reshape(blended, (-1, *x.shape[1:])) + x


class MinibatchStdDev(layers.Layer):
    """One more channel: the spread of each group of samples. Karras et al. 2017."""

    def __init__(self, group_size, **options):
        super().__init__(**options)
        self.group_size = group_size

    def call(self, x):
        count = ops.shape(x)[0]
        groups = -(-count // (self.group_size or count))
        group = ops.arange(count) % groups
        member = ops.cast(group[None] == ops.arange(groups)[:, None], "float32")
        share = member / ops.sum(member, axis=1, keepdims=True)  # (groups, N)
        numbers = ops.reshape(x, (count, -1))
        apart = numbers - ops.take(ops.matmul(share, numbers), group, axis=0)
        variance = ops.matmul(share, ops.square(apart))
        spread = ops.mean(ops.sqrt(variance + 1e-8), axis=1)  # (groups,)
        channel = ops.reshape(ops.take(spread, group), (-1, *(1 for _ in x.shape[1:])))
        shape = (*ops.shape(x)[:-1], 1)
        return ops.concatenate([x, ops.broadcast_to(channel, shape)], axis=-1)

    def compute_output_shape(self, shape):
        return (*shape[:-1], shape[-1] + 1)


class MinibatchDiscrimination(layers.Layer):
    """Each sample's nearness to those of its batch. Salimans et al. 2016, 3.2."""

    def __init__(self, views, numbers, initializer, **options):
        super().__init__(**options)
        self.views, self.numbers, self.initializer = views, numbers, initializer

    def build(self, shape):
        kernel = (shape[-1], self.views, self.numbers)
        self.kernel = self.add_weight(kernel, self.initializer, name="kernel")

    def call(self, x):
        views = ops.tensordot(x, self.kernel, axes=1)  # (N, views, numbers)
        others = 1.0 - ops.eye(ops.shape(x)[0])[..., None, None]
        apart = (views[None] - views[:, None]) * others  # exactly 0 from itself
        nearness = ops.sum(ops.exp(-ops.sum(ops.abs(apart), axis=-1)), axis=0)
        return ops.concatenate([x, nearness], axis=-1)

    def compute_output_shape(self, shape):
        return (shape[0], shape[1] + self.views)


class BothWays(layers.Layer):
    """Two recurrent layers, the second backwards, joined. Schuster & Paliwal 1997."""

    def __init__(self, forward_layer, backward_layer, join="concat", **options):
        super().__init__(**options)
        self.forward_layer, self.backward_layer = forward_layer, backward_layer
        self.join = join

    def build(self, shape):
        self.forward_layer.build(shape)
        self.backward_layer.build(shape)

    def call(self, x, training=False):
        forward = self.forward_layer(x, training=training)
        backward = self.backward_layer(x, training=training)
        if self.forward_layer.return_sequences:
            backward = ops.flip(backward, 1)
        if self.join == "concat":
            return ops.concatenate([forward, backward], axis=-1)
        if self.join == "mul":
            return forward * backward
        total = forward + backward
        return total / 2 if self.join == "ave" else total


class SpectralNorm(layers.Layer):
    """A kernel divided by its largest singular value at each use. Miyato et al. 2018.

    The kernel is replaced; its gradient is that of the normalized one.
    """

    update = True

    def __init__(self, layer, iterations, **options):
        super().__init__(**options)
        self.layer, self.iterations = layer, iterations

    def build(self, shape):
        self.layer.build(shape)
        kernel = getattr(self.layer, "kernel", None)
        self.kernel = self.layer.embeddings if kernel is None else kernel
        start = partial(truncated_normal, stddev=0.02)
        row = (1, self.kernel.shape[-1])
        self.u = self.add_weight(row, start, trainable=False, name="vector_u")

    def call(self, x, training=False):
        if not training:
            return self.layer(x)
        if self.update:
            self.normalize()
        # A copy of the kernel, which the next use changes before this one's gradient.
        weights = [(weight, ops.copy(weight.value)) for weight in self.layer.weights]
        with keras.StatelessScope(weights):
            return self.layer(x)

    def normalize(self):
        kernel = ops.stop_gradient(self.kernel.value)
        matrix, u = ops.reshape(kernel, (-1, kernel.shape[-1])), self.u.value
        for _ in range(self.iterations):
            v = ops.normalize(ops.matmul(u, ops.transpose(matrix)), epsilon=1e-7)
            u = ops.normalize(ops.matmul(v, matrix), epsilon=1e-7)
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        self.u.assign(ops.where(sigma > 0, u, self.u.value))
        normalized = kernel / ops.where(sigma > 0, sigma, 1.0)
        # What is added is zero, and leads the gradient past the division.
        self.kernel.assign(normalized + (self.kernel.value - kernel))

    def compute_output_shape(self, shape):
        return self.layer.compute_output_shape(shape)


class DilatedConvTranspose(layers.Layer):
    """A transposed convolution with holes, as the plain one that it equals."""

    def __init__(
        self,
        filters,
        size,
        dilation,
        around,
        kernel_initializer,
        bias_initializer=None,
        activation=None,
        **options,
    ):
        super().__init__(**options)
        self.filters, self.size, self.dilation = filters, size, dilation
        self.around, self.activation = around, keras.activations.get(activation)
        self.kernel_initializer = kernel_initializer
        self.bias_initializer = bias_initializer

    def build(self, shape):
        kernel = (*self.size, self.filters, shape[-1])
        self.kernel = self.add_weight(kernel, self.kernel_initializer, name="kernel")
        self.bias = None
        if self.bias_initializer is not None:
            start = self.bias_initializer
            self.bias = self.add_weight((self.filters,), start, name="bias")

    def call(self, x):
        kernel = ops.flip(self.kernel, tuple(range(len(self.size))))
        kernel = ops.swapaxes(kernel, -1, -2)
        x = ops.conv(ops.pad(x, self.around), kernel, dilation_rate=self.dilation)
        return self.activation(x if self.bias is None else x + self.bias)


def average_pool(x, size, strides, around):
    """The mean of each window; what is padded is no part of it."""
    there = ops.pad(ops.ones((1, *x.shape[1:-1], 1)), around)
    share = ops.average_pool(there, size, strides)
    return ops.average_pool(ops.pad(x, around), size, strides) / share


def blended(x, rows, columns):
    """(N, H, W, C) enlarged linearly, as products, which have second derivatives."""
    between = (blend(x.shape[1], rows), blend(x.shape[2], columns))
    return ops.einsum("ai,bj,nijc->nabc", *between, x)


def blend(size, times):
    """The matrix (size · times, size) that enlarges linearly, pixels being squares."""
    places = np.clip((np.arange(size * times) + 0.5) / times - 0.5, 0, size - 1)
    near = np.maximum(1.0 - np.abs(places[:, None] - np.arange(size)), 0.0)
    return ops.convert_to_tensor(near, "float32")
