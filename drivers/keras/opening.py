"""Builds a session in Keras, once a backend is there."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

import keras

from drivers import machine
from drivers.keras.batches import ArrayBatches
from drivers.keras.processes import PROCESSES
from drivers.keras.state import KerasState
from drivers.random import Random
from drivers.session import DriverSession, check_data

if TYPE_CHECKING:
    from drivers.data import Dataset


def open_session(spec: Mapping[str, Any], data: Dataset | None, backend: ModuleType) -> DriverSession:
    """The session of a resolved spec on a backend of `drivers.keras.backends`."""
    machine.keep_freed_memory()
    training = spec["training"]
    process = PROCESSES[training["choice"]]
    random, batches = Random(training["seed"]), None
    if data is not None:
        check_data(data, process.sample_shape(spec), spec)
        batches = ArrayBatches(data, training["batch_size"], random.shuffle)
    work = machine.work_of_a_step(spec, process.roles(spec))
    precision = machine.choose_precision(spec["precision"], work, native=backend.multiplies_bfloat16())
    state = KerasState(spec, process, batches, backend=backend, precision=precision, random=random)
    return DriverSession(state, process(state), _environment(spec, backend, precision))


def _environment(spec: Mapping[str, Any], backend: ModuleType, precision: str) -> dict[str, Any]:
    """The environment a training ran in, for its record."""
    device, name = backend.device()
    return {
        "driver": "keras",
        "backend": spec["backend"],
        "device": device,
        "device_name": name or machine.processor_name(),
        "precision": precision,
        "threads": backend.threads(),
        "versions": {"python": platform.python_version(), "keras": keras.__version__, **backend.version()},
    }
