"""What the networks have to know about the data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spec import catalogue

# What a sample of the data can be, and the source of the Input it enters by.
SOURCES = ("image", "sequence")


@dataclass(frozen=True)
class Frame:
    """One sample of the data, image (height, width, channels) or sequence (steps, channels), and its labels.

    Attributes:
        source: one of `SOURCES`.
        size: the sample's shape, channels last.
        classes: labels run from 0 to classes - 1; None without labels.
    """

    source: str
    size: tuple[int, ...]
    classes: int | None = None

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> "Frame":
        """The frame of a data module; its catalogue entry names the parameters that are the sample's shape."""
        sample = catalogue.load()["datasets"][data["choice"]]["sample"]
        return cls(sample["source"], tuple(data[name] for name in sample["shape"]), data.get("classes"))

    @property
    def shape(self) -> list[int]:
        """Shape of one sample, as the spec writes shapes."""
        return list(self.size)

    @property
    def height(self) -> int:
        """Of an image: rows."""
        return self.size[0]

    @property
    def width(self) -> int:
        """Of an image: columns."""
        return self.size[1]

    @property
    def channels(self) -> int:
        """Numbers of a pixel, or of a step of a sequence."""
        return self.size[-1]
