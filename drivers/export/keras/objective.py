"""Losses, regularizers and optimizers of a resolved spec as the plain code of a Keras program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.export.code import INDENT, Call, call, number
from drivers.export.errors import ExportError
from drivers.modules import parameters as parameters_of

Lines = list[str]


class KerasWords:
    """Operations as functions of `keras.ops`."""

    def mean(self, x: str) -> str:
        return f"ops.mean({x})"

    def square(self, x: str) -> str:
        return f"ops.square({x})"

    def relu(self, x: str) -> str:
        return f"ops.relu({x})"

    def softplus(self, x: str) -> str:
        return f"ops.softplus({x})"


def write_penalty(regularizer: Mapping[str, Any], rank: int) -> Lines:
    """A function that adds to the discriminator's loss; nothing for a constraint of the weights.

    Args:
        rank: axes of a sample.
    """
    weight = number(regularizer["weight"]) if "weight" in regularizer else ""
    axes = f"({', '.join(map(str, range(1, rank + 1)))})"
    if regularizer["choice"] == "gradient_penalty":
        return [
            "def gradient_penalty(critic, real, fake, mix):",
            f'{INDENT}"""λ·E(‖∇D(x̂)‖ - 1)² between reals and fakes. Gulrajani et al. 2017, eq. 3."""',
            f"{INDENT}gradient = slope(critic, mix * real + (1.0 - mix) * fake)",
            f"{INDENT}norm = ops.sqrt(ops.sum(ops.square(gradient), axis={axes}) + 1e-12)",
            f"{INDENT}return {weight} * ops.mean(ops.square(norm - 1.0))",
        ]
    if regularizer["choice"] == "r1":
        return [
            "def r1(critic, real, fake):",
            f'{INDENT}"""γ/2·E‖∇D(x)‖² at real samples. Mescheder et al. 2018, eq. 9."""',
            f"{INDENT}squares = ops.sum(ops.square(slope(critic, real)), axis={axes})",
            f"{INDENT}return 0.5 * {weight} * ops.mean(squares)",
        ]
    if regularizer["choice"] == "weight_clipping":
        return []
    message = f"A script cannot hold the regularizer '{regularizer['choice']}' yet."
    raise ExportError("not_exported", message, "/loss/regularizers")


OPTIMIZERS = {
    "adadelta": "Adadelta",
    "adagrad": "Adagrad",
    "adam": "Adam",
    "adamax": "Adamax",
    "adamw": "AdamW",
    "lion": "Lion",
    "nadam": "Nadam",
    "rmsprop": "RMSprop",
    "sgd": "SGD",
}
"""Keras's class by the catalogue's name; the parameters are the same."""


def write_optimizer(optimizer: Mapping[str, Any]) -> Call:
    """The optimizer made."""
    if optimizer["choice"] not in OPTIMIZERS:
        message = f"A script cannot hold the optimizer '{optimizer['choice']}' yet."
        raise ExportError("not_exported", message, "/optimizer")
    usual = {"epsilon": 1e-7, "nesterov": False, "beta_2": 0.99 if optimizer["choice"] == "lion" else 0.999}
    given = {name: value for name, value in parameters_of(optimizer).items() if value != usual.get(name, ...)}
    rate = given.pop("learning_rate")
    return call(f"keras.optimizers.{OPTIMIZERS[optimizer['choice']]}", rate, **given)
