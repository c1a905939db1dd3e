"""Pictures inside of JSON."""

from __future__ import annotations

import base64
import binascii

from service.api.problems import invalid


def decoded(text: str, pointer: str, what: str) -> bytes:
    """The file in a base64 text or data URL.

    Raises:
        ProblemError: 422, at the pointer: ``what`` it is is no base64.
    """
    try:
        return base64.b64decode(text.partition("base64,")[2] or text, validate=True)
    except binascii.Error as error:
        raise invalid(pointer, "not_base64", f"{what} is not base64: {error}.") from error
