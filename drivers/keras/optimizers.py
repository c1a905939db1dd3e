"""Keras's own optimizers, by the catalogue's names; its parameters are theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from drivers.keras.layers.construction import Zeros
from drivers.modules import parameters

Tensor = Any

OPTIMIZERS: dict[str, type[keras.Optimizer]] = {
    "adadelta": keras.optimizers.Adadelta,
    "adagrad": keras.optimizers.Adagrad,
    "adam": keras.optimizers.Adam,
    "adamax": keras.optimizers.Adamax,
    "adamw": keras.optimizers.AdamW,
    "lion": keras.optimizers.Lion,
    "nadam": keras.optimizers.Nadam,
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


class Optimizer:
    """Updates variables from their gradients.

    Attributes:
        name: the catalogue's name.
        learning_rate: the rate before any schedule; may be changed at any time.
        variables: what it updates.
    """

    def __init__(self, config: Mapping[str, Any], variables: Sequence[keras.Variable]) -> None:
        self.name: str = config["choice"]
        self.variables = list(variables)
        given = parameters(config)
        self.learning_rate = float(given["learning_rate"])
        self._keras = _with_our_zeros(OPTIMIZERS[self.name])(**given)
        self._keras.build(self.variables)

    def apply(self, gradients: Sequence[Tensor], rate: Tensor) -> None:
        """One update with the learning rate ``rate``; a part of a compiled step."""
        self._keras.learning_rate = rate
        self._keras.apply(gradients)

    def slots(self) -> list[keras.Variable]:
        """The optimizer's memory, live."""
        return list(self._keras.variables)

    def settings(self) -> dict[str, Any]:
        """What else a checkpoint must hold."""
        return {"learning_rate": self.learning_rate}

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        """Takes back what `settings` returned."""
        self.learning_rate = settings["learning_rate"]


def _with_our_zeros(kind: type[keras.Optimizer]) -> type[keras.Optimizer]:
    """An optimizer of Keras whose memory of nothing is not compiled; see `Zeros`."""

    class WithOurZeros(kind):
        def add_variable(self, shape: Any, initializer: Any = "zeros", **options: Any) -> keras.Variable:
            return super().add_variable(shape, Zeros() if initializer == "zeros" else initializer, **options)

    return WithOurZeros
