"""How training processes in PyTorch generate and judge."""

from __future__ import annotations

from torch import Tensor

from drivers.processes.base import AdversarialProcess
from drivers.pytorch.state import PyTorchState


class PyTorchProcess(AdversarialProcess):
    """A process whose roles ``generator`` and ``discriminator`` are the ones in use afterwards."""

    _state: PyTorchState

    def generate(self, source: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("generator")
        with self._state.inference(network):
            return network(noise=source, label=labels).float()

    def score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("discriminator")
        with self._state.inference(network):
            return network(**{self._state.source: samples}, label=labels).float().flatten(1).mean(1)
