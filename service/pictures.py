"""A picture of samples that carries what it was drawn by: its spec, seed and step, in a text chunk of the PNG.

The chunk is an ``iTXt`` (PNG 3rd edition, 11.3.3.4) with the keyword `KEYWORD`, compressed, right behind the header, so
that it is read without decoding a single pixel.
"""

from __future__ import annotations

import io
import json
import struct
import zlib
from collections.abc import Mapping
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


def stamp(png: bytes, *, spec: Mapping[str, Any], hash: str, seed: int, step: int | None, job: str) -> bytes:
    """The same picture, with what it was drawn by.

    Args:
        png: a PNG file.
        spec: resolved; what follows from the rest is left out.
        hash: of that spec.
    """
    content = {"authorgan": 1, "hash": hash, "seed": seed, "step": step, "job": job, "spec": short(spec)}
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
    """What `stamp` wrote: ``{"spec", "hash", "seed", "step", "job"}``. Nothing of it is to be trusted.

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
    seed, step, job, hash = (content.get(name) for name in ("seed", "step", "job", "hash"))
    return {
        "spec": content["spec"],
        "hash": hash if isinstance(hash, str) else None,
        "seed": seed if _is_count(seed) else None,
        "step": step if _is_count(step) else None,
        "job": job if isinstance(job, str) and len(job) <= 64 else None,
    }


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
