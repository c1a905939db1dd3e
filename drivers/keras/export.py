"""Networks in use as `.keras` files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import keras

from drivers.errors import DriverError
from drivers.files import write_whole
from drivers.keras.network import Network


def write_keras(network: Network, path: Path) -> None:
    """Writes a network as a functional model that ``keras.saving.load_model`` opens without this project.

    Raises:
        DriverError: it has layers that Keras lacks.
    """
    model = network.keras_model()
    ours = [layer.name for layer in model.layers if any(_is_ours(part) for part in _within(layer))]
    if ours:
        kinds = ", ".join(f"{type(model.get_layer(name)).__name__} '{name}'" for name in ours)
        message = (
            f"Keras has no layer like {kinds}, so a .keras file could not be opened elsewhere; export ONNX instead."
        )
        raise DriverError("not_exported", message)

    def write(temporary: Path) -> None:
        named = temporary.with_suffix(".keras")  # Keras goes by the name
        model.save(named)
        named.replace(temporary)

    write_whole(path, write)


def _within(layer: keras.Layer) -> Iterator[keras.Layer]:
    """The layer and those that wrappers hold."""
    yield layer
    for part in getattr(layer, "_layers", ()):
        yield from _within(part)


def _is_ours(layer: keras.Layer) -> bool:
    return type(layer).__module__.startswith("drivers.")
