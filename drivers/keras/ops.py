"""`drivers.ops.Ops` over `keras.ops`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import keras
from keras import ops

Tensor = Any


class KerasOps:
    """The vocabulary of losses and regularizers on any backend; see `drivers.ops` for the meaning of each word.

    Args:
        backend: a module of `drivers.keras.backends`.
        state: every variable that a formula's functions may touch.
        draws: what `uniform_per_sample` hands out: numbers from [0, 1), (draws, N). A compiled step cannot draw from
            NumPy, so they are drawn before it.
    """

    def __init__(self, backend: ModuleType, state: Sequence[keras.Variable], draws: Tensor | None = None) -> None:
        self._backend, self._state = backend, state
        self._draws, self._drawn = draws, 0

    mean = staticmethod(ops.mean)
    square = staticmethod(ops.square)
    sqrt = staticmethod(ops.sqrt)
    relu = staticmethod(ops.relu)
    softplus = staticmethod(ops.softplus)
    clip = staticmethod(ops.clip)
    detach = staticmethod(ops.stop_gradient)

    @staticmethod
    def share(x: Tensor) -> Tensor:
        return ops.mean(ops.cast(x, "float32"))

    @staticmethod
    def sum_per_sample(x: Tensor) -> Tensor:
        return ops.sum(x, axis=tuple(range(1, len(x.shape))))

    def uniform_per_sample(self, like: Tensor) -> Tensor:
        assert self._draws is not None
        row = self._draws[self._drawn]
        self._drawn += 1
        return ops.reshape(row, (-1, *(1 for _ in like.shape[1:])))

    def gradient(self, function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        def total(point: Tensor) -> Tensor:
            return ops.sum(function(point))

        value, pull = self._backend.pullback(total, (), (ops.stop_gradient(x),), state=self._state, again=True)
        _, (gradient,) = pull(ops.ones_like(value))
        return gradient
