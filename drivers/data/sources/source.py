"""What every source of data can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from drivers.data.dataset import Dataset
from drivers.data.settings import DataSettings

Progress = Callable[[str, int, int | None], None]
"""Told ``(stage, done, total)``: stage ``"download"`` counts bytes, ``"read"`` counts samples; total None: unknown."""


@dataclass(frozen=True)
class Location:
    """Where the data of a spec is.

    Attributes:
        choice: The data set that will be read: the spec's, or its fallback.
        here: False if it must be downloaded first.
        paths: The files or the folder it is read from; empty for data that comes with the installation.
        notes: What the person should know: `{pointer, code, message}`.
    """

    choice: str
    here: bool = True
    paths: tuple[Path, ...] = ()
    notes: list[dict[str, str]] = field(default_factory=list)


class Source(ABC):
    """One kind of data. ``data`` is always the resolved ``data`` module of a spec.

    Attributes:
        class_names: What its classes are called, where that is known beforehand.
    """

    class_names: list[str] | None = None

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        """Where the data is; looks, but reads nothing.

        Raises:
            DataError: it is not there, or not where it may be.
        """
        return Location(data["choice"])

    @abstractmethod
    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        """All images in their own size and channels, uint8 (N, H, W, C), or all sequences as ``data`` wants them.

        A source whose images differ in size returns them square and ``image_size`` large.

        Raises:
            DataError: it cannot be used.
        """
