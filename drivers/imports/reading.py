"""Which reader a file goes to, and what all of them share."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

MAX_DESCRIPTION_BYTES = 8 * 1024 * 1024
"""The largest description of a network that is read, unpacked; a thousand layers take about one of them."""


class UnreadableError(Exception):
    """A file that is no network, or one with layers that a spec cannot hold.

    Attributes:
        problems: each ``{"pointer", "code", "message"}``, one for every layer at fault; ``pointer`` leads into the
            file's own list of layers.
    """

    def __init__(self, problems: Sequence[Mapping[str, str]]) -> None:
        self.problems = list(problems)
        super().__init__("; ".join(problem["message"] for problem in self.problems))


def unreadable(code: str, message: str, pointer: str = "") -> UnreadableError:
    """The error with a single problem."""
    return UnreadableError([{"pointer": pointer, "code": code, "message": message}])


def read_network(file: Path | IO[bytes], suffix: str) -> list[dict[str, Any]]:
    """The layers of a network that another program has saved, as a spec holds them (`resolve` has yet to check them).

    Args:
        file: where it is, or itself.
        suffix: what the file's name ends with, of `SUFFIXES`.

    Raises:
        UnreadableError: with everything that is in the way.
    """
    from drivers.imports.keras_file import read_keras
    from drivers.imports.onnx_file import read_onnx

    readers: dict[str, Callable[[Path | IO[bytes]], list[dict[str, Any]]]] = {".keras": read_keras, ".onnx": read_onnx}
    if suffix not in readers:
        raise unreadable("unknown_suffix", f"A network comes as a {' or '.join(SUFFIXES)} file, not as '{suffix}'.")
    return readers[suffix](file)


SUFFIXES = (".keras", ".onnx")


class Names:
    """Identifiers of a spec for names that may hold anything."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        """The identifier of a name: the name itself where it may be one."""
        if name not in self._given:
            plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:56] or "layer"
            identifier, number = plain, 2
            while identifier in self._given.values():
                identifier, number = f"{plain}_{number}", number + 1
            self._given[name] = identifier
        return self._given[name]


def source_of(shape: Sequence[int], *, is_label: bool) -> str:
    """What an input of a shape (without the batch) most likely takes."""
    if is_label:
        return "label"
    return {3: "image", 2: "sequence"}.get(len(shape), "noise")
