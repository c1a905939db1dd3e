"""Samples on their way out as files or numbers, and images on their way in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from drivers import Session
from drivers.data import grid
from service.trainer.answers import InteractiveError
from spec.frame import Frame

DEFAULT_COLUMNS = 8


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


def each(session: Session, samples: np.ndarray) -> dict[str, Any]:
    """`{"images": [bytes]}`, a PNG file each, or `{"sequences": [[[float]]]}`."""
    if frame_of(session).source == "sequence":
        return {"sequences": samples.tolist()}
    return {"images": [png(grid(image[None], 1)) for image in samples]}


def png(picture: Image.Image) -> bytes:
    """The file of a picture."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def pixels(session: Session, files: list[bytes], pointer: str = "/images") -> np.ndarray:
    """Image files as uint8 (N, H, W, C), each scaled to what the model was trained on."""
    return np.stack([_pixels(session, file, f"{pointer}/{index}") for index, file in enumerate(files)])


def _pixels(session: Session, file: bytes, pointer: str) -> np.ndarray:
    height, width, channels = session.spec["generator"]["output_shape"]
    try:
        picture = Image.open(io.BytesIO(file)).convert("L" if channels == 1 else "RGB")
    except (OSError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise InteractiveError("bad_image", f"This is no image that can be read: {error}", pointer) from error
    scaled = picture.resize((width, height), Image.Resampling.BILINEAR)
    return np.asarray(scaled, np.uint8).reshape(height, width, channels)
