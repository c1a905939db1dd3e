"""Fills in and checks parameters against their JSON Schema in the catalogue.

The catalogue uses a small part of JSON Schema: the types, `enum`, bounds, item counts, `uniqueItems`. Two things are
added by `format`, each a function in `FORMATS`: values that may be written in a short form (`size_2d`, `edges_2d`) and
values that are themselves entries of the catalogue (`module:initializers`, and `layer` for the layer inside a wrapper).
Every value comes back in one canonical form, so that equal specs have equal hashes and a driver never has to ask how
something was written.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from itertools import islice
from math import isfinite
from typing import Any

from spec import catalogue
from spec.problems import Report, join, show

Schema = Mapping[str, Any]

# What `check` returns for a value that was reported and cannot be used.
INVALID: Any = type("Invalid", (), {"__repr__": lambda self: "INVALID"})()

_NUMBER = re.compile(r"\s*[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,3})?\s*")
# Names that a message lists before it breaks off, and names that a misspelled one is compared with.
_MOST_NAMES = 15
_MOST_COMPARED = 300
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True)
class Place:
    """Where a value stands: its pointer, the thing it belongs to ("Conv2D 'c3'"), its name, the report to tell."""

    report: Report
    pointer: str
    subject: str
    name: str

    def bad(self, code: str, message: str) -> Any:
        """Report that the value is wrong; `message` goes on after the value's name. Returns `INVALID`."""
        self.report.problem(self.pointer, code, f"{self.subject}: {self.name} {message}")
        return INVALID

    def read_as(self, code: str, message: str) -> None:
        """Note that the value was read otherwise than it was written."""
        self.report.correct(self.pointer, code, f"{self.subject}: {self.name} {message}")

    def within(self, key: str | int) -> "Place":
        """The place of an item of this value."""
        return Place(self.report, join(self.pointer, key), self.subject, f"{self.name}[{key}]")


def fill(
    schema: Schema,
    given: Mapping[str, Any],
    *,
    report: Report,
    pointer: str,
    subject: str,
    defaults: Mapping[str, Any] | None = None,
    other_keys: Collection[str] = (),
    listed: Collection[str] | None = None,
) -> dict[str, Any]:
    """Check the parameters `given` at `pointer` and fill in the rest.

    Args:
        schema: The catalogue's `parameters` of an entry.
        given: What the author wrote; keys in `other_keys` are not parameters and are passed over.
        subject: The thing the parameters belong to, for messages.
        defaults: Values that replace the schema's defaults.
        listed: Keys to name where an unknown one resembles none; the parameters by default.

    Returns:
        Every parameter of the schema, in its order. Where the author's value is wrong, a problem was reported and the
        default stands in, so that the rest of the spec can still be looked at.
    """
    properties, required = schema["properties"], schema["required"]
    for key in given:
        if key not in properties and key not in other_keys and not report.full:
            hint = nearest(key, [*properties, *other_keys])
            names = list(properties if listed is None else listed)
            known = hint or (f"it takes {_list(names)}" if names else "it takes no parameters")
            report.problem(join(pointer, key), "unknown_key", f"{subject} has no parameter {show(key)}; {known}")
    filled = {}
    for name, schema_of in properties.items():
        place = Place(report, f"{pointer}/{name}", subject, name)
        value = given.get(name, INVALID)
        if name in given:
            value = check(value, schema_of, place)
        elif name in required:
            message = f"{subject} needs {name}: {describe(schema_of)}. {schema_of['description']}"
            report.problem(pointer, "missing", message)
        if value is INVALID:
            default = schema_of.get("default")
            if defaults is not None:
                default = defaults.get(name, default)
            value = check(default, schema_of, place) if default is not None else None
        filled[name] = value
    return filled


def check(value: Any, schema: Schema, place: Place) -> Any:
    """The value in canonical form, or `INVALID` after reporting what is wrong with it."""
    if "format" in schema:
        if value is None and schema.get("default", ...) is None:
            return None
        name, _, argument = schema["format"].partition(":")
        return FORMATS[name](value, schema, place, argument)
    types = (schema["type"],) if isinstance(schema["type"], str) else schema["type"]
    if value is None and "null" in types:
        return None
    return _TYPES[types[0]](value, schema, place)


def nearest(name: str, names: Collection[str], hint: str = "did you mean {}?") -> str:
    """`"did you mean 'filters'?"`, or an empty string when nothing is near."""
    folded = {_fold(known): known for known in islice(names, _MOST_COMPARED)}
    close = get_close_matches(_fold(name[:100]), folded, n=1, cutoff=0.6)
    return hint.format(show(folded[close[0]])) if close else ""


def respelled(value: str, names: Collection[str]) -> str | None:
    """The name that is written like `value` but for capitals, hyphens, underscores and spaces."""
    return next((name for name in names if _fold(name) == _fold(value[:100])), None)


def pick(value: Any, names: Collection[str], place: Place, code: str = "unknown_choice") -> Any:
    """One of `names`. Another spelling of a name (`WGAN-GP` for `wgan_gp`) is accepted with a note."""
    if not names:
        return place.bad(code, f"cannot be {show(value)}: there is none to choose from yet")
    if not isinstance(value, str):
        return place.bad("wrong_type", f"must be {_one_of(names)}, not {show(value)}")
    if value in names:
        return value
    name = respelled(value, names)
    if name is not None:
        place.read_as("name_respelled", f"was written {show(value)}; read as {show(name)}")
        return name
    hint = nearest(value, names)
    return place.bad(code, f"cannot be {show(value)}; {hint or f'it must be {_one_of(names)}'}")


def describe(schema: Schema) -> str:
    """What a schema asks for, in words: "a whole number from 1 to 4096"."""
    if "format" in schema:
        return _FORMAT_WORDS[schema["format"].partition(":")[0]].format(bounds=_bounds(schema))
    if "enum" in schema:
        return _one_of(schema["enum"])
    types = (schema["type"],) if isinstance(schema["type"], str) else schema["type"]
    words = _TYPE_WORDS[types[0]] + _bounds(schema)
    if "items" in schema:
        low, high = schema.get("minItems", 0), schema.get("maxItems")
        count = f"{low} to {high} items" if high else "items"
        words = f"a list of {count}, each {describe(schema['items'])}"
    return f"{words} or null" if "null" in types else words


def _bounds(schema: Schema) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    lower = f"from {low:g}" if low is not None else f"above {above:g}" if above is not None else ""
    upper = f"to {_plain(high)}" if high is not None else f"to below {below:g}" if below is not None else ""
    return "".join(f" {part}" for part in (lower, upper) if part)


def _plain(number: float) -> str:
    return str(number) if isinstance(number, int) else f"{number:g}"


def _one_of(names: Collection[Any]) -> str:
    shown = [show(name) for name in names] or ["one of none yet"]
    if len(shown) > _MOST_NAMES:
        return f"one of {', '.join(shown[:_MOST_NAMES])}, … ({len(shown)} in all)"
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} or {shown[-1]}"


def _list(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _fold(name: str) -> str:
    return re.sub(r"[-_ ]", "", name).casefold()


def _in_bounds(number: float, schema: Schema) -> bool:
    return (
        ("minimum" not in schema or number >= schema["minimum"])
        and ("maximum" not in schema or number <= schema["maximum"])
        and ("exclusiveMinimum" not in schema or number > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or number < schema["exclusiveMaximum"])
    )


def _number_from(value: Any, place: Place) -> int | float | None:
    """The number that `value` is or spells; None when it is neither."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        number = float(value)
        number = int(value) if re.fullmatch(r"\s*[+-]?\d+\s*", value) else number
        if isfinite(number):
            place.read_as("number_from_text", f"was written as text, {show(value)}; read as the number {show(number)}")
            return number
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return None


def _integer(value: Any, schema: Schema, place: Place) -> Any:
    number = _number_from(value, place)
    if number is None or (isinstance(number, float) and not number.is_integer()):
        return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
    number = int(number)
    if "enum" in schema and number not in schema["enum"]:
        return place.bad("not_allowed", f"must be {describe(schema)}, not {show(value)}")
    if not _in_bounds(number, schema):
        return place.bad("out_of_range", f"must be {describe(schema)}; {show(number)} is outside")
    return number


def _real(value: Any, schema: Schema, place: Place) -> Any:
    number = _number_from(value, place)
    if number is None:
        return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
    if not _in_bounds(number, schema):
        return place.bad("out_of_range", f"must be {describe(schema)}; {show(number)} is outside")
    return float(number)


def _boolean(value: Any, schema: Schema, place: Place) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().casefold() in _BOOLEANS:
        answer = _BOOLEANS[value.strip().casefold()]
        place.read_as("boolean_from_text", f"was written as text, {show(value)}; read as {show(answer)}")
        return answer
    return place.bad("wrong_type", f"must be true or false, not {show(value)}")


def _string(value: Any, schema: Schema, place: Place) -> Any:
    if "enum" in schema:
        return pick(value, [name for name in schema["enum"] if name is not None], place, "not_allowed")
    if not isinstance(value, str):
        return place.bad("wrong_type", f"must be a text, not {show(value)}")
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", place.report.limits.max_text_length):
        return place.bad(
            "out_of_range",
            f"must have {schema.get('minLength', 0)} to {schema['maxLength']} characters, not {len(value)}",
        )
    return value


def _array(value: Any, schema: Schema, place: Place) -> Any:
    if not isinstance(value, list | tuple):
        return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return place.bad("out_of_range", f"must be {describe(schema)}; it has {len(value)}")
    items = [check(item, schema["items"], place.within(index)) for index, item in enumerate(value)]
    if any(item is INVALID for item in items):
        return INVALID
    if schema.get("uniqueItems") and len(set(items)) < len(items):
        return place.bad("out_of_range", f"must not hold the same item twice: {show(value)}")
    return items


def _sizes(value: Any, schema: Schema, place: Place, _: str, *, rank: int) -> Any:
    """`3` or one size an axis (`[3, 3]`: height, width) -> the list."""
    bounds = {"type": "integer", **{key: schema[key] for key in ("minimum", "maximum")}}
    if isinstance(value, list | tuple):
        if len(value) != rank:
            return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
        sizes = [check(item, bounds, place.within(axis)) for axis, item in enumerate(value)]
        return INVALID if INVALID in sizes else sizes
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        size = check(value, bounds, place)
        return INVALID if size is INVALID else [size] * rank
    return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")


def _edges_2d(value: Any, schema: Schema, place: Place, _: str) -> Any:
    """`1`, `[1, 2]` (rows, columns) or `[[1, 1], [2, 2]]` (top, bottom; left, right) -> `[[1, 1], [2, 2]]`."""
    if not isinstance(value, list | tuple):
        size = _sizes(value, schema, place, "", rank=2)
        return INVALID if size is INVALID else [size, list(size)]
    if len(value) != 2:
        return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
    edges = [_sizes(item, schema, place.within(axis), "", rank=2) for axis, item in enumerate(value)]
    return INVALID if INVALID in edges else edges


def _axes(value: Any, schema: Schema, place: Place, _: str) -> Any:
    """`-1` or `[1, 2]` -> a list of different axes, never 0, which is the batch."""
    given = value if isinstance(value, list | tuple) else [value]
    if not 1 <= len(given) <= 4:
        return place.bad("wrong_type", f"must be {describe(schema)}, not {show(value)}")
    bounds = {"type": "integer", "minimum": schema["minimum"], "maximum": schema["maximum"]}
    axes = [check(item, bounds, place.within(index) if given is value else place) for index, item in enumerate(given)]
    if INVALID in axes:
        return INVALID
    if 0 in axes:
        return place.bad("out_of_range", "must not hold 0, the batch; 1 is the first axis of an example")
    return axes


def _module(value: Any, schema: Schema, place: Place, kind: str) -> Any:
    """`"zeros"` or `{"choice": "random_normal", "stddev": 0.02}` -> the object with every parameter."""
    entries = catalogue.load()[kind]
    given = value if isinstance(value, Mapping) else {"choice": value}
    if "choice" not in given:
        return place.bad("missing", f"needs a choice: {_one_of(entries)}")
    inside = place.within("choice") if isinstance(value, Mapping) else place
    choice = pick(given["choice"], entries, inside)
    if choice is INVALID:
        return INVALID
    before = len(place.report.problems)
    filled = fill(
        entries[choice]["parameters"],
        given,
        report=place.report,
        pointer=place.pointer,
        subject=f"{place.subject}, {place.name} '{choice}'",
        other_keys=("choice",),
    )
    return INVALID if len(place.report.problems) > before else {"choice": choice, **filled}


def _layer(value: Any, schema: Schema, place: Place, _: str) -> Any:
    """`"Flatten"` or `{"type": "Dense", "units": 8}` -> the layer with every parameter."""
    entries, types = catalogue.load()["layers"], _inner_types(schema)
    given = value if isinstance(value, Mapping) else {"type": value}
    if "type" not in given:
        return place.bad("missing", f"needs a type: {_one_of(types)}")
    inside = place.within("type") if isinstance(value, Mapping) else place
    kind = pick(given["type"], types, inside, "not_allowed")
    if kind is INVALID:
        return INVALID
    before = len(place.report.problems)
    filled = fill(
        entries[kind]["parameters"],
        given,
        report=place.report,
        pointer=place.pointer,
        subject=f"{place.subject}, its {kind}",
        other_keys=("type",),
    )
    return INVALID if len(place.report.problems) > before else {"type": kind, **filled}


def _inner_types(schema: Schema) -> Collection[str]:
    """Types that the inner layer of a wrapper may have: those that the schema lists, or all that take one input."""
    if "types" in schema:
        return schema["types"]
    entries = catalogue.load()["layers"].items()
    return [name for name, entry in entries if entry["inputs"]["min"] == 1]


_TYPES: dict[str, Callable[[Any, Schema, Place], Any]] = {
    "integer": _integer,
    "number": _real,
    "boolean": _boolean,
    "string": _string,
    "array": _array,
}
_TYPE_WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "string": "a text",
    "array": "a list",
}
FORMATS: dict[str, Callable[[Any, Schema, Place, str], Any]] = {
    "size_1d": partial(_sizes, rank=1),
    "size_2d": partial(_sizes, rank=2),
    "size_3d": partial(_sizes, rank=3),
    "edges_1d": partial(_sizes, rank=2),
    "edges_2d": _edges_2d,
    "axes": _axes,
    "layer": _layer,
    "module": _module,
}
_FORMAT_WORDS = {
    "size_1d": "a whole number{bounds}",
    "size_2d": "a whole number{bounds} or [height, width]",
    "size_3d": "a whole number{bounds} or [depth, height, width]",
    "edges_1d": "a whole number{bounds} or [before, after]",
    "edges_2d": "a whole number{bounds}, [rows, columns] or [[top, bottom], [left, right]]",
    "axes": "a whole number{bounds}, or a list of them",
    "layer": "an object with a type and that layer's parameters",
    "module": "a name or an object with a choice",
}
