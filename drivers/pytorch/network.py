"""A network: the resolved layers of one module, built and run."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drivers import examination
from drivers.errors import DriverError
from drivers.examination import Change
from drivers.freezing import rests_when_frozen
from drivers.order import in_order
from drivers.pytorch import rewrites
from drivers.pytorch.layers import LAYERS, Building, Layer, Mode
from drivers.pytorch.layers.core import Input


class Network(nn.Module):
    """A directed acyclic graph of layers: several inputs, branches, merges and outputs.

    Attributes:
        mode: how it computes right now, see `drivers.pytorch.layers.Mode`.
        layers: the layers by the spec's ids, in an order in which each follows its inputs.
        inputs: id, source and shape of each Input.
        sources: what it takes, e.g. ``{"noise", "label"}``.
        mixes_samples: a sample's result depends on the others in its batch.
    """

    def __init__(
        self,
        layers: Sequence[Mapping[str, Any]],
        outputs: Sequence[str],
        *,
        weights: np.random.Generator,
        dropout: torch.Generator,
    ) -> None:
        """Builds the layers of a resolved module.

        Args:
            layers: resolved layers, each with every parameter, its ``inputs`` and ``output_shape``.
            outputs: ids of the layers whose results the network returns.
            weights: draws the initial weights.
            dropout: draws what dropout drops.
        """
        super().__init__()
        self.mode = Mode(dropout)
        self.outputs = tuple(outputs)
        self.layers: dict[str, Layer] = {}
        building = Building(weights, self.mode)
        resting = replace(building, mode=Mode(dropout, training=False))
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
            self.layers[layer["id"]] = frozen.requires_grad_(False)
        # Ids may hold characters that PyTorch's own names may not; the modules are registered by position.
        self._modules_in_order = nn.ModuleList(self.layers.values())
        self.inputs = [
            (id_, layer.source, layer.output_shape) for id_, layer in self.layers.items() if isinstance(layer, Input)
        ]
        self.mixes_samples = any(layer.MIXES_SAMPLES for id_, layer in self.layers.items() if id_ not in at_rest)
        self.sources = {source for _, source, _ in self.inputs}
        calls = [
            rewrites.Call(id_, layer, inputs[id_]) for id_, layer in self.layers.items() if not isinstance(layer, Input)
        ]
        self._calls = [(call.id, call.function, call.inputs) for call in calls]
        self._plan = [(call.id, call.function, call.inputs) for call in rewrites.rewrite(calls, self.outputs)]

    def forward(self, **sources: Tensor | None) -> Tensor:
        """The first output, (N, *its shape), for ``noise=``, ``label=``, ``image=`` and ``sequence=`` (N, …)."""
        return self._run(sources)[self.outputs[0]]

    def forward_all(self, **sources: Tensor | None) -> dict[str, Tensor]:
        """Every output by its layer's id, for processes with several heads."""
        values = self._run(sources)
        return {id_: values[id_] for id_ in self.outputs}

    def examine(
        self, sources: Mapping[str, Tensor | None], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        """What layers give, (N, *shape) by id, every layer computed by itself; see `drivers.examination.examine`."""
        return examination.examine(self._read(sources), self._calls, capture, changes)

    def _run(self, sources: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        values = self._read(sources)
        for id_, function, inputs in self._plan:
            values[id_] = function(*[values[source] for source in inputs])
        return values

    def _read(self, sources: Mapping[str, Tensor | None]) -> dict[str, Tensor]:
        """What the Inputs give, by id."""
        values: dict[str, Tensor] = {}
        for id_, source, shape in self.inputs:
            value = sources.get(source)
            if value is None:
                raise DriverError("missing_input", f"The network's input '{id_}' needs {source}s, but got none.")
            value = value.reshape(value.shape[0], *shape)
            # Labels come as whole numbers; a layer that does not look them up computes with them.
            values[id_] = value if value.is_floating_point() else value.to(torch.float32)
        return values

    def weights(self) -> dict[str, Tensor]:
        """Every variable in Keras orientation by ``layer/variable``; views of the live weights."""
        return {name: layer.to_keras(variable, value).detach() for name, layer, variable, value in self._variables()}

    def trainable(self) -> dict[str, nn.Parameter]:
        """The variables that learn by ``layer/variable``, in this driver's orientation."""
        return {name: value for name, _, _, value in self._variables() if value.requires_grad}

    def _variables(self) -> list[tuple[str, Layer, str, Tensor]]:
        return [
            (f"{id_}/{variable}", layer, variable, value)
            for id_, layer in self.layers.items()
            for variable, value in layer.variables().items()
        ]


def _build(layer: Mapping[str, Any], shapes: list[tuple[int, ...]], building: Building) -> Layer:
    if layer["type"] not in LAYERS:
        raise DriverError(
            "unknown_layer", f"The PyTorch driver has no layer '{layer['type']}' (layer '{layer['id']}')."
        )
    return LAYERS[layer["type"]](layer, shapes, building)
