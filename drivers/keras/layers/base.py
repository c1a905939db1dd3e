"""What every layer of the Keras driver shares.

A layer of the catalogue is a layer of Keras where Keras has one that means the same, and else one of this room's own,
written over `keras.ops`. Variables are read and assigned through Keras alone, so that a network runs eagerly, inside
`tf.function`, and inside `jax.jit` under a `keras.StatelessScope`.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import keras
import numpy as np
from keras import ops

from drivers import initializers
from drivers.graph import Mode
from drivers.keras.layers.composed import COMPOSED, compose
from drivers.keras.layers.construction import Zeros, construct
from drivers.keras.precision import Precision
from drivers.keras.runtime import started
from spec.shapes import measure

Shape = tuple[int, ...]
Tensor = Any
"""A tensor of the backend: `tf.Tensor`, `jax.Array` or `torch.Tensor`."""

# How variables start that no parameter of the catalogue says it for.
CONSTANTS = {"gamma": 1.0, "beta": 0.0, "moving_mean": 0.0, "moving_variance": 1.0}
# The parameters that say how the others start, where these are not named after their variable.
STARTED_BY = {
    "kernel": ("kernel_initializer", "depthwise_initializer"),
    "recurrent_kernel": ("recurrent_initializer",),
    "depthwise_kernel": ("depthwise_initializer",),
    "pointwise_kernel": ("pointwise_initializer",),
    **dict.fromkeys(("query_kernel", "key_kernel", "value_kernel", "output_kernel"), ("kernel_initializer",)),
}


@dataclass(frozen=True)
class Building:
    """What a layer may use while it is built.

    Attributes:
        weights: draws the initial weights.
        dropout: its state is what every layer that draws counts on.
        mode: the network's mode.
        precision: what the network's products are computed in.
    """

    weights: np.random.Generator
    dropout: keras.random.SeedGenerator
    mode: Mode
    precision: Precision


class Layer:
    """One layer of the catalogue in a network: ``Layer(parameters, input_shapes, building)``.

    Attributes:
        keras_layer: the layer of Keras that computes.
        output_shape: of one sample.
        is_frozen: its variables do not learn.
    """

    # A sample's result depends on the others in its batch.
    MIXES_SAMPLES: bool = False
    # Every use while training changes its weights.
    CHANGES_IN_USE: bool = False
    # It multiplies what it is given, though it has no kernel.
    MULTIPLIES: bool = False
    # As `CONSTANTS`, where this layer's are others.
    CONSTANTS: ClassVar[Mapping[str, float]] = {}
    # Further arguments of the layer of Keras.
    OPTIONS: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        self.parameters = parameters
        self.input_shapes = tuple(tuple(shape) for shape in input_shapes)
        self.output_shape = tuple(parameters["output_shape"])
        self.mode = building.mode
        self.is_frozen = False
        self.build(building)

    def build(self, building: Building) -> None:
        """Makes the layer of Keras, its variables and their initial values."""
        names = [name for name, _, _ in measure(self.parameters, self.input_shapes).weights]
        policy = {"dtype": building.precision} if self._has_products(names) else {}
        self.keras_layer = construct(self.parameters, initializer=Zeros(), **self.OPTIONS, **policy)
        self.keras_layer.build(*self.shapes_with_batch())
        self._variables = by_name(self.keras_layer.weights, names)
        for name, variable in self._variables.items():
            variable.assign(started().tensor(self.initial_value(name, tuple(variable.shape), building.weights)))
        # Keras has a generator in each layer that draws; here they all count on one state.
        for generator in self.seed_generators():
            generator.state = building.dropout.state

    def _has_products(self, names: Sequence[str]) -> bool:
        """Whether it may compute in reduced precision; softmax, whose shares are to add up to 1, does not."""
        activations = (self.parameters.get("activation"), self.parameters.get("recurrent_activation"))
        return "softmax" not in activations and (self.MULTIPLIES or any(name.endswith("kernel") for name in names))

    def shapes_with_batch(self) -> list[Any]:
        """The arguments of Keras's ``build``: the inputs' shapes, each with an open batch axis in front."""
        return [(None, *shape) for shape in self.input_shapes]

    def initial_value(self, name: str, shape: Shape, generator: np.random.Generator) -> np.ndarray:
        """What a variable starts with, as every driver draws it from this stream."""
        variable = name.rpartition("/")[2]
        for parameter in STARTED_BY.get(variable, (f"{variable}_initializer",)):
            if parameter in self.parameters:
                return initializers.initialize(self.parameters[parameter], shape, generator)
        return np.full(shape, {**CONSTANTS, **self.CONSTANTS}[variable], np.float32)

    def seed_generators(self) -> Iterable[keras.random.SeedGenerator]:
        """Where the layer's random numbers come from, if it draws any."""
        return ()

    def variables(self) -> dict[str, keras.Variable]:
        """This layer's variables by the catalogue's names, in its order and orientation; `part/name` for its parts'."""
        return self._variables

    def freeze(self) -> None:
        """Leaves its variables out of what learns."""
        self.is_frozen = True
        for variable in self.variables().values():
            variable.trainable = False

    def __call__(self, *inputs: Tensor) -> Tensor:
        """(N, …) of each input -> (N, *output_shape)."""
        return self.call_keras(self.keras_layer, inputs)

    def call_keras(self, keras_layer: keras.layers.Layer, inputs: Sequence[Tensor], **options: Any) -> Tensor:
        """Calls a layer of Keras of this kind, as Keras takes its inputs."""
        if isinstance(keras_layer, keras.Model) and len(inputs) > 1:
            return keras_layer(list(inputs), **options)
        return keras_layer(*inputs, **options)

    def operands(self, *tensors: Tensor) -> list[Tensor]:
        """What is computed with apart from the layer of Keras, in the precision in which that would compute."""
        return [ops.cast(tensor, self.keras_layer.compute_dtype) for tensor in tensors]

    def keras_copy(self, name: str) -> keras.layers.Layer:
        """A new layer of Keras's own that means the same, a model of some where Keras has none like it.

        It may be built only when it is first called.
        """
        return exported(self.parameters, self.input_shapes, name=name)

    def copy_to(self, keras_layer: keras.layers.Layer) -> None:
        """Gives a built `keras_copy` the values of this layer's variables."""
        for name, variable in by_name(keras_layer.weights, list(self.variables())).items():
            # A step may be given the memory of this one; and what Keras has may lie in another shape.
            variable.assign(ops.reshape(ops.copy(self.variables()[name].value), variable.shape))


class TrainedLayer(Layer):
    """A layer that computes something else while training."""

    def __call__(self, *inputs: Tensor) -> Tensor:
        return self.call_keras(self.keras_layer, inputs, training=self.mode.training)


LAYERS: dict[str, type[Layer]] = {}
"""Every layer by the catalogue's name, filled by `drivers.keras.layers`."""


def build_inner(layer: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> Layer:
    """The layer that a wrapper holds, ``{"type", …parameters}``, on inputs of the given shapes."""
    output_shape = measure(layer, input_shapes).output_shape
    return LAYERS[layer["type"]]({**layer, "output_shape": output_shape}, input_shapes, building)


def exported(layer: Mapping[str, Any], input_shapes: Sequence[Shape], /, **more: Any) -> keras.layers.Layer:
    """The layer for a resolved one as a network leaves with it, of nothing but Keras's own; ``more`` as `construct`."""
    if layer["type"] in COMPOSED:
        return compose(layer, input_shapes, more.get("name"))
    if "layer" in layer:
        inner = [shape[1:] for shape in input_shapes] if layer["type"] == "TimeDistributed" else input_shapes
        more["layer"] = exported(layer["layer"], inner)
    return construct(layer, **more)


def by_name(variables: Iterable[keras.Variable], names: Sequence[str]) -> dict[str, keras.Variable]:
    """A layer's variables by the catalogue's names: for each the first one left whose name, or layer, is that word."""
    left = list(variables)
    found = {}
    for name in names:
        word = name.rpartition("/")[2]
        found[name] = next(variable for variable in left if word in variable.path.split("/")[-2:])
        left = [variable for variable in left if variable is not found[name]]
    return found


@cache
def on_jax() -> Any:
    """The module `drivers.keras.layers.on_jax` where it pays: on JAX, on a processor; else None."""
    if keras.config.backend() != "jax":
        return None
    module = importlib.import_module("drivers.keras.layers.on_jax")
    return module if module.is_slow() else None


@contextmanager
def forgetting(variables: Iterable[keras.Variable]) -> Iterator[None]:
    """Inside, these variables have the values they have now; what is assigned to them is forgotten in the end.

    Other variables must not be used inside: a scope around this one would not be asked for their values.
    """
    with keras.StatelessScope([(variable, variable.value) for variable in variables]):
        yield
