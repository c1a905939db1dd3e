"""The order in which a network's layers are built, and so in which their initial weights are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drivers.errors import DriverError


def in_order(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The layers in an order in which each follows its inputs; those that already are, as they stand.

    Raises:
        DriverError: some wait for each other, or for a layer that is not there.
    """
    waiting, ordered = list(layers), []
    done: set[str] = set()
    while waiting:
        ready = next((layer for layer in waiting if done.issuperset(layer["inputs"])), None)
        if ready is None:
            names = ", ".join(layer["id"] for layer in waiting)
            raise DriverError("cyclic_layers", f"The layers {names} wait for each other.")
        waiting.remove(ready)
        ordered.append(ready)
        done.add(ready["id"])
    return ordered
