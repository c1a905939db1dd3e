"""A network: the resolved layers of one module, built and run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from drivers.graph import Graph
from drivers.pytorch import rewrites
from drivers.pytorch.layers import LAYERS, Building, Layer, Mode


class Network(nn.Module, Graph[Layer]):
    """A graph of layers as a module of PyTorch; see `drivers.graph.Graph`."""

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
        nn.Module.__init__(self)
        building = Building(weights, Mode(dropout=dropout))
        Graph.__init__(self, layers, outputs, kinds=LAYERS, building=building, rewrite=rewrites.rewrite)
        # Ids may hold characters that PyTorch's own names may not; the modules are registered by position.
        self._modules_in_order = nn.ModuleList(self.layers.values())

    def forward(self, **sources: Tensor | None) -> Tensor:
        """The first output, (N, *its shape), for ``noise=``, ``label=``, ``image=`` and ``sequence=`` (N, …)."""
        return self.call_all(**sources)[self.outputs[0]]

    def take_in(self, value: Tensor, shape: tuple[int, ...]) -> Tensor:
        value = value.reshape(value.shape[0], *shape)
        return value if value.is_floating_point() else value.to(torch.float32)

    def weights(self) -> dict[str, Tensor]:
        """Every variable in Keras orientation by ``layer/variable``; views of the live weights."""
        return {name: layer.to_keras(variable, value).detach() for name, layer, variable, value in self._variables()}

    def trainable(self) -> dict[str, nn.Parameter]:
        """The variables that learn by ``layer/variable``, in this driver's orientation."""
        return {name: value for name, _, _, value in self._variables() if value.requires_grad}
