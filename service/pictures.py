"""A picture of samples that carries what it was drawn by: spec, seed, step and more, in a text chunk of the PNG.

The chunk is an ``iTXt`` (PNG 3rd edition, 11.3.3.4) with the keyword `KEYWORD`, compressed, right behind the header, so
that it is read without decoding a single pixel.
"""

from __future__ import annotations

import io
import json
import math
import struct
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

from PIL import Image, UnidentifiedImageError

KEYWORD = "AuthorGAN"
SIGNATURE = b"\x89PNG\r\n\x1a\n"
HEADER_BYTES = len(SIGNATURE) + 25  # the IHDR chunk: length, type, 13 bytes, checksum

DERIVED = frozenset({"layers", "outputs", "output_shape", "parameter_count", "conditional"})
"""What a family's module holds that follows from its parameters."""


class PictureError(Exception):
    """No spec can be read from a picture. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(message)


def columns_of(spec: Mapping[str, Any], count: int) -> int:
    """The columns of a grid of so many samples: one for each class where they come in turn, else about a square."""
    classes = spec["data"].get("classes") or 0
    if spec["generator"]["conditional"] and 0 < classes <= count:
        return int(classes)
    return math.ceil(math.sqrt(count))


def stamp(
    png: bytes,
    *,
    spec: Mapping[str, Any],
    hash: str,
    seed: int,
    step: int | None,
    job: str,
    count: int,
    columns: int,
    labels: Sequence[int] | None = None,
) -> bytes:
    """The same picture, with what it was drawn by: all that it takes to draw it again.

    Args:
        png: a PNG file.
        spec: resolved; what follows from the rest is left out.
        hash: of that spec.
        count: how many samples it shows, in so many ``columns``.
        labels: the classes that were asked for; None: all in turn.
    """
    content = {"authorgan": 1, "hash": hash, "seed": seed, "step": step, "job": job, "spec": short(spec)}
    content |= {"count": count, "columns": columns, "labels": None if labels is None else list(labels)}
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    # Keyword, compressed by zlib's method, no language, no translated keyword.
    body = KEYWORD.encode() + b"\0\1\0\0\0" + zlib.compress(text, 9)
    chunk = b"iTXt" + body
    framed = struct.pack(">I", len(body)) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return png[:HEADER_BYTES] + framed + png[HEADER_BYTES:]


def short(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec without what `spec.resolve` finds out anew."""
    kept: dict[str, Any] = {}
    for name, module in spec.items():
        if name == "notes":
            continue
        if isinstance(module, Mapping) and module.get("choice", "custom") != "custom" and "layers" in module:
            module = {key: value for key, value in module.items() if key not in DERIVED}
        kept[name] = module
    return kept


def read(png: bytes) -> dict[str, Any]:
    """What `stamp` wrote, by its names; None for what is no such thing. Nothing of it is to be trusted.

    Raises:
        PictureError: ``not_a_png``, ``no_spec``, or ``bad_spec`` for a chunk that holds something else.
    """
    try:
        # Pillow bounds what a compressed text may unpack to, and reads pixels only when they are asked for.
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            text = picture.info.get(KEYWORD)
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError("not_a_png", "This is no PNG file.") from error
    except (ValueError, struct.error, zlib.error) as error:
        raise PictureError("bad_spec", f"The text in this picture cannot be read: {error}.") from error
    if text is None:
        raise PictureError(
            "no_spec",
            "This picture carries no spec. Samples do unless AUTHORGAN_PICTURES_CARRY_SPEC is off; programs that "
            "edit or send pictures often drop it.",
        )
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PictureError("bad_spec", "What this picture carries is not JSON.") from error
    if not isinstance(content, dict) or not isinstance(content.get("spec"), dict):
        raise PictureError("bad_spec", "What this picture carries is no spec.")
    job, hash, labels = (content.get(name) for name in ("job", "hash", "labels"))
    numbers = {name: content.get(name) for name in ("seed", "step", "count", "columns")}
    return {
        "spec": content["spec"],
        "hash": hash if isinstance(hash, str) else None,
        **{name: number if _is_count(number) else None for name, number in numbers.items()},
        "job": job if isinstance(job, str) and len(job) <= 64 else None,
        "labels": labels if isinstance(labels, list) and labels and all(map(_is_count, labels)) else None,
    }


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
