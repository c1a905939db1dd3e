"""Samples on their way out as files or numbers, and images on their way in."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from drivers import Session
from drivers.data import grid
from service.movie.frames import BACKGROUND, INK, enlarged
from service.trainer.answers import InteractiveError
from spec.frame import Frame

PNG_LEVEL = 1
"""Of zlib: half the time of the usual 6 for files 7 % larger; somebody waits for them."""
DEFAULT_COLUMNS = 8
BETWEEN = 8
"""Pixels between two pictures on one sheet."""
CAPTION_SIZE = 14


def frame_of(session: Session) -> Frame:
    """What the model's samples are."""
    return Frame.of(session.spec["data"])


def shown(session: Session, samples: np.ndarray, params: Mapping[str, Any]) -> dict[str, Any]:
    """Samples as a call wants them.

    Args:
        params: `format`: `grid` (the default), one PNG with `columns`, or `each`.

    Returns:
        `{"png": bytes, "columns", "count"}`; for `each`, `{"images": [bytes], "count"}`, of sequences
        `{"sequences": [[[float]]], "count"}`.
    """
    if params.get("format") == "each":
        return {**each(session, samples), "count": len(samples)}
    columns = min(params.get("columns") or DEFAULT_COLUMNS, len(samples))
    return {"png": png(grid(samples, columns)), "columns": columns, "count": len(samples)}


def shown_both(session: Session, before: np.ndarray, after: np.ndarray, params: Mapping[str, Any]) -> dict[str, Any]:
    """As `shown`, of samples before and after something: side by side in one picture, or the former as `before`."""
    if params.get("format") == "each":
        (earlier,) = each(session, before).values()
        return {**each(session, after), "before": earlier, "count": len(after)}
    columns = min(params.get("columns") or DEFAULT_COLUMNS, len(after))
    pictures = [grid(samples, columns) for samples in (before, after)]
    return {"png": png(joined(pictures, across=True)), "columns": columns, "count": len(after)}


def joined(pictures: Sequence[Image.Image], *, across: bool) -> Image.Image:
    """Pictures beside each other, or below, with a gap between."""
    at, places = 0, []
    for picture in pictures:
        places.append((at, 0) if across else (0, at))
        at += (picture.width if across else picture.height) + BETWEEN
    width = at - BETWEEN if across else max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures) if across else at - BETWEEN
    sheet = Image.new(pictures[0].mode, (width, height), "white")
    for picture, place in zip(pictures, places, strict=True):
        sheet.paste(picture, place)
    return sheet


def captioned(rows: Sequence[np.ndarray], captions: Sequence[str]) -> Image.Image:
    """Rows of samples below each other, enlarged where they are small, each with words before it."""
    pictures = [enlarged(grid(row, len(row))) for row in rows]
    words = ImageFont.load_default(CAPTION_SIZE)
    margin = round(max(words.getlength(caption) for caption in captions)) + 2 * CAPTION_SIZE
    width = margin + max(picture.width for picture in pictures)
    sheet = Image.new("RGB", (width, sum(picture.height + BETWEEN for picture in pictures) - BETWEEN), BACKGROUND)
    draw, top = ImageDraw.Draw(sheet), 0
    for picture, caption in zip(pictures, captions, strict=True):
        sheet.paste(picture, (margin, top))
        draw.text((CAPTION_SIZE, top + picture.height / 2), caption, fill=INK, font=words, anchor="lm")
        top += picture.height + BETWEEN
    return sheet


def each(session: Session, samples: np.ndarray) -> dict[str, Any]:
    """`{"images": [bytes]}`, a PNG file each, or `{"sequences": [[[float]]]}`."""
    if frame_of(session).source == "sequence":
        return {"sequences": samples.tolist()}
    return {"images": [png(grid(image[None], 1)) for image in samples]}


def png(picture: Image.Image) -> bytes:
    """The file of a picture."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=PNG_LEVEL)
    return buffer.getvalue()


def pixels(session: Session, files: list[bytes], pointer: str = "/images") -> np.ndarray:
    """Image files as uint8 (N, H, W, C), each scaled to what the model was trained on."""
    return np.stack([_pixels(session, file, f"{pointer}/{index}") for index, file in enumerate(files)])


def _pixels(session: Session, file: bytes, pointer: str) -> np.ndarray:
    height, width, channels = session.spec["generator"]["output_shape"]
    scaled = opened(file, "L" if channels == 1 else "RGB", pointer).resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, np.uint8).reshape(height, width, channels)


def opened(file: bytes, mode: str, pointer: str) -> Image.Image:
    """The picture in a file, in one of Pillow's modes."""
    try:
        return Image.open(io.BytesIO(file)).convert(mode)
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InteractiveError("bad_image", f"This is no image that can be read: {error}", pointer) from error
