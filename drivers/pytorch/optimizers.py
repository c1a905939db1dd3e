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


class Adam(Optimizer):
    """w <- w - α·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v + ε̂). Kingma & Ba 2015, "Adam", end of section 2.

    With ``weight_decay`` d it is AdamW: w <- w·(1 - α·d) comes first (Loshchilov & Hutter 2019, Algorithm 2).
    Keras adds ε̂ to √v before the bias correction, PyTorch adds its ε after it; so PyTorch's ε is ε̂/√(1-β₂ᵗ).
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.epsilon, self.beta_2 = config["epsilon"], config["beta_2"]
        self.updates = 0
        self._adam = torch.optim.AdamW(
            self._weights,
            lr=self.learning_rate,
            betas=(config["beta_1"], config["beta_2"]),
            weight_decay=config.get("weight_decay", 0.0),
            fused=True,
        )
        # PyTorch makes the state at the first step; a checkpoint must find it before.
        for weight, momentum, velocity in zip(self._weights, self._zeros(), self._zeros(), strict=True):
            count = torch.zeros((), dtype=torch.float32, device=weight.device)
            self._adam.state[weight] = {"step": count, "exp_avg": momentum, "exp_avg_sq": velocity}

    def step(self, factor: float) -> None:
        self.updates += 1
        group = self._adam.param_groups[0]
        group["lr"] = self.learning_rate * factor
        group["eps"] = self.epsilon / math.sqrt(1.0 - self.beta_2**self.updates)
        self._adam.step()

    def slots(self) -> dict[str, list[Tensor]]:
        states = [self._adam.state[weight] for weight in self._weights]
        return {
            "momentum": [state["exp_avg"] for state in states],
            "velocity": [state["exp_avg_sq"] for state in states],
        }

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "updates": self.updates}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        super().load_settings(settings)
        self.updates = settings["updates"]
        for weight in self._weights:
            self._adam.state[weight]["step"].fill_(self.updates)


class RMSprop(Optimizer):
    """v <- ρ·v + (1-ρ)·g², w <- w - α·g/√(v + ε). Hinton 2012, lecture 6e, with Keras's ε under the root.

    With ``momentum`` μ the step is remembered: m <- μ·m + α·g/√(v + ε), w <- w - m.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.rho, self.epsilon, self.momentum = config["rho"], config["epsilon"], config["momentum"]
        self._velocity = self._zeros()
        self._steps = self._zeros() if self.momentum else []

    @torch.no_grad()
    def step(self, factor: float) -> None:
        gradients = self._gradients()
        torch._foreach_mul_(self._velocity, self.rho)
        torch._foreach_addcmul_(self._velocity, gradients, gradients, 1.0 - self.rho)
        roots = torch._foreach_add(self._velocity, self.epsilon)
        torch._foreach_sqrt_(roots)
        rate = self.learning_rate * factor
        if not self.momentum:
            torch._foreach_addcdiv_(self._weights, gradients, roots, -rate)
            return
        torch._foreach_mul_(self._steps, self.momentum)
        torch._foreach_addcdiv_(self._steps, gradients, roots, rate)
        torch._foreach_sub_(self._weights, self._steps)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"velocity": self._velocity, **({"momentum": self._steps} if self.momentum else {})}


class SGD(Optimizer):
    """w <- w - α·g; with ``momentum`` μ: m <- μ·m - α·g, w <- w + m, or w <- w + μ·m - α·g with ``nesterov``."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.momentum, self.nesterov = config["momentum"], config["nesterov"]
        self._steps = self._zeros() if self.momentum else []

    @torch.no_grad()
    def step(self, factor: float) -> None:
        gradients = self._gradients()
        rate = self.learning_rate * factor
        if not self.momentum:
            torch._foreach_add_(self._weights, gradients, alpha=-rate)
            return
        torch._foreach_mul_(self._steps, self.momentum)
        torch._foreach_add_(self._steps, gradients, alpha=-rate)
        if self.nesterov:
            torch._foreach_add_(self._weights, self._steps, alpha=self.momentum)
            torch._foreach_add_(self._weights, gradients, alpha=-rate)
        else:
            torch._foreach_add_(self._weights, self._steps)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"momentum": self._steps} if self.momentum else {}


OPTIMIZERS: dict[str, type[Optimizer]] = {"adam": Adam, "adamw": Adam, "rmsprop": RMSprop, "sgd": SGD}


def build(module: Mapping[str, Any], parameters: Mapping[str, nn.Parameter]) -> Optimizer:
    """The optimizer of a resolved ``{"choice": …}``."""
    return OPTIMIZERS[module["choice"]](parameters, module)
