"""Keras on PyTorch: steps run as they are written, operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import keras
import numpy as np
import torch
from keras import ops

from drivers.machine import BFLOAT16_CAPABILITY, processor_multiplies_bfloat16

Tensor = Any
Variables = Sequence[keras.Variable]

COMPILES = False


def use_threads(threads: int) -> None:
    torch.set_num_threads(threads)


def threads() -> int:
    return torch.get_num_threads()


def device() -> tuple[str, str]:
    return ("cuda", torch.cuda.get_device_name()) if torch.cuda.is_available() else ("cpu", "")


def multiplies_bfloat16() -> bool:
    if torch.cuda.is_available():
        return torch.cuda.get_device_capability()[0] >= BFLOAT16_CAPABILITY
    return processor_multiplies_bfloat16()


def version() -> dict[str, str]:
    return {"torch": torch.__version__}


def tensor(array: np.ndarray) -> Tensor:
    return ops.convert_to_tensor(np.array(array))


def compile(step: Callable[..., Any], variables: Variables) -> Callable[..., Any]:
    return torch.no_grad()(step)


def compile_use(function: Callable[..., Tensor], variables: Variables) -> Callable[..., Tensor]:
    return torch.inference_mode()(function)


def without_gradients() -> AbstractContextManager[Any]:
    return torch.inference_mode()


def pullback(
    function: Callable[..., Tensor],
    variables: Variables,
    points: Sequence[Tensor] = (),
    *,
    state: Variables,
    again: bool = False,
) -> tuple[Tensor, Callable[[Tensor], tuple[list[Tensor], list[Tensor]]]]:
    sources = [variable.value for variable in variables]
    leaves = [point.detach().requires_grad_() for point in points]
    with torch.enable_grad():
        value = function(*leaves)

    def pull(cotangent: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        with torch.enable_grad():
            found = torch.autograd.grad(
                value, [*sources, *leaves], cotangent, create_graph=again, allow_unused=True, materialize_grads=True
            )
        return list(found[: len(sources)]), list(found[len(sources) :])

    return value, pull
