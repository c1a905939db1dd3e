"""A network: the resolved layers of one module, built and run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
from keras import ops

from drivers.graph import Graph
from drivers.keras import rewrites
from drivers.keras.layers import LAYERS, Building, Layer, Mode
from drivers.keras.layers.base import Tensor
from drivers.keras.precision import Precision


class Network(Graph[Layer]):
    """A graph of layers over Keras; see `drivers.graph.Graph`.

    It keeps no state but in variables of Keras: `weights` and the state of the generator it was given. A step that is
    compiled for JAX runs it in a `keras.StatelessScope` over all of these and takes their values from the scope
    afterwards, of trainable ones too, because spectral normalization replaces kernels in use.

    Attributes:
        precision: what its products are computed in right now.
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
        self.precision = Precision(precision)
        building = Building(weights, dropout, Mode(), self.precision)
        super().__init__(layers, outputs, kinds=LAYERS, building=building, rewrite=rewrites.rewrite)

    def __call__(self, **sources: Tensor | None) -> Tensor:
        """The first output, (N, *its shape), for ``noise=``, ``label=``, ``image=`` and ``sequence=`` (N, …)."""
        return self.call_all(**sources)[self.outputs[0]]

    def call_all(self, **sources: Tensor | None) -> dict[str, Tensor]:
        """Every output by its layer's id; float32, as losses take them."""
        values = super().call_all(**sources)
        return {id_: ops.cast(value, self.precision.variable_dtype) for id_, value in values.items()}

    def take_in(self, value: Tensor, shape: tuple[int, ...]) -> Tensor:
        value = ops.convert_to_tensor(value)
        if not keras.backend.is_float_dtype(value.dtype):
            value = ops.cast(value, keras.config.floatx())
        return ops.reshape(value, (ops.shape(value)[0], *shape))

    @contextmanager
    def penalized(self) -> Iterator[None]:
        """Inside, it computes as a regularizer sees it: exactly, and leaving the moving statistics alone."""
        with super().penalized(), self.precision.exact():
            yield

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
        for id_, source, shape in self.inputs:
            if source not in sources:
                sources[source] = keras.Input(shape, name=source)
            reached = sources[source]
            values[id_] = reached if reached.shape[1:] == shape else keras.layers.Reshape(shape)(reached)
        for id_, _, inputs in self._calls:
            layer = self.layers[id_]
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
        return {name: variable for name, _, _, variable in self._variables()}

    def trainable(self) -> dict[str, keras.Variable]:
        """Those of `weights` that learn."""
        return {name: variable for name, variable in self.weights().items() if variable.trainable}


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
