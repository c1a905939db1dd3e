"""Several jobs side by side: what differs between their specs, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PIL import Image

from service.drawing import Bitmap, Picture, Rect, Shape, Text, Theme, fit
from spec.problems import join

UNINTERESTING = frozenset({"name", "description", "notes", "authorgan"})
"""Keys of a spec that change nothing of a training."""
DERIVED = frozenset({"outputs", "output_shape"})
"""Keys of a module that follow from others; its count of parameters does too, but people want to see it."""


def flatten(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec as ``{JSON pointer: value}``.

    A list of plain values is one value. A family's layers are left out, because they follow from its parameters.
    """
    found: dict[str, Any] = {}
    for name, module in spec.items():
        if name not in UNINTERESTING:
            found |= dict(_leaves(module, join("", name)))
    return found


def _leaves(value: Any, pointer: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        is_family = value.get("choice", "custom") != "custom" and "layers" in value
        for name, inner in value.items():
            if name not in DERIVED and name != "node_id" and not (is_family and name == "layers"):
                yield from _leaves(inner, join(pointer, name))
    elif isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        for index, inner in enumerate(value):
            yield from _leaves(inner, join(pointer, index))
    else:
        yield pointer, value


def differences(specs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """``{"pointer", "values"}`` for each parameter that is not the same everywhere, a value for each spec; None where a
    spec has no such parameter. In the order of the first spec that has it."""
    flat = [flatten(spec) for spec in specs]
    pointers = dict.fromkeys(pointer for parameters in flat for pointer in parameters)
    rows = [{"pointer": pointer, "values": [one.get(pointer) for one in flat]} for pointer in pointers]
    return [row for row in rows if any(value != row["values"][0] for value in row["values"])]


TILE = 220.0
MAX_COLUMNS = 5
MARGIN = 16.0
GAP = 16.0
CAPTION = 40.0


NAME_ENDS = ": "
"""Between the name of a sweep and what a job of it has of its own."""


def own_names(names: Sequence[str]) -> list[str]:
    """What tells the names of several jobs apart: without the name of a sweep that all of them begin with."""
    shared = names[0][: names[0].rfind(NAME_ENDS) + len(NAME_ENDS)] if NAME_ENDS in names[0] else ""
    if len(names) == 1 or not all(name.startswith(shared) and name != shared for name in names):
        return list(names)
    return [name.removeprefix(shared) for name in names]


@dataclass(frozen=True)
class Sheet:
    """The samples of one job at one step; ``image`` is None where it has none."""

    name: str
    step: int | None
    image: Image.Image | None


def picture(sheets: Sequence[Sheet], theme: Theme) -> Picture:
    """The sheets in a grid, each with the name of its job and its step."""
    columns = min(len(sheets), MAX_COLUMNS)
    rows = -(-len(sheets) // columns)
    shapes: list[Shape] = []
    for index, sheet in enumerate(sheets):
        x = MARGIN + index % columns * (TILE + GAP)
        y = MARGIN + index // columns * (TILE + CAPTION + GAP)
        shapes.append(Text(x, y + 9, fit(sheet.name, TILE, 13), theme.text, 13, bold=True))
        told = "no samples" if sheet.step is None else f"step {sheet.step:,}"
        shapes.append(Text(x, y + 27, told, theme.faint, 11))
        if sheet.image is None:
            shapes.append(Rect(x, y + CAPTION, TILE, TILE, theme.empty, 4))
        else:
            scale = TILE / max(sheet.image.size)
            scale = float(int(scale)) if scale >= 1 else scale  # whole, so that pixels stay square
            width, height = sheet.image.width * scale, sheet.image.height * scale
            shapes.append(Bitmap(x, y + CAPTION, width, height, sheet.image))
    width = 2 * MARGIN + columns * (TILE + GAP) - GAP
    height = 2 * MARGIN + rows * (TILE + CAPTION + GAP) - GAP
    return Picture(width, height, theme.background, f"Samples of {len(sheets)} jobs", shapes)
