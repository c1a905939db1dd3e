"""Optimizers that follow a moving average of the gradient, scaled by how large gradients have been."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from drivers.pytorch.optimizers.base import CountingOptimizer


class Adam(CountingOptimizer):
    """w <- w - α·√(1-β₂ᵗ)/(1-β₁ᵗ)·m/(√v + ε̂). Kingma & Ba 2015, "Adam", end of section 2.

    With ``weight_decay`` d it is AdamW: w <- w·(1 - α·d) comes first (Loshchilov & Hutter 2019, Algorithm 2).
    Keras adds ε̂ to √v before the bias correction, PyTorch adds its ε after it; so PyTorch's ε is ε̂/√(1-β₂ᵗ).
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.epsilon, self.beta_2 = config["epsilon"], config["beta_2"]
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

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        super().load_settings(settings)
        for weight in self._weights:
            self._adam.state[weight]["step"].fill_(self.updates)


class Adamax(CountingOptimizer):
    """m <- β₁·m + (1-β₁)·g, u <- max(β₂·u, |g|), w <- w - α/(1-β₁ᵗ)·m/(u + ε). Kingma & Ba 2015, Algorithm 2."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.beta_1, self.beta_2, self.epsilon = config["beta_1"], config["beta_2"], config["epsilon"]
        self._momentum, self._norm = self._zeros(), self._zeros()

    @torch.no_grad()
    def step(self, factor: float) -> None:
        self.updates += 1
        gradients = self._gradients()
        torch._foreach_lerp_(self._momentum, gradients, 1.0 - self.beta_1)
        torch._foreach_mul_(self._norm, self.beta_2)
        torch._foreach_maximum_(self._norm, torch._foreach_abs(gradients))
        rate = self.learning_rate * factor / (1.0 - self.beta_1**self.updates)
        torch._foreach_addcdiv_(self._weights, self._momentum, torch._foreach_add(self._norm, self.epsilon), -rate)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"momentum": self._momentum, "norm": self._norm}


class Nadam(CountingOptimizer):
    """Adam with Nesterov's look ahead. Dozat 2016, Algorithm 8, with Keras's schedule of the momentum.

    μₜ = β₁·(1 - ½·0.96ᵗ); m, v as Adam's; m̂ = μₜ₊₁·m/(1 - ∏ᵢ₌₁ᵗ⁺¹ μᵢ) + (1 - μₜ)·g/(1 - ∏ᵢ₌₁ᵗ μᵢ);
    w <- w - α·m̂/(√(v/(1-β₂ᵗ)) + ε).
    """

    MOMENTUM_DECAY = 0.96

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.beta_1, self.beta_2, self.epsilon = config["beta_1"], config["beta_2"], config["epsilon"]
        self._product = 1.0  # of all momenta so far
        self._momentum, self._velocity = self._zeros(), self._zeros()

    def momentum_at(self, update: int) -> float:
        """μ of an update, counted from 1."""
        return self.beta_1 * (1.0 - 0.5 * self.MOMENTUM_DECAY**update)

    @torch.no_grad()
    def step(self, factor: float) -> None:
        self.updates += 1
        gradients = self._gradients()
        torch._foreach_lerp_(self._momentum, gradients, 1.0 - self.beta_1)
        torch._foreach_mul_(self._velocity, self.beta_2)
        torch._foreach_addcmul_(self._velocity, gradients, gradients, 1.0 - self.beta_2)
        now, ahead = self.momentum_at(self.updates), self.momentum_at(self.updates + 1)
        self._product *= now
        roots = torch._foreach_div(self._velocity, 1.0 - self.beta_2**self.updates)
        torch._foreach_sqrt_(roots)
        torch._foreach_add_(roots, self.epsilon)
        rate = self.learning_rate * factor
        momentum_share = ahead / (1.0 - self._product * ahead)
        gradient_share = (1.0 - now) / (1.0 - self._product)
        torch._foreach_addcdiv_(self._weights, self._momentum, roots, -rate * momentum_share)
        torch._foreach_addcdiv_(self._weights, gradients, roots, -rate * gradient_share)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"momentum": self._momentum, "velocity": self._velocity}

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "momentum_product": self._product}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        super().load_settings(settings)
        self._product = settings["momentum_product"]
