"""Initial numbers in a program: the parts that draw them are NumPy's, and the same in every library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.export.code import Call, call
from drivers.modules import parameters


def initializer(module: Mapping[str, Any]) -> str | Call:
    """The part that draws initial numbers of a shape."""
    given = {name: float(value) for name, value in parameters(module).items()}
    usual = USUAL.get(module["choice"], {})
    given = {name: value for name, value in given.items() if value != usual[name]}
    return call("partial", module["choice"], **given) if given else module["choice"]


USUAL = {
    "random_normal": {"mean": 0.0, "stddev": 0.05},
    "random_uniform": {"minval": -0.05, "maxval": 0.05},
    "orthogonal": {"gain": 1.0},
}
"""Parameters that the parts take by default."""
