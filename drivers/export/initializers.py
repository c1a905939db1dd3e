"""Initial numbers in a program: the parts that draw them are NumPy's, and the same in every library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.export.code import INDENT, Call, call
from drivers.modules import parameters


def initializer(module: Mapping[str, Any]) -> str | Call:
    """The part that draws initial numbers of a shape."""
    given = {name: float(value) for name, value in parameters(module).items()}
    usual = USUAL.get(module["choice"], {})
    given = {name: value for name, value in given.items() if value != usual[name]}
    return call("partial", module["choice"], **given) if given else module["choice"]


def write_initial(usual: Call | None) -> list[str]:
    """The function `INITIAL`, which draws what most kernels start from; nothing where none does for several."""
    if usual is None:
        return []
    part, *settings = map(str, usual.arguments)
    head = f"def {INITIAL}(shape, dtype=np.float32):"
    given = dict(setting.split("=") for setting in settings)
    if part == "random_normal" and set(given) == {"stddev"}:
        stddev = given["stddev"]
        return [
            head,
            f'{INDENT}"""Kernels start as normal numbers of standard deviation {stddev}."""',
            f"{INDENT}return {stddev} * weights_rng.standard_normal(shape, dtype)",
        ]
    drawn = f"{part}(shape, dtype, {', '.join(settings)})"
    return [head, f'{INDENT}"""What kernels start from."""', f"{INDENT}return {drawn}"]


INITIAL = "initial"
"""What a program calls its own initializer."""
USUAL = {
    "random_normal": {"mean": 0.0, "stddev": 0.05},
    "random_uniform": {"minval": -0.05, "maxval": 0.05},
    "orthogonal": {"gain": 1.0},
}
"""Parameters that the parts take by default."""
