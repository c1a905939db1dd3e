"""Optimizers with Keras's meaning of every parameter, on PyTorch's fused and grouped kernels."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


class Optimizer(ABC):
    """Updates named parameters from their gradients.

    Attributes:
        learning_rate: the rate before any schedule; may be changed at any time.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        self.parameters = dict(parameters)
        self.learning_rate = float(config["learning_rate"])

    @abstractmethod
    def step(self, factor: float) -> None:
        """One update with the rate ``factor · learning_rate``, from the gradients the parameters hold."""

    @abstractmethod
    def slots(self) -> dict[str, dict[str, Tensor]]:
        """The optimizer's memory: for each kind (``"momentum"``, …) one tensor a parameter, live."""

    def settings(self) -> dict[str, Any]:
        """What else a checkpoint must hold."""
        return {"learning_rate": self.learning_rate}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        """Takes back what `settings` returned."""
        self.learning_rate = settings["learning_rate"]


class Adam(Optimizer):
    """w <- w - α·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v + ε̂), Kingma & Ba 2015, end of section 2.

    Keras adds ε̂ to √v before the bias correction, PyTorch adds its ε after; so PyTorch's ε is ε̂/√(1-β₂ᵗ).
    """

    decoupled_weight_decay = 0.0

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.epsilon, self.beta_2 = config["epsilon"], config["beta_2"]
        self.updates = 0
        self._adam = torch.optim.AdamW(
            list(self.parameters.values()),
            lr=self.learning_rate,
            betas=(config["beta_1"], config["beta_2"]),
            weight_decay=config.get("weight_decay", 0.0),
            fused=True,
        )
        # PyTorch makes the state at the first step; a checkpoint must find it before.
        for parameter in self.parameters.values():
            self._adam.state[parameter] = {
                "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                "exp_avg": torch.zeros_like(parameter),
                "exp_avg_sq": torch.zeros_like(parameter),
            }

    def step(self, factor: float) -> None:
        self.updates += 1
        group = self._adam.param_groups[0]
        group["lr"] = self.learning_rate * factor
        group["eps"] = self.epsilon / math.sqrt(1.0 - self.beta_2**self.updates)
        self._adam.step()

    def slots(self) -> dict[str, dict[str, Tensor]]:
        state = self._adam.state
        return {
            "momentum": {name: state[parameter]["exp_avg"] for name, parameter in self.parameters.items()},
            "velocity": {name: state[parameter]["exp_avg_sq"] for name, parameter in self.parameters.items()},
        }

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "updates": self.updates}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        super().load_settings(settings)
        self.updates = settings["updates"]
        for parameter in self.parameters.values():
            self._adam.state[parameter]["step"].fill_(self.updates)


OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam}


def build(config: Mapping[str, Any], parameters: Mapping[str, nn.Parameter]) -> Optimizer:
    """The optimizer that a resolved ``{"choice": …}`` describes."""
    return OPTIMIZERS[config["choice"]](parameters, config)
