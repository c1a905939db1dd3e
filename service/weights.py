"""The weights that jobs have saved, looked at without loading them."""

from __future__ import annotations

import json
import struct

from service.storage import Storage
from spec.shapes import Shape

NAME = "weights.safetensors"
"""What a job's weights are called among its artefacts."""

MAX_HEADER_BYTES = 100_000_000
"""The largest header that the format allows."""


def shapes(storage: Storage, job_id: str) -> dict[str, Shape] | None:
    """Names and shapes of the tensors that a job saved last; None where there are none.

    A safetensors file begins with the length of its header, eight bytes, little end first, and the header, JSON.
    """
    try:
        with storage.open(job_id, NAME) as file:
            (length,) = struct.unpack("<Q", file.read(8))
            text = file.read(min(length, MAX_HEADER_BYTES))
            if len(text) < length:
                return None
            header = json.loads(text)
            return {name: tuple(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}
    except (OSError, ValueError, struct.error, AttributeError, TypeError, KeyError):
        return None
