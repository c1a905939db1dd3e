"""Checks of settings that a person changes while a training runs, by the catalogue's own limits."""

from __future__ import annotations

from typing import Any

from drivers.errors import DriverError
from spec import catalogue


def check(kind: str, entry: str, name: str, value: Any) -> Any:
    """The value, if the catalogue's parameter ``name`` of ``kind``/``entry`` can have it.

    Raises:
        DriverError: it is no number, no whole number, or out of range.
    """
    schema = catalogue.load()[kind][entry]["parameters"]["properties"][name]
    low, high = schema["minimum"], schema["maximum"]
    kinds: tuple[type, ...] = (int,) if schema["type"] == "integer" else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        number = "a whole number" if schema["type"] == "integer" else "a number"
        raise DriverError("bad_change", f"{name} must be {number} from {low} to {high}; got {value!r}.", f"/{name}")
    return value
