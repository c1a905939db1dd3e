"""Optimizers with Keras's meaning of every parameter, on PyTorch's fused and grouped kernels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from drivers.pytorch.optimizers.base import Optimizer
from drivers.pytorch.optimizers.descent import SGD, Lion
from drivers.pytorch.optimizers.moments import Adam, Adamax, Nadam
from drivers.pytorch.optimizers.squares import Adadelta, Adagrad, RMSprop

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "adadelta": Adadelta,
    "adagrad": Adagrad,
    "adam": Adam,
    "adamax": Adamax,
    "adamw": Adam,
    "lion": Lion,
    "nadam": Nadam,
    "rmsprop": RMSprop,
    "sgd": SGD,
}


def build(module: Mapping[str, Any], parameters: Mapping[str, nn.Parameter]) -> Optimizer:
    """The optimizer of a resolved ``{"choice": …}``."""
    return OPTIMIZERS[module["choice"]](parameters, module)


__all__ = ["OPTIMIZERS", "Optimizer", "build"]
