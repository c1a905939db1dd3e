"""What every optimizer shares."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Optimizer(ABC):
    """Updates named parameters from their gradients.

    Attributes:
        name: the catalogue's name.
        parameters: what it updates, by ``layer/variable``.
        learning_rate: the rate before any schedule; may be changed at any time.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        self.name: str = config["choice"]
        self.parameters = dict(parameters)
        self.learning_rate = float(config["learning_rate"])
        self._weights = list(self.parameters.values())

    @abstractmethod
    def step(self, factor: float) -> None:
        """One update with the rate ``factor · learning_rate``, from the gradients that the parameters hold."""

    @abstractmethod
    def slots(self) -> dict[str, list[Tensor]]:
        """The optimizer's memory, live: for each kind a tensor a parameter, in the order of `parameters`."""

    def settings(self) -> dict[str, Any]:
        """What else a checkpoint must hold."""
        return {"learning_rate": self.learning_rate}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        """Takes back what `settings` returned."""
        self.learning_rate = settings["learning_rate"]

    def _zeros(self) -> list[Tensor]:
        return [torch.zeros_like(weight) for weight in self._weights]

    def _gradients(self) -> list[Tensor]:
        """Every weight's gradient; a weight that the loss does not reach has none, which is zero."""
        return [torch.zeros_like(weight) if weight.grad is None else weight.grad for weight in self._weights]


class CountingOptimizer(Optimizer):
    """An optimizer whose step depends on how many came before.

    Attributes:
        updates: steps done; t in the formulas, once the step has begun.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.updates = 0

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "updates": self.updates}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        super().load_settings(settings)
        self.updates = settings["updates"]
