"""The runtimes that a process can be started for: a driver, and its backend where it has several.

A process has one, because a library like Keras is imported on one backend and stays there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers import capabilities

DEFAULT = "pytorch"

WRITERS = {"pytorch": "pytorch", "keras": "keras:torch"}
"""The runtime in which a driver writes files of models that another one trained; every installation has each."""

TITLES = {"pytorch": "PyTorch", "torch": "PyTorch", "jax": "JAX", "tensorflow": "TensorFlow"}


def runtime_of(spec: Mapping[str, Any]) -> str:
    """The runtime of a resolved spec, in one word: `pytorch`, `keras:jax`."""
    return ":".join([spec["driver"], *([spec["backend"]] if "backend" in spec else [])])


def spec_keys(runtime: str) -> dict[str, str]:
    """The keys of a spec that ask for a runtime."""
    driver, _, backend = runtime.partition(":")
    return {"driver": driver, **({"backend": backend} if backend else {})}


def title_of(runtime: str) -> str:
    """The library of a runtime, as people call it: `PyTorch`, `JAX`."""
    keys = spec_keys(runtime)
    return TITLES[keys.get("backend", keys["driver"])]


def is_runtime(runtime: str) -> bool:
    """Whether there is such a driver, and its backend is installed."""
    keys = spec_keys(runtime)
    known = capabilities().get(keys["driver"])
    return (
        known is not None
        and ("backend" in keys) == ("backends" in known)
        and ("backend" not in keys or keys["backend"] in known["backends"])
    )
