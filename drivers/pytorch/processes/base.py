"""What training processes in PyTorch share: drawing, generating and judging with a generator and a discriminator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor

from drivers.interface import TrainingProcess
from drivers.losses import LOSSES
from drivers.pytorch.state import PyTorchState
from drivers.random import latent


class PyTorchProcess(TrainingProcess):
    """A process whose roles ``generator`` and ``discriminator`` are the ones in use afterwards.

    Others override what differs: a process that translates images draws images, one without a discriminator scores by
    what it has.
    """

    def __init__(self, state: PyTorchState) -> None:
        self._state = state

    @classmethod
    def sample_shape(cls, spec: Mapping[str, Any]) -> tuple[int, ...]:
        return tuple(spec["generator"]["output_shape"])

    @property
    def source_shape(self) -> tuple[int, ...]:
        return (self._state.spec["generator"]["latent_dim"],)

    @property
    def generates_by_label(self) -> bool:
        return "label" in self._state.networks["generator"].sources

    @property
    def judges_by_label(self) -> bool:
        return "label" in self._state.networks["discriminator"].sources

    @property
    def score_is_logit(self) -> bool:
        return LOSSES[self._state.spec["loss"]["choice"]].score_is_logit

    def draw(self, count: int, seed: int) -> np.ndarray:
        return latent(count, self.source_shape, seed)

    def generate(self, source: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("generator")
        with self._state.inference(network):
            return network(noise=source, label=labels).float()

    def score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("discriminator")
        with self._state.inference(network):
            return network(**{self._state.source: samples}, label=labels).float().flatten(1).mean(1)
