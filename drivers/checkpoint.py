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

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from drivers import weights
from drivers.errors import DriverError
from drivers.files import write_whole
from drivers.interface import TrainingProcess
from drivers.state import TrainingState

FORMAT = 2
MANIFEST = "checkpoint.json"
ENTRIES = ("driver", "backend", "step", "optimizers", "batches", "random", "process", "calibration", "tensors")
PROCESS, LAYER_RANDOM = "process/", "random/layers"


def save(folder: Path, state: TrainingState, process: TrainingProcess, more: Mapping[str, Any]) -> None:
    """Writes a checkpoint; the one before is deleted once this one counts.

    Args:
        more: further entries of ``checkpoint.json``.

    Raises:
        DivergedError: a weight is not finite; the checkpoint before is worth more.
    """
    state.check_finite()
    settings, running = _parts(state, process)
    name = f"tensors-{uuid.uuid4().hex}.safetensors"
    manifest = {
        "format": FORMAT,
        **_origin(state),
        "step": state.step,
        "optimizers": {role: optimizer.settings() for role, optimizer in state.optimizers.items()},
        "batches": state.batches.state(),
        "random": state.random.state(),
        "process": settings,
        **more,
        "tensors": name,
    }
    tensors = {key: state.array(value) for key, value in {**state.tensors(), **running}.items()}
    tensors[LAYER_RANDOM] = state.layer_random()
    weights.save(folder / name, tensors)
    text = json.dumps(manifest, indent=1)
    write_whole(folder / MANIFEST, lambda path: _write_text(path, text))
    for old in folder.glob("tensors-*.safetensors"):
        if old.name != name:
            old.unlink()


def load(folder: Path, state: TrainingState, process: TrainingProcess) -> dict[str, Any]:
    """Takes up a checkpoint, or changes nothing.

    Returns:
        ``checkpoint.json``.

    Raises:
        DriverError: there is no checkpoint in ``folder``, it is damaged, or another driver's, or belongs to other data.
        WeightsError: it belongs to another model.
    """
    manifest, stored = _read(folder)
    origin = {key: manifest[key] for key in _origin(state)}
    if origin != _origin(state):
        raise DriverError(
            "other_driver",
            f"'{folder / MANIFEST}' is a checkpoint of {_text(origin)}, and this is {_text(_origin(state))}. "
            "Weight files go from one to the other, checkpoints do not.",
            "/driver",
        )
    live = state.tensors()
    _, running = _parts(state, process)
    weights.check(folder, stored, {**live, **running, LAYER_RANDOM: state.layer_random()})
    state.batches.load_state(manifest["batches"])
    state.overwrite(live, stored)
    state.random.load_state(manifest["random"])
    state.load_layer_random(stored[LAYER_RANDOM])
    tensors = {name.removeprefix(PROCESS): state.tensor(stored[name]) for name in running}
    process.load_state({**manifest["process"], **tensors})
    for role, optimizer in state.optimizers.items():
        optimizer.load_settings(manifest["optimizers"][role])
    state.step = manifest["step"]
    return manifest


def _origin(state: TrainingState) -> dict[str, Any]:
    return {"driver": state.spec["driver"], "backend": state.spec.get("backend")}


def _text(origin: Mapping[str, Any]) -> str:
    return f"the driver {origin['driver']}" + (f" on {origin['backend']}" if origin["backend"] else "")


def _parts(state: TrainingState, process: TrainingProcess) -> tuple[dict[str, Any], dict[str, Any]]:
    """The process's running state: what JSON holds, and what is a tensor."""
    running = process.state()
    settings = {name: value for name, value in running.items() if _is_plain(value)}
    return settings, {f"{PROCESS}{name}": value for name, value in running.items() if name not in settings}


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str | list | tuple | dict)


def _read(folder: Path) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
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
