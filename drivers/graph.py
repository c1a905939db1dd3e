"""A network as a graph of layers, whatever the library: how it is built from a spec, and walked."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Generic, Protocol, TypeVar

from drivers import examination
from drivers.errors import DriverError
from drivers.examination import Change
from drivers.freezing import rests_when_frozen
from drivers.order import in_order
from drivers.rewrites import Call

Tensor = Any
Shape = tuple[int, ...]


@dataclass
class Mode:
    """How a network computes right now; shared by all its layers, so that switching costs nothing.

    Attributes:
        training: dropout drops, batch normalization uses the batch's statistics.
        update_statistics: while training, layers also move what they keep: batch normalization its averages,
            spectral normalization its kernel and vector. Off for the forward pass of a gradient penalty, whose
            samples are neither real nor generated.
    """

    training: bool = True
    update_statistics: bool = True

    @property
    def is_penalized(self) -> bool:
        """A gradient penalty differentiates this pass twice; fused kernels that cannot must not be used."""
        return self.training and not self.update_statistics


class GraphLayer(Protocol):
    """What a graph asks of a driver's layer.

    Attributes:
        MIXES_SAMPLES: a sample's result depends on the others in its batch.
        output_shape: of one sample.
    """

    MIXES_SAMPLES: bool
    output_shape: Shape

    def __call__(self, *inputs: Tensor) -> Tensor:
        """(N, …) of each input -> (N, *output_shape)."""

    def variables(self) -> dict[str, Any]:
        """Its variables by the catalogue's names."""

    def freeze(self) -> None:
        """Leaves its variables out of what learns."""


AnyLayer = TypeVar("AnyLayer", bound=GraphLayer)


class Graph(ABC, Generic[AnyLayer]):
    """A directed acyclic graph of layers: several inputs, branches, merges and outputs.

    Attributes:
        mode: how it computes right now.
        layers: the layers by the spec's ids, in an order in which each follows its inputs.
        inputs: id, source and shape of each Input.
        outputs: ids of the layers whose results it returns.
        sources: what it takes, e.g. ``{"noise", "label"}``.
        mixes_samples: a sample's result depends on the others in its batch.
    """

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        outputs: Sequence[str],
        *,
        kinds: Mapping[str, Callable[..., AnyLayer]],
        building: Any,
        rewrite: Callable[[Sequence[Call], Sequence[str]], list[Call]],
    ) -> None:
        """Builds the layers of a resolved module.

        Args:
            layers: resolved layers, each with every parameter, its ``inputs`` and ``output_shape``.
            outputs: ids of the layers whose results the network returns.
            kinds: the driver's layers by the catalogue's name; each is given its parameters, the shapes of its inputs
                and ``building``.
            building: what layers may use while they are built; a dataclass with the network's ``mode``.
            rewrite: the same network's calls in fewer or cheaper ones, by which it is run.
        """
        self.mode: Mode = building.mode
        self.outputs = tuple(outputs)
        self.layers: dict[str, AnyLayer] = {}
        self.inputs: list[tuple[str, str, Shape]] = []
        self._calls: list[Call] = []
        self.mixes_samples = False
        resting = replace(building, mode=replace(building.mode, training=False))
        for layer in in_order(layers):
            id_, is_frozen = layer["id"], not layer.get("trainable", True)
            if layer["type"] not in kinds:
                raise DriverError("unknown_layer", f"This driver has no layer '{layer['type']}' (layer '{id_}').")
            shapes = [self.layers[source].output_shape for source in layer["inputs"]]
            rests = is_frozen and rests_when_frozen(layer, shapes)
            built = kinds[layer["type"]](layer, shapes, resting if rests else building)
            if is_frozen:
                built.freeze()
            self.layers[id_] = built
            if layer["type"] == "Input":
                self.inputs.append((id_, layer["source"], built.output_shape))
            else:
                self._calls.append(Call(id_, built, tuple(layer["inputs"])))
            self.mixes_samples |= built.MIXES_SAMPLES and not rests
        self.sources = {source for _, source, _ in self.inputs}
        self._plan = rewrite(self._calls, self.outputs)

    @abstractmethod
    def take_in(self, value: Tensor, shape: Shape) -> Tensor:
        """What an Input gives of what its source was given: (N, …) -> (N, *shape), numbers that layers compute with.

        Labels come as whole numbers; a layer that does not look them up computes with them.
        """

    def call_all(self, **sources: Tensor | None) -> dict[str, Tensor]:
        """Every output by its layer's id, for ``noise=``, ``label=``, ``image=`` and ``sequence=`` (N, …)."""
        values = self._read(sources)
        for id_, function, inputs in self._plan:
            values[id_] = function(*[values[source] for source in inputs])
        return {id_: values[id_] for id_ in self.outputs}

    def examine(
        self, sources: Mapping[str, Tensor | None], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        """What layers give, (N, *shape) by id, every layer computed by itself; see `drivers.examination.examine`."""
        return examination.examine(self._read(sources), self._calls, capture, changes)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, it computes without dropout and with moving statistics."""
        before = self.mode.training
        self.mode.training = False
        try:
            yield
        finally:
            self.mode.training = before

    @contextmanager
    def penalized(self) -> Iterator[None]:
        """Inside, it computes as a regularizer sees it, leaving the moving statistics alone."""
        self.mode.update_statistics = False
        try:
            yield
        finally:
            self.mode.update_statistics = True

    def _read(self, sources: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """What the Inputs give, by id."""
        values: dict[str, Tensor] = {}
        for id_, source, shape in self.inputs:
            value = sources.get(source)
            if value is None:
                raise DriverError("missing_input", f"The network's input '{id_}' needs {source}s, but got none.")
            values[id_] = self.take_in(value, shape)
        return values

    def _variables(self) -> Iterator[tuple[str, AnyLayer, str, Any]]:
        """Every variable: ``layer/variable``, its layer, the layer's name for it, and what holds its value."""
        for id_, layer in self.layers.items():
            for name, variable in layer.variables().items():
                yield f"{id_}/{name}", layer, name, variable
