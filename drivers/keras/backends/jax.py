"""Keras on JAX: steps compiled by XLA, with the state of a training donated to each step.

Everything a step does must be traceable: the shapes of its batches are part of what is compiled, and another batch
size compiles it anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

import jax
import keras
import numpy as np

from drivers.machine import BFLOAT16_CAPABILITY

Tensor = Any
Variables = Sequence[keras.Variable]

COMPILES = True
# The flag of XLA that says how hard its compiler works.
EFFORT = "xla_backend_optimization_level"


def use_threads(threads: int) -> None:
    """XLA reads the number when it starts, from `drivers.keras.runtime.environment`."""


def threads() -> int:
    return int(os.environ.get("NPROC") or os.cpu_count() or 1)


def device() -> tuple[str, str]:
    first = jax.devices()[0]
    return ("cuda", first.device_kind) if first.platform == "gpu" else ("cpu", "")


def multiplies_bfloat16() -> bool:
    """On processors, which have no such number, XLA gains little with convolutions, and loses with dense layers."""
    capability = getattr(jax.devices()[0], "compute_capability", "").partition(".")[0]
    return capability.isdecimal() and int(capability) >= BFLOAT16_CAPABILITY


def version() -> dict[str, str]:
    return {"jax": jax.__version__}


def tensor(array: np.ndarray) -> Tensor:
    # Other ways compile a function for each shape; and the memory must be its own, because steps are given it.
    return jax.device_put(array, may_alias=False)


def _options() -> dict[str, Any] | None:
    """How XLA compiles a step.

    On processors the time of a step is in convolutions and matrix products, which are not compiled: half the effort
    gives steps as fast.
    """
    if jax.default_backend() != "cpu" or EFFORT in os.environ.get("XLA_FLAGS", ""):
        return None
    return {EFFORT: 1}


def compile(step: Callable[..., Any], variables: Variables) -> Callable[..., Any]:
    @partial(jax.jit, donate_argnums=0, compiler_options=_options())
    def pure(values: list[Tensor], arguments: tuple[Any, ...]) -> tuple[Any, list[Tensor]]:
        with keras.StatelessScope(zip(variables, values, strict=True)):
            result = step(*arguments)
            return result, [variable.value for variable in variables]

    def run(*arguments: Any) -> Any:
        result, values = pure([variable.value for variable in variables], arguments)
        for variable, value in zip(variables, values, strict=True):
            # What `assign` does after its checks, which take 5 % of a small step and cannot fail here.
            variable._direct_assign(value)
        return result

    return run


def compile_use(function: Callable[..., Tensor], variables: Variables) -> Callable[..., Tensor]:
    @partial(jax.jit, compiler_options=_options())
    def pure(values: list[Tensor], arguments: tuple[Any, ...]) -> Tensor:
        with keras.StatelessScope(zip(variables, values, strict=True)):
            return function(*arguments)

    return lambda *arguments: pure([variable.value for variable in variables], arguments)


def without_gradients() -> AbstractContextManager[Any]:
    return nullcontext()


def pullback(
    function: Callable[..., Tensor],
    variables: Variables,
    points: Sequence[Tensor] = (),
    *,
    state: Variables,
    again: bool = False,
) -> tuple[Tensor, Callable[[Tensor], tuple[list[Tensor], list[Tensor]]]]:
    before = [variable.value for variable in state]

    def pure(values: list[Tensor], points: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        given = [*zip(state, before, strict=True), *zip(variables, values, strict=True)]
        with keras.StatelessScope(given):
            value = function(*points)
            return value, [variable.value for variable in state]

    value, pull, after = jax.vjp(pure, [variable.value for variable in variables], list(points), has_aux=True)
    for variable, old, new in zip(state, before, after, strict=True):
        if new is not old:
            variable.assign(new)
    return value, pull
