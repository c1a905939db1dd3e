"""Sequences side by side, each as curves over its steps."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw

SHEET_WIDTH = 768
"""Pixels that the columns share, as long as no cell gets narrower or wider than may be."""
CELL_WIDTHS = (96, 384)
ASPECT = 2 / 3
MARGIN = 0.08
"""Share of a cell's height above 1 and below -1, and of its width beside a curve."""
LINE, THICKEST_LINE = 1 / 40, 4
"""Width of a curve: a share of the cell's width, so that a sheet may be looked at in a small preview, and at most so
many pixels."""
ROOM = 64
"""Steps, of all channels, that a cell has room for; of more, curves are drawn finer, down to a pixel."""
SMOOTHING = 3
"""Everything is drawn so many times larger and scaled down, which is how Pillow's lines become smooth."""

PAPER = (255, 255, 255)
FRAME = (222, 226, 230)
AXIS = (206, 212, 218)
COLOURS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167), (230, 159, 0), (86, 180, 233), (60, 60, 60))
"""One a channel, in turn: those of Okabe and Ito, which colour-blind people can tell apart."""


def curves(sequences: np.ndarray, columns: int) -> Image.Image:
    """float sequences (N, T, C) as one picture, row by row; each cell shows -1 to 1, with a line at 0.

    What lies beyond -1 or 1 runs along the edge; a NaN leaves a gap, and a sequence of them an empty cell.
    """
    count, rows = len(sequences), -(-len(sequences) // columns)
    width = min(max(SHEET_WIDTH // columns, CELL_WIDTHS[0]), CELL_WIDTHS[1])
    height = round(width * ASPECT)
    sheet = Image.new("RGB", (columns * width + 1, rows * height + 1), PAPER)
    for position in range(count):
        cell = _cell(sequences[position], width, height)
        sheet.paste(cell, (position % columns * width, position // columns * height))
    lines = ImageDraw.Draw(sheet)
    for column in range(columns + 1):
        lines.line((column * width, 0, column * width, rows * height), FRAME)
    for row in range(rows + 1):
        lines.line((0, row * height, columns * width, row * height), FRAME)
    return sheet


def _cell(sequence: np.ndarray, width: int, height: int) -> Image.Image:
    steps, channels = sequence.shape
    wide, high = width * SMOOTHING, height * SMOOTHING
    cell = Image.new("RGB", (wide, high), PAPER)
    draw = ImageDraw.Draw(cell)
    draw.line((0, high / 2, wide, high / 2), AXIS, SMOOTHING)
    line = round(SMOOTHING * max(1.0, min(width * LINE, THICKEST_LINE) * min(1.0, ROOM / (steps * channels))))
    x = wide * (np.linspace(MARGIN, 1 - MARGIN, steps) if steps > 1 else np.array([0.5]))
    y = high / 2 - np.clip(sequence, -1, 1) * high * (0.5 - MARGIN)
    for channel in reversed(range(channels)):
        for points in _runs(x, y[:, channel]):
            draw.line(points, COLOURS[channel % len(COLOURS)], line, joint="curve")
    return cell.resize((width, height), Image.Resampling.BOX)


def _runs(x: np.ndarray, y: np.ndarray) -> list[list[tuple[float, float]]]:
    """The points of a curve, in pieces without the steps that are NaN; a lone step is a short piece."""
    pieces = np.split(np.arange(len(y)), np.flatnonzero(np.diff(np.isnan(y).astype(np.int8))) + 1)
    return [
        list(zip(x[piece].tolist(), y[piece].tolist(), strict=True))
        if len(piece) > 1
        else [(x[piece[0]] - 1.0, y[piece[0]]), (x[piece[0]] + 1.0, y[piece[0]])]
        for piece in pieces
        if not np.isnan(y[piece[0]])
    ]
