"""A grid of values and one spec become many specs."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from spec.problems import join

PAIRED = ("generator", "discriminator")
"""The modules that `pairs` replaces as a whole."""

MAX_LABEL = 60


class GridError(Exception):
    """The grid cannot be; ``problems`` says all that is wrong, ``{pointer, code, message}``, into the sweep's body."""

    def __init__(self, problems: list[dict[str, Any]]):
        self.problems = problems
        super().__init__(problems[0]["message"])


class PlaceError(Exception):
    """A pointer leads to no place in this spec."""


@dataclass(frozen=True)
class Axis:
    """One thing that varies.

    Attributes:
        pointer: JSON pointer (RFC 6901) to where its values go in the spec.
        values: as they were given: they name the columns of a heatmap.
        source: pointer into the sweep's body where the values are.
    """

    pointer: str
    values: Sequence[Any]
    source: str

    @property
    def tokens(self) -> list[str]:
        return [token.replace("~1", "/").replace("~0", "~") for token in self.pointer.split("/")[1:]]

    @property
    def replaces_module(self) -> bool:
        """Whether the values may be mere names of a generator or discriminator."""
        return self.source.startswith("/pairs")

    def placed(self, value: Any) -> Any:
        """What goes into the spec for a value."""
        return {"choice": value} if self.replaces_module and isinstance(value, str) else deepcopy(value)

    def as_json(self) -> dict[str, Any]:
        return {"pointer": self.pointer, "values": list(self.values)}


@dataclass(frozen=True)
class Combination:
    """One point of the grid: a value for each axis, and its index there."""

    axes: Sequence[Axis]
    indices: tuple[int, ...]

    @property
    def values(self) -> dict[str, Any]:
        """The value for the pointer of each axis."""
        return {axis.pointer: axis.values[index] for axis, index in zip(self.axes, self.indices, strict=True)}

    def describe(self) -> str:
        """``generator dcgan, learning_rate 0.001``."""
        return ", ".join(f"{axis.tokens[-1]} {label(self.values[axis.pointer])}" for axis in self.axes)

    def spec(self, base: Mapping[str, Any]) -> dict[str, Any]:
        """The spec of this point. What lies deeper is set later, so that it may reach into a module that varies too.

        Raises:
            GridError: a pointer leads nowhere; the message says where it ends.
        """
        spec = deepcopy(dict(base))
        problems = []
        order = sorted(zip(self.axes, self.indices, strict=True), key=lambda pair: len(pair[0].tokens))
        for axis, index in order:
            try:
                _place(spec, axis.tokens, axis.placed(axis.values[index]))
            except PlaceError as error:
                message = f"'{axis.pointer}': {error}"
                problems.append({"pointer": axis.source, "code": "no_such_place", "message": message})
        if problems:
            raise GridError(problems)
        return spec

    def source_of(self, pointer: str) -> str:
        """Where in the sweep's body what stands at a pointer of this spec came from."""
        came_from = "/spec" + pointer
        longest = -1
        for axis, index in zip(self.axes, self.indices, strict=True):
            if (pointer == axis.pointer or pointer.startswith(axis.pointer + "/")) and len(axis.pointer) > longest:
                longest = len(axis.pointer)
                rest = pointer[longest:] if isinstance(axis.values[index], dict | list) else ""
                came_from = f"{axis.source}/{index}{rest}"
        return came_from


def axes_of(grid: Mapping[str, Sequence[Any]], pairs: Mapping[str, Sequence[Any]], max_combinations: int) -> list[Axis]:
    """The axes of a sweep, the pairs first.

    Raises:
        GridError: there is none, there are more than ``max_combinations``, or an axis is no good.
    """
    axes = [Axis(f"/{module}", pairs[module], f"/pairs/{module}") for module in PAIRED if module in pairs]
    axes += [Axis(pointer, values, join("/grid", pointer)) for pointer, values in grid.items()]
    problems = [problem for axis in axes for problem in _check(axis)]
    seen: dict[str, Axis] = {}
    for axis in axes:
        if axis.pointer in seen:
            message = f"'{axis.pointer}' varies already, in {seen[axis.pointer].source}"
            problems.append({"pointer": axis.source, "code": "varies_twice", "message": message})
        seen[axis.pointer] = axis
    if not axes:
        problems.append(
            {
                "pointer": "/grid",
                "code": "nothing_varies",
                "message": 'nothing varies; give for example {"/training/seed": [0, 1, 2]}, or "pairs"',
            }
        )
    count = math.prod(len(axis.values) for axis in axes)
    if count > max_combinations:
        sizes = " × ".join(str(len(axis.values)) for axis in axes)
        message = f"{sizes} = {count:,} jobs are more than the {max_combinations:,} of one sweep"
        problems.append({"pointer": "", "code": "too_many_jobs", "message": message})
    if problems:
        raise GridError(problems)
    return axes


def combinations(axes: Sequence[Axis]) -> Iterator[Combination]:
    """All points of the grid; the last axis varies fastest."""
    for indices in itertools.product(*(range(len(axis.values)) for axis in axes)):
        yield Combination(axes, indices)


def label(value: Any) -> str:
    """A value in a few characters: a module by its choice and parameters."""
    if isinstance(value, str):
        text = value
    elif isinstance(value, Mapping) and isinstance(value.get("choice"), str):
        parameters = [f"{name} {label(item)}" for name, item in value.items() if name != "choice"]
        text = f"{value['choice']} ({', '.join(parameters)})" if parameters else value["choice"]
    else:
        text = json.dumps(value, separators=(", ", ": "))
    return text if len(text) <= MAX_LABEL else text[: MAX_LABEL - 1] + "…"


def key(value: Any) -> str:
    """Equal for equal values, also of kinds that cannot be hashed."""
    return json.dumps(value, sort_keys=True)


def _check(axis: Axis) -> Iterator[dict[str, Any]]:
    if not axis.pointer.startswith("/") or axis.pointer == "/":
        message = f"'{axis.pointer}' is no JSON pointer into the spec, such as /training/batch_size"
        yield {"pointer": axis.source, "code": "no_pointer", "message": message}
    if not axis.values:
        yield {"pointer": axis.source, "code": "no_values", "message": f"'{axis.pointer}' has no values to take"}
    seen: dict[str, int] = {}
    for index, value in enumerate(axis.values):
        first = seen.setdefault(key(value), index)
        if first != index:
            message = f"{label(value)} is there already, as number {first}"
            yield {"pointer": f"{axis.source}/{index}", "code": "value_twice", "message": message}
        if axis.replaces_module and not isinstance(value, str | dict):
            message = f"a {axis.tokens[0]} is a name or an object with its choice, not {label(value)}"
            yield {"pointer": f"{axis.source}/{index}", "code": "wrong_type", "message": message}


def _place(spec: dict[str, Any], tokens: Sequence[str], value: Any) -> None:
    """Set what stands at a place; objects on the way that are not there are made."""
    parent: Any = spec
    *way, last = tokens
    for depth, token in enumerate(way):
        here = "/" + "/".join(tokens[: depth + 1])
        parent = parent.setdefault(token, {}) if isinstance(parent, dict) else parent[_index(parent, token, here)]
        if not isinstance(parent, dict | list):
            raise PlaceError(f"{here} is {label(parent)}, which nothing is inside of")
    if isinstance(parent, dict):
        parent[last] = value
    else:
        parent[_index(parent, last, "/" + "/".join(tokens))] = value


def _index(items: list[Any], token: str, here: str) -> int:
    if not token.isdecimal() or int(token) >= len(items):
        raise PlaceError(f"{here} is not there: the list has {len(items)} entries, counted from 0")
    return int(token)
