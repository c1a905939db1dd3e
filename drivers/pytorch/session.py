"""Opens a `drivers.interface.Session` in PyTorch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drivers import machine
from drivers.pytorch import device as devices
from drivers.pytorch.batches import DeviceBatches
from drivers.pytorch.processes import PROCESSES
from drivers.pytorch.state import PyTorchState
from drivers.random import Random
from drivers.session import DriverSession, check_data

if TYPE_CHECKING:
    from drivers.data import Dataset


def open_session(
    spec: Mapping[str, Any], data: Dataset | None, *, device: str | None = None, threads: int | None = None
) -> DriverSession:
    """See `drivers.open_session`."""
    training = spec["training"]
    process = PROCESSES[training["choice"]]
    where = devices.choose_device(device or spec["device"])
    work = machine.work_of_a_step(spec, process.roles(spec))
    native = devices.has_native_bfloat16(where)
    precision = machine.choose_precision(spec["precision"], work, native=native)
    devices.use_threads(threads, work)
    machine.keep_freed_memory()
    random, batches = Random(training["seed"]), None
    if data is not None:
        check_data(data, process.sample_shape(spec), spec)
        batches = DeviceBatches(data, training["batch_size"], random.shuffle, where)
    state = PyTorchState(spec, process, batches, device=where, precision=precision, random=random)
    return DriverSession(state, process(state), devices.describe(where, precision))
