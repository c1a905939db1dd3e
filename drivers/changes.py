"""Checks of settings that a person changes while a training runs."""

from __future__ import annotations

import math
from typing import Any

from drivers.errors import DriverError


def whole_number(name: str, value: Any) -> int:
    """A whole number of 1 or more.

    Raises:
        DriverError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise DriverError("bad_change", f"{name} must be a whole number of 1 or more; got {value!r}.", f"/{name}")
    return value


def rate(name: str, value: Any) -> float:
    """A finite number of 0 or more.

    Raises:
        DriverError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not (math.isfinite(value) and value >= 0):
        raise DriverError("bad_change", f"{name} must be a number of 0 or more; got {value!r}.", f"/{name}")
    return float(value)
