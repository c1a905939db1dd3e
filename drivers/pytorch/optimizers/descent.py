"""Optimizers whose steps all weights take alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from drivers.pytorch.optimizers.base import Optimizer


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


class Lion(Optimizer):
    """w <- w·(1 - α·d) - α·sign(β₁·m + (1-β₁)·g), m <- β₂·m + (1-β₂)·g. Chen et al. 2023, Algorithm 2.

    d is ``weight_decay``. Every weight moves by the same distance, whatever its gradient's size.
    """

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.beta_1, self.beta_2, self.weight_decay = config["beta_1"], config["beta_2"], config["weight_decay"]
        self._momentum = self._zeros()

    @torch.no_grad()
    def step(self, factor: float) -> None:
        gradients = self._gradients()
        rate = self.learning_rate * factor
        directions = torch._foreach_lerp(self._momentum, gradients, 1.0 - self.beta_1)
        torch._foreach_sign_(directions)
        if self.weight_decay:
            torch._foreach_mul_(self._weights, 1.0 - rate * self.weight_decay)
        torch._foreach_add_(self._weights, directions, alpha=-rate)
        torch._foreach_lerp_(self._momentum, gradients, 1.0 - self.beta_2)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"momentum": self._momentum}
