"""One number of a sweep's jobs over two of its axes: as a table, as CSV, as a picture."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import mean, quantiles
from typing import Any

from service.drawing import Line, Picture, Rect, Shape, Text, Theme, fit, text_width
from service.sweeps.grid import key, label
from service.values import Value

VIRIDIS = (
    "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58", "#b5de2b", "#fde725",
)  # fmt: skip
"""Matplotlib's colour scale, at even distances: as bright as the number is large, also for the colour-blind."""

FENCE = 3.0
"""Values further outside of the middle half than so many times its width do not stretch the colour scale."""

CELL_HEIGHT = 44.0
MIN_CELL_WIDTH = 76.0
MAX_LABEL_WIDTH = 240.0
GAP = 2.0
MARGIN = 20.0
BAR_WIDTH = 14.0
BAR_STEPS = 64
HATCH = 7.0


@dataclass
class Cell:
    """The jobs that have the same value on both axes.

    Attributes:
        numbers: of those that have the value.
        states: of those that have it not.
    """

    numbers: list[float] = field(default_factory=list)
    states: list[str] = field(default_factory=list)

    @property
    def mean(self) -> float | None:
        return mean(self.numbers) if self.numbers else None

    @property
    def why_empty(self) -> str:
        """In a word, for a cell without a number."""
        if not self.states:
            return "none"
        state, _ = Counter(self.states).most_common(1)[0]
        return {"succeeded": "no value", "running": "running …", "queued": "waiting"}.get(state, state)


@dataclass(frozen=True)
class Axis:
    """What the columns or rows are: the pointer, its last part as a title, and a label for each value."""

    pointer: str
    title: str
    labels: Sequence[str]


@dataclass(frozen=True)
class Heatmap:
    """A table of cells, ``cells[row][column]``; a sweep with one axis has one row.

    Attributes:
        averaged: pointers of the other axes: a cell is the mean over them.
    """

    sweep: str
    value: Value
    columns: Axis
    rows: Axis | None
    cells: Sequence[Sequence[Cell]]
    averaged: Sequence[str]

    @property
    def numbers(self) -> list[float]:
        """The means of all cells that have one."""
        return [cell.mean for row in self.cells for cell in row if cell.mean is not None]

    def csv(self) -> str:
        """One line a cell: both values, mean, least and greatest number, how many jobs have it and how many not."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        axes = [self.columns.pointer] if self.rows is None else [self.rows.pointer, self.columns.pointer]
        writer.writerow([*axes, self.value.name, "least", "greatest", "jobs", "jobs_without"])
        for row, cells in enumerate(self.cells):
            for column, cell in enumerate(cells):
                places = [self.columns.labels[column]]
                if self.rows is not None:
                    places.insert(0, self.rows.labels[row])
                shown = [cell.mean, min(cell.numbers), max(cell.numbers)] if cell.numbers else ["", "", ""]
                writer.writerow([*places, *shown, len(cell.numbers), len(cell.states)])
        return buffer.getvalue()

    def picture(self, theme: Theme) -> Picture:
        """The table in colours, the number in each cell; a cell without a number is hatched and says why."""
        return _Drawing(self, theme).picture()


def heatmap(
    sweep: str,
    axes: Sequence[Mapping[str, Any]],
    jobs: Iterable[tuple[Mapping[str, Any], float | None, str]],
    value: Value,
    *,
    x: str,
    y: str | None,
) -> Heatmap:
    """Put the jobs of a sweep into cells.

    Args:
        axes: ``{"pointer", "values"}`` each.
        jobs: combination, number and state of each.
        x, y: pointers of the axes of the columns and rows.
    """
    by_pointer = {axis["pointer"]: axis["values"] for axis in axes}
    columns = {key(item): index for index, item in enumerate(by_pointer[x])}
    rows = {key(item): index for index, item in enumerate(by_pointer[y])} if y is not None else {}
    cells = [[Cell() for _ in columns] for _ in rows or [None]]
    for combination, number, state in jobs:
        row = rows[key(combination[y])] if y is not None else 0
        cell = cells[row][columns[key(combination[x])]]
        if number is None:
            cell.states.append(state)
        else:
            cell.numbers.append(number)
    return Heatmap(
        sweep,
        value,
        _axis(x, by_pointer[x]),
        None if y is None else _axis(y, by_pointer[y]),
        cells,
        [pointer for pointer in by_pointer if pointer not in (x, y)],
    )


def _axis(pointer: str, values: Sequence[Any]) -> Axis:
    return Axis(pointer, title(pointer), [label(value) for value in values])


def title(pointer: str) -> str:
    """``/optimizer/generator/learning_rate`` -> ``learning rate of generator``: what the last keys say."""
    *way, last = pointer.split("/")[1:]
    owner = f" of {way[-1]}" if way and way[-1] in ("generator", "discriminator") else ""
    return last.replace("_", " ") + owner


def show(number: float) -> str:
    """Three digits that count."""
    return f"{number:.3g}"


class _Scale:
    """From numbers to colours; the few that lie far outside of the rest do not stretch it."""

    def __init__(self, numbers: Sequence[float]):
        self.low, self.high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
        self.clipped_low = self.clipped_high = False
        if len(numbers) >= 4:
            lower, _, upper = quantiles(numbers, n=4, method="inclusive")
            reach = FENCE * (upper - lower)
            if reach > 0 and self.low < lower - reach:
                self.low, self.clipped_low = lower - reach, True
            if reach > 0 and self.high > upper + reach:
                self.high, self.clipped_high = upper + reach, True

    def colour(self, number: float) -> str:
        width = self.high - self.low
        return viridis((number - self.low) / width if width else 0.5)


def viridis(position: float) -> str:
    """The colour at 0 to 1; beyond, that of the end."""
    place = min(max(position, 0.0), 1.0) * (len(VIRIDIS) - 1)
    index = min(int(place), len(VIRIDIS) - 2)
    low, high = (_channels(VIRIDIS[index + end]) for end in (0, 1))
    mixed = [round(a + (b - a) * (place - index)) for a, b in zip(low, high, strict=True)]
    return "#{:02x}{:02x}{:02x}".format(*mixed)


def ink(colour: str) -> str:
    """Black or white, whichever reads better on a colour (WCAG 2.2, relative luminance)."""
    linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


class _Drawing:
    """Where everything goes."""

    def __init__(self, table: Heatmap, theme: Theme):
        self.table, self.theme = table, theme
        self.scale = _Scale(table.numbers)
        rows = table.rows.labels if table.rows else [""]
        self.row_labels = [fit(text, MAX_LABEL_WIDTH) for text in rows]
        self.column_labels = [fit(text, MAX_LABEL_WIDTH) for text in table.columns.labels]
        self.cell_width = max(MIN_CELL_WIDTH, *(text_width(text) + 16 for text in self.column_labels))
        row_title = table.rows.title if table.rows else ""
        widest = max(text_width(row_title, 12), *(text_width(text) for text in self.row_labels))
        self.left = MARGIN + widest + (12 if widest else 0)
        self.top = MARGIN + (118 if table.averaged else 96)
        self.table_width = self.cell_width * len(self.column_labels)
        self.table_height = CELL_HEIGHT * len(self.row_labels)

    def picture(self) -> Picture:
        shapes = [*self._words(), *self._cells(), *self._bar()]
        right = max(
            self.left + self.table_width + 24 + BAR_WIDTH + 8 + max(text_width(text) for text in self._bar_labels()),
            *(MARGIN + text_width(text, size) for text, size in self._heading()),
        )
        height = self.top + max(self.table_height, 120) + MARGIN
        return Picture(
            right + MARGIN, height, self.theme.background, f"{self._heading()[0][0]}: {self.table.sweep}", shapes
        )

    def _heading(self) -> list[tuple[str, float]]:
        value, table = self.table.value, self.table
        better = f", {value.better} is better" if value.better else ""
        lines = [(f"{value.title}{better}", 17.0), (fit(table.sweep, 600), 12.0)]
        if table.averaged:
            over = ", ".join(title(pointer) for pointer in table.averaged)
            lines.append((f"Each cell is the mean over {over}.", 12.0))
        return lines

    def _words(self) -> list[Shape]:
        theme = self.theme
        shapes: list[Shape] = []
        y = MARGIN + 8
        for index, (text, size) in enumerate(self._heading()):
            fill = theme.text if index == 0 else theme.faint
            shapes.append(Text(MARGIN, y, text, fill, size, bold=index == 0))
            y += 22
        middle = self.left + self.table_width / 2
        shapes.append(Text(middle, self.top - 34, self.table.columns.title, theme.faint, 12, "middle"))
        if self.table.rows:
            shapes.append(Text(self.left - 12, self.top - 14, self.table.rows.title, theme.faint, 12, "end"))
        for column, text in enumerate(self.column_labels):
            x = self.left + (column + 0.5) * self.cell_width
            shapes.append(Text(x, self.top - 14, text, theme.text, 12, "middle", bold=True))
        for row, text in enumerate(self.row_labels):
            y = self.top + (row + 0.5) * CELL_HEIGHT
            shapes.append(Text(self.left - 12, y, text, theme.text, 12, "end", bold=True))
        return shapes

    def _cells(self) -> list[Shape]:
        shapes: list[Shape] = []
        for row, cells in enumerate(self.table.cells):
            for column, cell in enumerate(cells):
                x, y = self.left + column * self.cell_width, self.top + row * CELL_HEIGHT
                shapes += self._cell(cell, x + GAP / 2, y + GAP / 2, self.cell_width - GAP, CELL_HEIGHT - GAP)
        return shapes

    def _cell(self, cell: Cell, x: float, y: float, width: float, height: float) -> list[Shape]:
        centre = x + width / 2, y + height / 2
        if cell.mean is None:
            return [
                Rect(x, y, width, height, self.theme.empty, 4),
                *_hatching(x, y, width, height, self.theme.background),
                Text(*centre, cell.why_empty, self.theme.faint, 11, "middle"),
            ]
        colour = self.scale.colour(cell.mean)
        # A mean of fewer jobs than there are says so.
        missing = f" ({len(cell.numbers)} of {len(cell.numbers) + len(cell.states)})" if cell.states else ""
        number = Text(*centre, show(cell.mean) + missing, ink(colour), 13, "middle", bold=not missing)
        return [Rect(x, y, width, height, colour, 4), number]

    def _bar_labels(self) -> list[str]:
        scale = self.scale
        if not self.table.numbers:
            return [""]
        high = ("≥ " if scale.clipped_high else "") + show(scale.high)
        low = ("≤ " if scale.clipped_low else "") + show(scale.low)
        return [high, low] if scale.high == scale.low else [high, show((scale.low + scale.high) / 2), low]

    def _bar(self) -> list[Shape]:
        if not self.table.numbers:
            return []
        x, height = self.left + self.table_width + 24, max(self.table_height, 120)
        edges = [round(self.top + height * step / BAR_STEPS, 2) for step in range(BAR_STEPS + 1)]
        shapes: list[Shape] = [
            Rect(x, upper, BAR_WIDTH, lower - upper + 0.5, viridis(1 - step / (BAR_STEPS - 1)))
            for step, (upper, lower) in enumerate(pairwise(edges))
        ]
        labels = self._bar_labels()
        for index, text in enumerate(labels):
            y = self.top + 7 + (height - 14) * index / (len(labels) - 1)
            shapes.append(Text(x + BAR_WIDTH + 8, y, text, self.theme.faint, 11))
        return shapes


def _hatching(x: float, y: float, width: float, height: float, stroke: str) -> list[Shape]:
    """Slanted lines inside of a rectangle."""
    lines: list[Shape] = []
    offset = HATCH
    while offset < width + height:
        lines.append(
            Line(
                x + min(offset, width),
                y + max(0.0, offset - width),
                x + max(0.0, offset - height),
                y + min(offset, height),
                stroke,
                1,
            )
        )
        offset += HATCH
    return lines
