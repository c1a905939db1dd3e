"""From the ``data`` module of a resolved spec to its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.images import resize, with_channels
from drivers.data.settings import DataSettings
from drivers.data.sources import SOURCES, Location, Progress, Source
from drivers.data.subset import subset


def locate(data: Mapping[str, Any], *, settings: DataSettings | None = None) -> Location:
    """Where the data of a spec is, without reading an image.

    Args:
        data: The ``data`` module of a resolved spec.
        settings: Places and limits; default: from the environment.

    Raises:
        DataError: it is not there, or not where it may be.
    """
    return _source(data).locate(data, settings or DataSettings.from_env())


def load(data: Mapping[str, Any], *, progress: Progress | None = None, settings: DataSettings | None = None) -> Dataset:
    """The data of a spec, ready to train on: one size, the channels asked for, the classes and the count asked for.

    Args:
        data: The ``data`` module of a resolved spec.
        progress: Told of downloads and long readings, see :data:`Progress`.
        settings: Places and limits; default: from the environment.

    Raises:
        DataError: it cannot be used; says why and what would be right.
    """
    settings = settings or DataSettings.from_env()
    whole = _source(data).read(data, settings, progress or _silent)
    images = resize(with_channels(whole.images, data["channels"]), data["image_size"])
    prepared = Dataset(images, whole.labels, whole.class_names)
    return subset(prepared, data.get("include_classes"), data.get("count"))


def _source(data: Mapping[str, Any]) -> Source:
    source = SOURCES.get(data["choice"])
    if source is None:
        known = ", ".join(sorted(SOURCES))
        raise DataError("unknown_choice", f"There is no data set '{data['choice']}'; there is {known}.", "/data/choice")
    return source


def _silent(stage: str, done: int, total: int | None) -> None:
    pass
