"""Where data comes from: one module a kind, found by the catalogue's name."""

from drivers.data.sources.digits import Digits
from drivers.data.sources.source import Location, Progress, Source

SOURCES: dict[str, Source] = {
    "digits": Digits(),
}

__all__ = ["SOURCES", "Location", "Progress", "Source"]
