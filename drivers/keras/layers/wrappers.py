"""Layers around another layer, their parameter ``layer``.

A network does not use Keras's wrappers, but holds the inner layer as its own: that one knows the network's mode.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
from keras import ops

from drivers import initializers
from drivers.keras.layers.base import Building, Layer, Tensor, build_inner
from drivers.keras.layers.construction import Constructor

# Keras's smallest length that a vector is divided by.
SHORTEST = 1e-7

MERGE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "concat": lambda forward, backward: ops.concatenate([forward, backward], axis=-1),
    "sum": ops.add,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "mul": ops.multiply,
}


class Bidirectional(Layer):
    """Two recurrent layers, one reading the sequence backwards, joined step by step. Schuster & Paliwal 1997."""

    def build(self, building: Building) -> None:
        inner = self.parameters["layer"]
        self.forward_layer = build_inner(inner, self.input_shapes, building)
        self.backward_layer = build_inner({**inner, "go_backwards": True}, self.input_shapes, building)
        self._variables = {
            f"{part}/{name}": variable
            for part in ("forward_layer", "backward_layer")
            for name, variable in getattr(self, part).variables().items()
        }

    def __call__(self, *inputs: Tensor) -> Tensor:
        forwards, backwards = self.forward_layer(*inputs), self.backward_layer(*inputs)
        if self.parameters["layer"]["return_sequences"]:
            backwards = ops.flip(backwards, 1)
        return MERGE[self.parameters["merge_mode"]](forwards, backwards)


class TimeDistributed(Layer):
    """(N, t, …) -> (N, t, …): the inner layer at every step.

    All steps go through it at once, as one large batch; one after the other where that would not be the same: where
    the layer compares the samples of a batch, or changes with every use.
    """

    def build(self, building: Building) -> None:
        self.inner = build_inner(self.parameters["layer"], [self.input_shapes[0][1:]], building)
        self.MIXES_SAMPLES, self.CHANGES_IN_USE = self.inner.MIXES_SAMPLES, self.inner.CHANGES_IN_USE
        self._variables = self.inner.variables()

    def __call__(self, *inputs: Tensor) -> Tensor:
        (x,) = inputs
        steps, *step = self.input_shapes[0]
        if self.MIXES_SAMPLES or self.CHANGES_IN_USE:
            return ops.stack([self.inner(x[:, index]) for index in range(steps)], axis=1)
        return ops.reshape(self.inner(ops.reshape(x, (-1, *step))), (-1, *self.output_shape))


class SpectralNormalization(Layer):
    """The inner layer with kernel <- kernel / σ, its largest singular value, before each use while training.

    Miyato et al. 2018, Algorithm 1, as Keras has it: the kernel itself is replaced, and the gradient is that of the
    normalized kernel. With the kernel as a matrix W (everything else, last axis), each power iteration is
    v = u·Wᵀ / ‖u·Wᵀ‖, u = v·W / ‖v·W‖, and σ = v·W·uᵀ.
    """

    CHANGES_IN_USE = True

    def build(self, building: Building) -> None:
        self.inner = build_inner(self.parameters["layer"], self.input_shapes, building)
        self.MIXES_SAMPLES = self.inner.MIXES_SAMPLES
        inner = self.inner.variables()
        self._kernel = next(inner[name] for name in ("kernel", "embeddings") if name in inner)
        start = initializers.truncated_normal((1, self._kernel.shape[-1]), 0.02, building.weights)
        self._vector = keras.Variable(start, trainable=False, name="vector_u")
        self._variables = {**inner, "vector_u": self._vector}

    def __call__(self, *inputs: Tensor) -> Tensor:
        if not self.mode.training:
            return self.inner(*inputs)
        if self.mode.update_statistics:
            self._normalize()
        # A copy, because the next use changes the kernel before this one's gradient is computed.
        values = [
            (variable, ops.copy(variable.value) if variable is self._kernel else variable.value)
            for variable in self.inner.variables().values()
        ]
        with keras.StatelessScope(values):
            return self.inner(*inputs)

    def _normalize(self) -> None:
        """Divides the kernel by its largest singular value, as far as the power iteration knows it."""
        kernel = self._kernel.value
        constant = ops.stop_gradient(kernel)
        matrix, u = ops.reshape(constant, (-1, kernel.shape[-1])), self._vector.value
        for _ in range(self.parameters["power_iterations"]):
            v = _unit_length(ops.matmul(u, ops.transpose(matrix)))
            u = _unit_length(ops.matmul(v, matrix))
        sigma = ops.sum(ops.matmul(v, matrix) * u)
        nonzero = sigma > 0  # a kernel of zeros stays as it is
        self._vector.assign(ops.where(nonzero, u, self._vector.value))
        normalized = constant / ops.where(nonzero, sigma, ops.ones_like(sigma))
        # Adding kernel - constant, which is 0, leads the gradient past the division where assigning does not stop it.
        self._kernel.assign(normalized + (kernel - constant))


def _unit_length(x: Tensor) -> Tensor:
    """x / max(‖x‖, shortest) of a single row."""
    return x / ops.maximum(ops.sqrt(ops.sum(ops.square(x))), SHORTEST)


KERAS: dict[str, Constructor] = {
    "Bidirectional": keras.layers.Bidirectional,
    "SpectralNormalization": keras.layers.SpectralNormalization,
    "TimeDistributed": keras.layers.TimeDistributed,
}
LAYERS = {
    "Bidirectional": Bidirectional,
    "SpectralNormalization": SpectralNormalization,
    "TimeDistributed": TimeDistributed,
}
