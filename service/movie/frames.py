"""From grids of samples to the frames of a movie."""

from __future__ import annotations

from collections.abc import Sequence

from PIL import Image, ImageDraw

from service.drawing import font

MIN_WIDTH = 320
"""Smaller grids are enlarged, by a whole number so that pixels stay sharp."""
MAX_SIDE = 1600
"""Larger ones are made smaller."""

STRIP = 34
BAR = 4
BACKGROUND = (20, 24, 29)
INK = (230, 237, 243)
FAINT = (145, 152, 161)
TRACK = (42, 49, 58)
DONE = (46, 160, 67)


def schedule(steps: Sequence[int], frames: int, most: int | None = None) -> list[tuple[int, int]]:
    """Which samples to show, and for how many of so many frames: ``[(step, frames), …]``.

    Every sample is there if there are no more of them than frames, nor than ``most``, else some at even distances;
    always the first and the last.
    """
    shown = min(len(steps), frames, frames if most is None else max(2, most))
    if shown == 1:
        return [(steps[-1], frames)]
    chosen = [steps[round(index * (len(steps) - 1) / (shown - 1))] for index in range(shown)]
    edges = [round(index * frames / shown) for index in range(shown + 1)]
    return [(step, end - start) for step, start, end in zip(chosen, edges, edges[1:], strict=False)]


def size(width: int, height: int) -> tuple[int, int]:
    """The size of the samples in a frame whose grids have this one; both even, as video wants it."""
    scale = max(1, -(-MIN_WIDTH // width))
    if max(width, height) > MAX_SIDE:
        scale = 1
        shrink = MAX_SIDE / max(width, height)
        width, height = round(width * shrink), round(height * shrink)
    return _even(width * scale), _even(height * scale)


def enlarged(grid: Image.Image) -> Image.Image:
    """A grid of samples in the size that it has in a frame; made smaller where it is larger than that."""
    width, height = size(grid.width, grid.height)
    resampling = Image.Resampling.NEAREST if width >= grid.width else Image.Resampling.LANCZOS
    return grid.convert("RGB").resize((width, height), resampling)


def frame(grid: Image.Image, step: int, total: int | None, epoch: int | None) -> Image.Image:
    """A grid of samples with its step below, and how much of the training that is."""
    samples = enlarged(grid)
    width, height = samples.size
    picture = Image.new("RGB", (width, height + STRIP), BACKGROUND)
    picture.paste(samples)
    draw = ImageDraw.Draw(picture)
    middle = height + BAR + (STRIP - BAR) / 2
    words = font(15)
    draw.text((10, middle), f"step {step:,}", fill=INK, font=words, anchor="lm")
    if epoch is not None:
        draw.text((width - 10, middle), f"epoch {epoch:,}", fill=FAINT, font=words, anchor="rm")
    draw.rectangle((0, height, width, height + BAR - 1), fill=TRACK)
    if total:
        draw.rectangle((0, height, round(width * min(step / total, 1.0)), height + BAR - 1), fill=DONE)
    return picture


def _even(number: int) -> int:
    return number + number % 2
