"""Brings Keras up on one backend, and importing that alone. Imports no library itself."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from drivers.data import DataSettings
from drivers.errors import DriverError

# Each is named as its module is.
BACKENDS = ("jax", "tensorflow", "torch")
# A home that cannot be: Keras then takes its own defaults, and neither reads nor writes a file of the user's.
NO_HOME = os.path.join(os.devnull, "keras")
# What Keras imports where it can, for callbacks and wrappers that nothing here uses; each takes up to a second.
UNUSED = ("jax", "sklearn")
# Bytes of compiled steps that JAX keeps on the disk; the longest unused go first.
COMPILED_BYTES = 2**30


def installed() -> list[str]:
    """The backends that this Python could import."""
    return [name for name in BACKENDS if find_spec(name) is not None]


def start(backend: str, device: str, threads: int) -> ModuleType:
    """Imports Keras on ``backend``, once in a process.

    TensorFlow and JAX take device and threads when they start and keep them; a later session of the process runs as
    the first one does.

    Args:
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        threads: processor threads to use.

    Returns:
        The module of `drivers.keras.backends` for it.

    Raises:
        DriverError: no such backend, it is not installed, or this process has started another one.
    """
    if backend not in BACKENDS:
        raise DriverError(
            "unknown_backend", f"Keras has no backend '{backend}'; it has {', '.join(BACKENDS)}.", "/backend"
        )
    if backend not in installed():
        raise DriverError("backend_missing", missing(backend), "/backend")
    keras = sys.modules.get("keras") or _import(backend, device, threads)
    if keras.config.backend() != backend:
        raise DriverError(
            "other_backend",
            f"Keras runs on {keras.config.backend()} in this process, and a process has one backend; "
            f"open a session on {backend} in another.",
            "/backend",
        )
    module = started()
    module.use_threads(threads)
    return module


def started() -> ModuleType:
    """The module of `drivers.keras.backends` for the backend that Keras runs on in this process."""
    return importlib.import_module(f"drivers.keras.backends.{sys.modules['keras'].config.backend()}")


def missing(backend: str) -> str:
    """What to do about a backend that is not installed."""
    return f"Keras's backend '{backend}' is not installed here; `make run DRIVERS=all` installs it."


def environment(backend: str, device: str, threads: int) -> dict[str, str]:
    """The environment variables that Keras and its backend read when they are imported.

    A variable that says where JAX keeps what it compiled, and how much of it, stays as it is.
    """
    return {
        "KERAS_BACKEND": backend,
        "KERAS_HOME": NO_HOME,
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "GRPC_VERBOSITY": "ERROR",
        # How many processors XLA's thread pools believe there are.
        "NPROC": str(threads),
        "PJRT_NPROC": str(threads),
        **_visible(device),
        **{name: os.environ.get(name, value) for name, value in _compiled(threads).items()},
    }


def _compiled(threads: int) -> dict[str, str]:
    """Has JAX keep what it compiles. What that is depends on the processors in use, of which its key says nothing."""
    return {
        "JAX_COMPILATION_CACHE_DIR": str(DataSettings.from_env().cache / "jax" / f"{threads}-threads"),
        "JAX_COMPILATION_CACHE_MAX_SIZE": str(COMPILED_BYTES),
        # A step is hundreds of small functions and a large one; each is found sooner than it is compiled.
        "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
        "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
    }


def _visible(device: str) -> dict[str, Any]:
    if device == "cpu":
        return {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu", "KERAS_TORCH_DEVICE": "cpu"}
    kind, _, index = device.partition(":")
    if device == "auto" or (kind == "cuda" and (not index or index.isdecimal())):
        return {"CUDA_VISIBLE_DEVICES": index} if index else {}
    raise DriverError("unknown_device", f"'{device}' is not a device; use auto, cpu, cuda or cuda:1.", "/device")


def _import(backend: str, device: str, threads: int) -> ModuleType:
    os.environ.update(environment(backend, device, threads))
    unwanted = [name for name in UNUSED if name != backend and name not in sys.modules]
    sys.modules.update(dict.fromkeys(unwanted))  # type: ignore[arg-type]
    try:
        return importlib.import_module("keras")
    finally:
        for name in unwanted:
            del sys.modules[name]
