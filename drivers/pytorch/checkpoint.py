"""Checkpoints: a folder with ``checkpoint.json`` and the tensors it names, never pickle.

``checkpoint.json`` is written last and replaced in one rename; it alone decides which tensor file counts. So a crash
at any moment leaves the old checkpoint or the new one, and never a mixture.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from drivers.errors import DriverError
from drivers.files import write_whole
from drivers.interface import TrainingProcess
from drivers.pytorch import weights
from drivers.pytorch.state import TrainingState

FORMAT = 1
MANIFEST = "checkpoint.json"
ENTRIES = ("step", "optimizers", "batches", "process", "calibration", "tensors")


def save(folder: Path, state: TrainingState, process: TrainingProcess, more: Mapping[str, Any]) -> None:
    """Writes a checkpoint; the one before is deleted once this one counts.

    Args:
        more: further entries of ``checkpoint.json``.

    Raises:
        DivergedError: a weight is not finite; the checkpoint before is worth more.
    """
    state.check_finite()
    position = state.batches.state()
    running = process.state()
    manifest = {
        "format": FORMAT,
        "driver": "pytorch",
        "step": state.step,
        "optimizers": {role: optimizer.settings() for role, optimizer in state.optimizers.items()},
        "batches": _plain(position),
        "process": _plain(running),
        **more,
    }
    tensors = {**state.tensors(), **_states(state, position, running)}
    name = f"tensors-{uuid.uuid4().hex}.safetensors"
    stored = {key: value.detach().contiguous().cpu() for key, value in tensors.items()}
    write_whole(folder / name, lambda path: save_file(stored, path))
    text = json.dumps({**manifest, "tensors": name}, indent=1)
    write_whole(folder / MANIFEST, lambda path: _write_text(path, text))
    for old in folder.glob("tensors-*.safetensors"):
        if old.name != name:
            old.unlink()


def load(folder: Path, state: TrainingState, process: TrainingProcess) -> dict[str, Any]:
    """Takes up a checkpoint, or changes nothing.

    Returns:
        ``checkpoint.json``.

    Raises:
        DriverError: there is no checkpoint in ``folder``, it is damaged, or it belongs to other data.
        WeightsError: it belongs to another model.
    """
    manifest, stored = _read(folder)
    live = state.tensors()
    position = state.batches.state()
    weights.check(folder, stored, {**live, **_states(state, position, process.state())})
    state.batches.load_state({**manifest["batches"], **_below(stored, "batches")})
    weights.overwrite(live, stored)
    state.random.load_state(_below(stored, "random"))
    process.load_state({**manifest["process"], **_below(stored, "process")})
    for role, optimizer in state.optimizers.items():
        optimizer.load_settings(manifest["optimizers"][role])
    state.step = manifest["step"]
    return manifest


def _states(state: TrainingState, position: Mapping[str, Any], running: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors of a checkpoint that are not live views: they are handed to their owners as a whole."""
    parts = {"random": state.random.state(), "batches": position, "process": running}
    return {
        f"{part}/{name}": value
        for part, values in parts.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if not isinstance(value, Tensor)}


def _below(tensors: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(f"{prefix}/"): value for name, value in tensors.items() if name.startswith(f"{prefix}/")}


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text())
    except FileNotFoundError:
        raise DriverError("no_checkpoint", f"There is no checkpoint in '{folder}'.") from None
    except ValueError as error:
        raise DriverError("damaged_checkpoint", f"'{path}' is not JSON ({error}).") from error
    if manifest.get("format") != FORMAT:
        raise DriverError(
            "other_format", f"'{path}' has format {manifest.get('format')}; this version reads format {FORMAT}."
        )
    missing = [entry for entry in ENTRIES if entry not in manifest]
    if missing:
        raise DriverError("damaged_checkpoint", f"'{path}' lacks {', '.join(missing)}.")
    try:
        return manifest, load_file(folder / manifest["tensors"])
    except (FileNotFoundError, SafetensorError) as error:
        raise DriverError("damaged_checkpoint", f"The tensors of '{path}' cannot be read ({error}).") from error


def _write_text(path: Path, text: str) -> None:
    path.write_text(text)
