"""Which reader a file goes to, and what all of them share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np

SUFFIXES = (".keras", ".onnx")
"""What the names of the files end with that are read."""
MAX_DESCRIPTION_BYTES = 8 * 1024 * 1024
"""The largest description of a network that is read, unpacked; a thousand layers take about one of them."""


@dataclass(frozen=True)
class Network:
    """What a file holds.

    Attributes:
        layers: as a spec has them; `resolve` has yet to check them.
        weights: by ``layer/variable``, in Keras orientation, float32; empty where they were not asked for.
    """

    layers: list[dict[str, Any]]
    weights: dict[str, np.ndarray] = field(default_factory=dict)


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


def unknown_suffix(suffix: str) -> UnreadableError:
    """The error about a file of another kind than those of `SUFFIXES`."""
    return unreadable("unknown_suffix", f"A network comes as a {' or '.join(SUFFIXES)} file, not as '{suffix}'.")


def read_network(file: Path | IO[bytes], suffix: str, *, with_weights: bool = False) -> Network:
    """A network that another program has saved.

    Args:
        file: where it is, or itself.
        suffix: what the file's name ends with, of `SUFFIXES`.
        with_weights: its weights are read too.

    Raises:
        UnreadableError: with everything that is in the way.
    """
    from drivers.imports.keras_file import read_keras
    from drivers.imports.onnx import read_onnx

    readers: dict[str, Callable[..., Network]] = {".keras": read_keras, ".onnx": read_onnx}
    if suffix not in readers:
        raise unknown_suffix(suffix)
    return readers[suffix](file, with_weights=with_weights)


class Names:
    """Identifiers of a spec for names that may hold anything."""

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def __getitem__(self, name: str) -> str:
        """The identifier of a name: the name itself where it may be one."""
        name = str(name)  # protobuf gives bytes where a name is no text
        if name not in self._given:
            plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:56] or "layer"
            identifier = plain
            while identifier in self._taken:
                self._numbers[plain] = self._numbers.get(plain, 1) + 1
                identifier = f"{plain}_{self._numbers[plain]}"
            self._taken.add(identifier)
            self._given[name] = identifier
        return self._given[name]


def source_of(shape: Sequence[int], *, is_label: bool) -> str:
    """What an input of a shape (without the batch) most likely takes."""
    if is_label:
        return "label"
    return {3: "image", 2: "sequence"}.get(len(shape), "noise")


def needed(layers: Sequence[Mapping[str, Any]], outputs: Iterable[str]) -> list[dict[str, Any]]:
    """The layers that outputs are computed from, and the inputs, in the order in which they came."""
    by_id = {layer["id"]: layer for layer in layers}
    found: set[str] = set()
    waiting = list(outputs)
    while waiting:
        layer = waiting.pop()
        if layer not in found:
            found.add(layer)
            waiting += by_id[layer]["inputs"]
    return [dict(layer) for layer in layers if layer["id"] in found or layer["type"] == "Input"]


def not_finite(weights: Mapping[str, np.ndarray]) -> list[dict[str, str]]:
    """A problem for each array that holds NaN or infinity."""
    return [
        {"pointer": f"/weights/{name}", "code": "not_finite", "message": f"'{name}' holds NaN or infinite numbers."}
        for name, value in weights.items()
        if not np.isfinite(value).all()
    ]
