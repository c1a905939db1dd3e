"""Networks in use as `.keras` files."""

from __future__ import annotations

from pathlib import Path

from drivers.files import write_whole
from drivers.keras.network import Network


def write_keras(network: Network, path: Path) -> None:
    """Writes a network as a functional model that ``keras.saving.load_model`` opens without this project."""
    model = network.keras_model()

    def write(temporary: Path) -> None:
        named = temporary.with_suffix(".keras")  # Keras goes by the name
        model.save(named)
        named.replace(temporary)

    write_whole(path, write)
