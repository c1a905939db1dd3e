"""Opaque cursors: where a page ended, so that the next one begins right behind it whatever was added meanwhile."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from service.api.problems import ProblemError


def encode(*position: Any) -> str:
    """A cursor for a position of strings and numbers."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def decode(cursor: str, *types: type) -> tuple[Any, ...]:
    """The position of a cursor, whose parts must be of the given types.

    Raises:
        ProblemError: 422: it is none of ours, or belongs to another sorting.
    """
    try:
        position = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        if [type(part) for part in position] != list(types):
            raise ValueError(f"{position!r} is not of {types}")
    except (ValueError, binascii.Error, TypeError) as error:
        message = "cursor: this is not the 'next' of a page with the same sorting"
        problem = {"pointer": "", "code": "bad_cursor", "message": message, "parameter": "cursor"}
        raise ProblemError(422, "invalid_request", message, problems=[problem]) from error
    return tuple(position)
