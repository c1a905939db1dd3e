"""Weight files: safetensors, every tensor in Keras orientation under ``network/layer/variable``.

Every driver writes and reads the same file, so a model trained by one goes on, or is sampled from, in another.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from drivers.errors import DriverError, WeightsError
from drivers.files import write_whole

# The kinds of number, as safetensors names them, that a weight file may hold.
KINDS = ("F16", "F32", "F64")


MAX_TENSORS = 20_000
"""The most tensors that a file may hold; a network of the most layers that are allowed has about half as many."""


def save(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> None:
    """Writes tensors; ``path`` holds the old file or the new one, never a part."""
    # safetensors writes an array's memory as it lies, whatever its strides say.
    rows = {name: np.asarray(value, order="C") for name, value in tensors.items()}
    write_whole(path, lambda temporary: save_file(rows, temporary, metadata=dict(metadata or {})))


def read(path: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """The tensors and the metadata of a weight file.

    Raises:
        DriverError: there is no such file, or it is not safetensors.
        WeightsError: it holds numbers of a kind that NumPy does not have, such as bfloat16, or too many tensors.
    """
    try:
        with safe_open(path, "numpy") as file:
            names = list(file.keys())
            if len(names) > MAX_TENSORS:
                raise WeightsError(path, [f"it holds {len(names):,} tensors, and {MAX_TENSORS:,} are allowed"])
            kinds = {name: file.get_slice(name).get_dtype() for name in names}
            foreign = [
                f"'{name}' holds numbers of the kind {kind}" for name, kind in kinds.items() if kind not in KINDS
            ]
            if foreign:
                raise WeightsError(path, [*foreign, f"weights are of the kinds {', '.join(KINDS)}"])
            return {name: file.get_tensor(name) for name in names}, file.metadata() or {}
    except FileNotFoundError:
        raise DriverError("no_weights", f"There is no file '{path}'.") from None
    except SafetensorError as error:
        raise DriverError("damaged_weights", f"'{path}' is not a safetensors file ({error}).") from error


def check(path: Path, stored: Mapping[str, np.ndarray], wanted: Mapping[str, Any]) -> None:
    """Compares stored tensors with the ones they are to replace, which need no more than a shape.

    Raises:
        WeightsError: one is missing, superfluous, misshapen, or not finite.
    """
    problems = [f"'{name}' is missing" for name in wanted if name not in stored]
    for name, value in stored.items():
        if name not in wanted:
            problems.append(f"'{name}' belongs to nothing in this model")
        elif value.shape != tuple(wanted[name].shape):
            problems.append(f"'{name}' has shape {_text(value.shape)} instead of {_text(wanted[name].shape)}")
        elif value.dtype.kind == "f" and not np.isfinite(value).all():
            problems.append(f"'{name}' holds NaN or infinite numbers")
    if problems:
        raise WeightsError(path, problems)


def _text(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single number"
