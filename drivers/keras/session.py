"""Opens a `drivers.interface.Session` in Keras. Importing this module imports no library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from drivers import machine
from drivers.errors import DriverError
from drivers.keras import runtime
from drivers.processes.alternating import AlternatingProcess

if TYPE_CHECKING:
    from drivers.data import Dataset
    from drivers.session import DriverSession


def open_session(
    spec: Mapping[str, Any], data: Dataset | None, *, device: str | None = None, threads: int | None = None
) -> DriverSession:
    """See `drivers.open_session`; the spec's ``backend`` is started in this process if none is yet."""
    if threads is None:
        threads = _threads(spec)
    wish = device or spec["device"]
    backend = runtime.start(spec["backend"], wish, threads)
    if wish.startswith("cuda") and backend.device()[0] != "cuda":
        message = f"'{wish}' was asked for, but {spec['backend']} sees no such device here."
        raise DriverError("device_missing", message, "/device")
    # Only now, because these import Keras, and with it the backend.
    from drivers.keras import opening

    return opening.open_session(spec, data, backend)


def _threads(spec: Mapping[str, Any]) -> int:
    """What a spec's work occupies on PyTorch; TensorFlow and JAX keep their number, whatever comes later."""
    if spec["backend"] != "torch":
        return machine.spare_processors()
    return machine.threads_for(machine.work_of_a_step(spec, AlternatingProcess.roles(spec)))
