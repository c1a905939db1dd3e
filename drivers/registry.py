"""Finds drivers by name.

A driver is a folder here with a ``capabilities.json``, which says what it can do without importing its library, and a
module ``session`` with ``open_session``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drivers.errors import DriverError
from drivers.interface import Session

if TYPE_CHECKING:
    from drivers.data import Dataset

_ROOM = Path(__file__).parent


@cache
def capabilities() -> dict[str, dict[str, list[str]]]:
    """What each driver can do, by the catalogue's kinds and names: ``{"pytorch": {"layers": ["Conv2D", …], …}}``.

    Of the ``backends`` of a driver there are those that are installed; a backend is named as its module is.
    """
    found = manifests()
    for known in found.values():
        if "backends" in known:
            known["backends"] = [backend for backend in known["backends"] if find_spec(backend) is not None]
    return found


def manifests() -> dict[str, dict[str, list[str]]]:
    """The same, with the backends that are not installed."""
    return {
        manifest.parent.name: json.loads(manifest.read_text()) for manifest in sorted(_ROOM.glob("*/capabilities.json"))
    }


def open_session(
    spec: Mapping[str, Any],
    data: Dataset | None,
    *,
    device: str | None = None,
    threads: int | None = None,
) -> Session:
    """Builds the networks of a resolved spec with the driver it names.

    Args:
        spec: a resolved spec.
        data: what to train on; None for a session that only samples and judges.
        device: ``"auto"``, ``"cpu"``, ``"cuda"`` or ``"cuda:1"`` instead of the spec's.
        threads: processor threads to use; by default as many as the work of a batch occupies, at most all but one.

    Raises:
        DriverError: no such driver or device, or the data do not fit the spec.
    """
    name = spec["driver"]
    if name not in capabilities():
        known = ", ".join(capabilities())
        raise DriverError("unknown_driver", f"There is no driver '{name}'; there is {known}.", "/driver")
    module = importlib.import_module(f"drivers.{name}.session")
    return module.open_session(spec, data, device=device, threads=threads)
