"""The catalogue: one JSON file an entry, `<kind>/<name>.json`. ARCHITECTURE.md section 2 says what an entry holds."""

import json
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

KINDS = (
    "layers",
    "generators",
    "discriminators",
    "losses",
    "regularizers",
    "optimizers",
    "processes",
    "schedules",
    "initializers",
    "metrics",
    "datasets",
)


class Frozen(dict):
    """A dict that cannot be changed, and that `json.dumps` still writes."""

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError("the catalogue cannot be changed")

    __setitem__ = __delitem__ = clear = pop = popitem = setdefault = update = __ior__ = _refuse


def freeze(value: Any) -> Any:
    """The same JSON value with every object a `Frozen` and every array a tuple."""
    if isinstance(value, dict):
        return Frozen((key, freeze(item)) for key, item in value.items())
    if isinstance(value, list):
        return tuple(freeze(item) for item in value)
    return value


@cache
def load() -> dict[str, dict[str, dict[str, Any]]]:
    """The whole catalogue, `{kind: {name: entry}}`, read once and frozen. Names are in alphabetical order."""
    folder = Path(__file__).parent
    return Frozen(
        (kind, Frozen((path.stem, _read(path)) for path in sorted((folder / kind).glob("*.json")))) for kind in KINDS
    )


def _read(path: Path) -> dict[str, Any]:
    entry = json.loads(path.read_text(encoding="utf-8"))
    if entry.get("name") != path.stem:
        raise ValueError(f"{path}: the entry's name is {entry.get('name')!r}; it must be the file's name")
    return freeze(entry)
