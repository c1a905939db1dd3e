"""What a model answers to an interactive call, on its way through JSON."""

from __future__ import annotations

import base64
from typing import Any


class InteractiveError(Exception):
    """The model could not answer.

    Attributes:
        code: `no_weights_yet`, `bad_image`, `out_of_memory`, a code of the driver, or `internal_error`.
        message: What was wrong and what would be right.
        pointer: JSON pointer into the parameters of the call, where they are to blame, else "".
    """

    def __init__(self, code: str, message: str, pointer: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.pointer = code, message, pointer


def encode(value: Any) -> Any:
    """JSON-ready copy of a value in which bytes may occur: they become `{"base64": "…"}`."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, dict):
        return {key: encode(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    return value


def decode(value: Any) -> Any:
    """The inverse of `encode`."""
    if isinstance(value, dict):
        if value.keys() == {"base64"}:
            return base64.b64decode(value["base64"])
        return {key: decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [decode(item) for item in value]
    return value
