"""The numbers of a run as CSV and Parquet."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

METRICS = ("step", "generator", "discriminator", "seconds")
MEASUREMENTS = ("name", "step", "value")

Row = tuple[Any, ...]


class TableError(Exception):
    """A table is not what it should be; the message says where."""


def metrics_rows(curve: np.ndarray) -> list[Row]:
    """A curve (N, 4) as rows of `METRICS`, None for what is not known."""
    return [
        (int(step), *(None if math.isnan(number) else number for number in numbers))
        for step, *numbers in curve.tolist()
    ]


def measurement_rows(measurements: Mapping[str, Sequence[tuple[int, float | None]]]) -> list[Row]:
    """Rows of `MEASUREMENTS`."""
    return [(name, step, value) for name, points in measurements.items() for step, value in points]


def to_csv(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """With a header line; an empty cell for what is not known."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(("" if cell is None else cell for cell in row) for row in rows)
    return buffer.getvalue().encode()


def to_parquet(columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Steps as int64, names as text, everything else as float64."""
    # Here, because it would take a quarter of the memory of an API worker that never archives a run.
    import pyarrow
    from pyarrow import parquet

    kinds = {"step": pyarrow.int64(), "name": pyarrow.string()}
    arrays = [
        pyarrow.array([row[index] for row in rows], kinds.get(name, pyarrow.float64()))
        for index, name in enumerate(columns)
    ]
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(arrays, names=list(columns)), sink, compression="zstd")
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_metrics(text: bytes) -> list[tuple[int, float | None, float | None, float | None]]:
    """Rows of `METRICS`.

    Raises:
        TableError: another header, a cell that is no number, or steps that do not rise.
    """
    rows = _read(text, METRICS, (_step, _number, _number, _number), "metrics.csv")
    for line, (before, after) in enumerate(pairwise(rows), 3):
        if after[0] <= before[0]:
            raise TableError(f"metrics.csv, line {line}: step {after[0]} comes after {before[0]}.")
    return rows


def read_measurements(text: bytes) -> list[tuple[int, str, float | None]]:
    """``(step, name, value)``.

    Raises:
        TableError: another header, a name that is empty or long, or a cell that is no number.
    """
    rows = _read(text, MEASUREMENTS, (_name, _step, _number), "measurements.csv")
    return [(step, name, value) for name, step, value in rows]


def _read(text: bytes, columns: Sequence[str], kinds: Sequence[Callable[[str], Any]], what: str) -> list[Any]:
    try:
        header, *lines = list(csv.reader(io.StringIO(text.decode())))
    except (ValueError, csv.Error) as error:
        raise TableError(f"{what} is no CSV file in UTF-8: {error}.") from error
    if header != list(columns):
        raise TableError(f"{what} begins with {','.join(header)[:80]!r}; it must be {','.join(columns)!r}.")
    rows = []
    for number, line in enumerate(lines, 2):
        try:
            rows.append(tuple(kind(cell) for kind, cell in zip(kinds, line, strict=True)))
        except ValueError as error:
            raise TableError(f"{what}, line {number}: {error}.") from error
    return rows


def _step(cell: str) -> int:
    step = int(cell)
    if not 0 <= step < 2**62:
        raise ValueError(f"{cell} is no step")
    return step


def _number(cell: str) -> float | None:
    if cell == "":
        return None
    number = float(cell)
    if not math.isfinite(number):
        raise ValueError(f"{cell} is not finite")
    return number


def _name(cell: str) -> str:
    if not cell or len(cell) > 100 or not cell.isprintable():
        raise ValueError(f"{cell[:50]!r} is no name")
    return cell
