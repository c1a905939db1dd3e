"""The small vocabulary in which losses and regularizers are written.

A driver provides one object with these methods; `drivers.losses` and `drivers.regularizers` then need no
library of their own. Tensors also support ``+ - * /`` and unary minus.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

Tensor = Any


class Ops(Protocol):
    """What a formula may call. Every argument and result is float32 unless said otherwise."""

    def mean(self, x: Tensor) -> Tensor:
        """Mean over every element: any shape -> scalar."""

    def share(self, x: Tensor) -> Tensor:
        """The share of the elements that are true: booleans of any shape -> scalar."""

    def square(self, x: Tensor) -> Tensor:
        """Element-wise x²."""

    def sqrt(self, x: Tensor) -> Tensor:
        """Element-wise √x."""

    def relu(self, x: Tensor) -> Tensor:
        """Element-wise max(0, x)."""

    def softplus(self, x: Tensor) -> Tensor:
        """Element-wise log(1 + eˣ), without overflow."""

    def clip(self, x: Tensor, low: float, high: float) -> Tensor:
        """Element-wise min(max(x, low), high)."""

    def sum_per_sample(self, x: Tensor) -> Tensor:
        """Sum over everything but the batch axis: (N, …) -> (N,)."""

    def uniform_per_sample(self, like: Tensor) -> Tensor:
        """One number a sample from [0, 1), drawn from the training's own generator: (N, …) -> (N, 1, …)."""

    def detach(self, x: Tensor) -> Tensor:
        """The same numbers, as a constant."""

    def gradient(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """∇ of the sum of ``function(x)`` with respect to ``x``, itself differentiable; the shape of ``x``."""
