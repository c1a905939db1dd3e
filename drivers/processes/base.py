"""What processes with a generator and a discriminator share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from drivers.interface import TrainingProcess
from drivers.losses import LOSSES
from drivers.random import latent


class AdversarialProcess(TrainingProcess):
    """A process whose roles ``generator`` and ``discriminator`` are the ones in use afterwards.

    Others override what differs: a process that translates images draws images, one without a discriminator scores by
    what it has.
    """

    def __init__(self, state: Any) -> None:
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
