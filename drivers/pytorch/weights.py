"""Weight files: safetensors, every tensor in Keras orientation under ``network/layer/variable``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from drivers.errors import DriverError, WeightsError
from drivers.files import write_whole
from drivers.pytorch.network import Network


def live(networks: Mapping[str, Network]) -> dict[str, Tensor]:
    """Every weight of ``networks`` by ``network/layer/variable``; views of the live tensors."""
    return {
        f"{name}/{variable}": value
        for name, network in networks.items()
        for variable, value in network.weights().items()
    }


def save(path: Path, networks: Mapping[str, Network], metadata: Mapping[str, str]) -> None:
    """Writes the weights of ``networks``; ``path`` holds the old file or the new one, never a part."""
    tensors = {name: value.contiguous().cpu() for name, value in live(networks).items()}
    write_whole(path, lambda temporary: save_file(tensors, temporary, metadata=dict(metadata)))


def read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and the metadata of a weight file.

    Raises:
        DriverError: there is no such file, or it is not safetensors.
    """
    try:
        with safe_open(path, "pt") as file:
            names = file.keys()
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except FileNotFoundError:
        raise DriverError("no_weights", f"There is no file '{path}'.") from None
    except SafetensorError as error:
        raise DriverError("damaged_weights", f"'{path}' is not a safetensors file ({error}).") from error


def check(path: Path, stored: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """Compares stored tensors with the ones they are to replace.

    Raises:
        WeightsError: one is missing, superfluous, misshapen, or not finite.
    """
    problems = [f"'{name}' is missing" for name in wanted if name not in stored]
    for name, value in stored.items():
        if name not in wanted:
            problems.append(f"'{name}' belongs to nothing in this model")
        elif value.shape != wanted[name].shape:
            problems.append(f"'{name}' has shape {_text(value)} instead of {_text(wanted[name])}")
        elif value.is_floating_point() and not torch.isfinite(value).all():
            problems.append(f"'{name}' holds NaN or infinite numbers")
    if problems:
        raise WeightsError(path, problems)


@torch.no_grad()
def overwrite(live_tensors: Mapping[str, Tensor], stored: Mapping[str, Tensor]) -> None:
    """Copies checked tensors into the live ones."""
    for name, tensor in live_tensors.items():
        tensor.copy_(stored[name])


def _text(value: Tensor) -> str:
    return "x".join(map(str, value.shape)) or "a single number"
