"""Work on data files from strangers, in a confined child process (`drivers.confined`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers import confined
from drivers.data.errors import DataError
from drivers.data.settings import DataSettings


def run(command: str, settings: DataSettings, *, request: Mapping[str, Any]) -> Any:
    """The answer of ``python -m drivers.data`` to a command.

    Raises:
        DataError: the child's, or `too_large` if it ran out of memory or time, or `corrupt` if it crashed.
    """
    limits = confined.Limits(settings.reader_seconds, settings.reader_bytes)
    try:
        answer = confined.run("drivers.data", command, request=request, limits=limits, environ=settings.environ())
    except confined.OverLimitError as error:
        raise DataError("too_large", OVER[error.limit].format(settings=settings)) from error
    except confined.CrashedError as error:
        raise DataError("corrupt", f"The file cannot be read: {error}.") from error
    if "error" in answer:
        raise DataError(**answer["error"])
    return answer["result"]


OVER = {
    "seconds": "Reading took longer than AUTHORGAN_READER_SECONDS={settings.reader_seconds:g}; use less data.",
    "memory_bytes": "Reading took more memory than AUTHORGAN_READER_BYTES={settings.reader_bytes}; use less data.",
}
