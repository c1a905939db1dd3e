"""Optimizers that divide the gradient by how large it has been, and keep no memory of its direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from drivers.pytorch.optimizers.base import Optimizer


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


class Adagrad(Optimizer):
    """a <- a + g², w <- w - α·g/√(a + ε). Duchi et al. 2011, section 1.1, with Keras's ε under the root."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.epsilon = config["epsilon"]
        start = config["initial_accumulator_value"]
        self._accumulator = [torch.full_like(weight, start) for weight in self._weights]

    @torch.no_grad()
    def step(self, factor: float) -> None:
        gradients = self._gradients()
        torch._foreach_addcmul_(self._accumulator, gradients, gradients)
        roots = torch._foreach_add(self._accumulator, self.epsilon)
        torch._foreach_sqrt_(roots)
        torch._foreach_addcdiv_(self._weights, gradients, roots, -self.learning_rate * factor)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"accumulator": self._accumulator}


class Adadelta(Optimizer):
    """a <- ρ·a + (1-ρ)·g², δ = -√(d + ε)/√(a + ε)·g, d <- ρ·d + (1-ρ)·δ², w <- w + α·δ. Zeiler 2012, Algorithm 1."""

    def __init__(self, parameters: Mapping[str, nn.Parameter], config: Mapping[str, Any]) -> None:
        super().__init__(parameters, config)
        self.rho, self.epsilon = config["rho"], config["epsilon"]
        self._gradient_squares, self._step_squares = self._zeros(), self._zeros()

    @torch.no_grad()
    def step(self, factor: float) -> None:
        gradients = self._gradients()
        torch._foreach_mul_(self._gradient_squares, self.rho)
        torch._foreach_addcmul_(self._gradient_squares, gradients, gradients, 1.0 - self.rho)
        steps = torch._foreach_add(self._step_squares, self.epsilon)
        torch._foreach_div_(steps, torch._foreach_add(self._gradient_squares, self.epsilon))
        torch._foreach_sqrt_(steps)
        torch._foreach_mul_(steps, gradients)
        torch._foreach_mul_(self._step_squares, self.rho)
        torch._foreach_addcmul_(self._step_squares, steps, steps, 1.0 - self.rho)
        torch._foreach_add_(self._weights, steps, alpha=-self.learning_rate * factor)

    def slots(self) -> dict[str, list[Tensor]]:
        return {"accumulated_grad": self._gradient_squares, "accumulated_delta_var": self._step_squares}
