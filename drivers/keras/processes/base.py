"""How training processes in Keras generate and judge."""

from __future__ import annotations

from typing import Any

from keras import ops

from drivers.keras.state import KerasState
from drivers.processes.base import AdversarialProcess

Tensor = Any


class KerasProcess(AdversarialProcess):
    """A process whose roles ``generator`` and ``discriminator`` are the ones in use afterwards."""

    _state: KerasState

    def __init__(self, state: KerasState) -> None:
        super().__init__(state)
        self._run_generator = state.compile_use(self._generate_in_use)
        self._run_discriminator = state.compile_use(self._score_in_use)

    def generate(self, source: Tensor, labels: Tensor | None) -> Tensor:
        return self._run_generator(source, labels)

    def score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        return self._run_discriminator(samples, labels)

    def _generate_in_use(self, source: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("generator")
        with network.in_use():
            return network(noise=source, label=labels)

    def _score_in_use(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        network = self._state.network_in_use("discriminator")
        with network.in_use():
            scores = network(**{self._state.source: samples}, label=labels)
        return ops.mean(ops.reshape(scores, (ops.shape(scores)[0], -1)), axis=1)
