"""A network: the resolved layers of one module, built and run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
from keras import ops

from drivers import examination
from drivers.errors import DriverError
from drivers.examination import Change
from drivers.freezing import rests_when_frozen
from drivers.keras import rewrites
from drivers.keras.layers import LAYERS, Building, Layer, Mode
from drivers.keras.layers.base import Tensor
from drivers.keras.layers.core import Input
from drivers.keras.precision import Precision
from drivers.order import in_order


class Network:
    """A directed acyclic graph of layers: several inputs, branches, merges and outputs.

    It keeps no state but in variables of Keras: `weights` and the state of the generator it was given. A step that is
    compiled for JAX runs it in a `keras.StatelessScope` over all of these and takes their values from the scope
    afterwards, of trainable ones too, because spectral normalization replaces kernels in use.

    Attributes:
        mode: how it computes right now, see `drivers.keras.layers.Mode`.
        precision: what its products are computed in right now.
        layers: the layers by the spec's ids, in an order in which each follows its inputs.
        sources: what it takes, e.g. ``{"noise", "label"}``.
        mixes_samples: a sample's result depends on the others in its batch.
    """

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        outputs: Sequence[str],
        *,
        weights: np.random.Generator,
        dropout: keras.random.SeedGenerator,
        precision: str = "float32",
    ) -> None:
        """Builds the layers of a resolved module.

        Args:
            layers: resolved layers, each with every parameter, its ``inputs`` and ``output_shape``.
            outputs: ids of the layers whose results the network returns.
            weights: draws the initial weights.
            dropout: draws what dropout drops; its state moves with every draw of a training.
            precision: what products are computed in, see `drivers.keras.precision.Precision`.
        """
        self.mode = Mode()
        self.precision = Precision(precision)
        self.outputs = tuple(outputs)
        self.layers: dict[str, Layer] = {}
        building = Building(weights, dropout, self.mode, self.precision)
        resting = replace(building, mode=Mode(training=False))
        at_rest: set[str] = set()
        inputs: dict[str, tuple[str, ...]] = {}
        for layer in in_order(layers):
            inputs[layer["id"]] = tuple(layer["inputs"])
            shapes = [self.layers[source].output_shape for source in layer["inputs"]]
            if layer.get("trainable", True):
                self.layers[layer["id"]] = _build(layer, shapes, building)
                continue
            if rests_when_frozen(layer, shapes):
                at_rest.add(layer["id"])
            frozen = _build(layer, shapes, resting if layer["id"] in at_rest else building)
            frozen.freeze()
            self.layers[layer["id"]] = frozen
        self._inputs = [
            (id_, layer.source, layer.output_shape) for id_, layer in self.layers.items() if isinstance(layer, Input)
        ]
        self.mixes_samples = any(layer.MIXES_SAMPLES for id_, layer in self.layers.items() if id_ not in at_rest)
        self.sources = {source for _, source, _ in self._inputs}
        self._calls = [(id_, layer, inputs[id_]) for id_, layer in self.layers.items() if not isinstance(layer, Input)]
        rewritten = rewrites.rewrite([rewrites.Call(*call) for call in self._calls], self.outputs)
        self._plan = [(call.id, call.function, call.inputs) for call in rewritten]

    def __call__(self, **sources: Tensor | None) -> Tensor:
        """The first output, (N, *its shape), for ``noise=``, ``label=``, ``image=`` and ``sequence=`` (N, …)."""
        return self.call_all(**sources)[self.outputs[0]]

    def call_all(self, **sources: Tensor | None) -> dict[str, Tensor]:
        """Every output by its layer's id, for processes with several heads; float32, as losses take them."""
        values = self._run(sources)
        return {id_: ops.cast(values[id_], self.precision.variable_dtype) for id_ in self.outputs}

    def examine(
        self, sources: Mapping[str, Tensor | None], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        """What layers give, (N, *shape) by id; see `drivers.examination.examine`."""
        return examination.examine(self._read(sources), self._calls, capture, changes)

    def _run(self, sources: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        values = self._read(sources)
        for id_, function, inputs in self._plan:
            values[id_] = function(*[values[source] for source in inputs])
        return values

    def _read(self, sources: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """What the Inputs give, by id."""
        values: dict[str, Tensor] = {}
        for id_, source, shape in self._inputs:
            value = sources.get(source)
            if value is None:
                raise DriverError("missing_input", f"The network's input '{id_}' needs {source}s, but got none.")
            value = ops.convert_to_tensor(value)
            # Labels come as whole numbers; a layer that does not look them up computes with them.
            if not keras.backend.is_float_dtype(value.dtype):
                value = ops.cast(value, keras.config.floatx())
            values[id_] = ops.reshape(value, (ops.shape(value)[0], *shape))
        return values

    def keras_model(self) -> keras.Model:
        """The network as it is now, as a functional model that trains, saves and loads without this driver.

        Inputs are named by their source (``noise``, ``label``, …), in the order of the network's; several are given as
        a list or by name. The model's layers are named as here, and its weights are copies. It puts out the tensor of
        the network's one output, or those of several by their ids. A layer that Keras lacks is a model within it, of
        layers and operations that Keras has.
        """
        names = _keras_names(self.layers)
        sources: dict[str, keras.KerasTensor] = {}
        values: dict[str, keras.KerasTensor] = {}
        for id_, source, shape in self._inputs:
            if source not in sources:
                sources[source] = keras.Input(shape, name=source)
            reached = sources[source]
            values[id_] = reached if reached.shape[1:] == shape else keras.layers.Reshape(shape)(reached)
        for id_, layer, inputs in self._calls:
            copy = layer.keras_copy(names[id_])
            values[id_] = layer.call_keras(copy, [values[source] for source in inputs])
            layer.copy_to(copy)
            copy.trainable = not layer.is_frozen
        outputs = {id_: values[id_] for id_ in self.outputs}
        inputs_ = list(sources.values())
        return keras.Model(
            inputs_[0] if len(inputs_) == 1 else inputs_, outputs if len(outputs) > 1 else outputs[self.outputs[0]]
        )

    def weights(self) -> dict[str, keras.Variable]:
        """Every variable by ``layer/variable``, in the catalogue's order and orientation."""
        return {
            f"{id_}/{name}": variable
            for id_, layer in self.layers.items()
            for name, variable in layer.variables().items()
        }

    def trainable(self) -> dict[str, keras.Variable]:
        """Those of `weights` that learn."""
        return {name: variable for name, variable in self.weights().items() if variable.trainable}


@contextmanager
def in_use(network: Network) -> Iterator[None]:
    """Runs ``network`` without dropout and with moving statistics."""
    before = network.mode.training
    network.mode.training = False
    try:
        yield
    finally:
        network.mode.training = before


@contextmanager
def penalized(network: Network) -> Iterator[None]:
    """Runs ``network`` as a regularizer sees it: exactly, and leaving the moving statistics alone."""
    network.mode.update_statistics = False
    try:
        with network.precision.exact():
            yield
    finally:
        network.mode.update_statistics = True


def _build(layer: Mapping[str, Any], shapes: list[tuple[int, ...]], building: Building) -> Layer:
    if layer["type"] not in LAYERS:
        raise DriverError("unknown_layer", f"The Keras driver has no layer '{layer['type']}' (layer '{layer['id']}').")
    return LAYERS[layer["type"]](layer, shapes, building)


def _keras_names(ids: Iterable[str]) -> dict[str, str]:
    """A name for each id that Keras accepts: different ones, without what separates names in a path."""
    names: dict[str, str] = {}
    for id_ in ids:
        plain = "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in id_) or "layer"
        taken, name, number = set(names.values()), plain, 1
        while name in taken:
            number += 1
            name = f"{plain}_{number}"
        names[id_] = name
    return names
