"""Bytes that browsers and programs may keep: with an ETag, so that they are sent once."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import IO

from flask import Response, request

CHUNK_BYTES = 256 * 1024


def answer(content: bytes, content_type: str, *, etag: str | None = None, keep: bool = False) -> Response:
    """``content``, or 304 if the client has it already.

    Args:
        etag: By default a hash of the content.
        keep: The content never changes under this address, so the client need not ask again.
    """
    response = Response(content, content_type=content_type)
    _set_caching(response, etag or hashlib.sha256(content).hexdigest()[:32], keep)
    return response.make_conditional(request)


def stream(file: IO[bytes], size: int, content_type: str, *, etag: str, name: str) -> Response:
    """An open file piece by piece, as an attachment; it is closed at the end."""
    response = Response(_pieces(file), content_type=content_type)
    response.content_length = size
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.call_on_close(file.close)
    _set_caching(response, etag, keep=False)
    return response.make_conditional(request, accept_ranges=False)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece


def _set_caching(response: Response, etag: str, keep: bool) -> None:
    response.set_etag(etag)
    response.headers["Cache-Control"] = "private, max-age=31536000, immutable" if keep else "private, no-cache"
