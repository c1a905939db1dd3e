"""From the ``data`` module of a resolved spec to its samples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drivers.data import cache
from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.images import resize, with_channels
from drivers.data.settings import DataSettings
from drivers.data.sources import SOURCES, Location, Progress, Source
from drivers.data.subset import subset
from spec.frame import Frame


def locate(data: Mapping[str, Any], *, settings: DataSettings | None = None) -> Location:
    """Where the data of a spec is, without reading it.

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
    prepared = _prepared(data, settings, progress or _silent)
    _check_classes(data, prepared)
    return subset(prepared, data.get("include_classes"), data.get("count"))


def _prepared(data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
    """All samples in the size and the channels asked for; from the cache, if they were prepared before."""
    source = _source(data)
    if Frame.of(data).source != "image":
        return source.read(data, settings, progress)
    location = source.locate(data, settings)
    key = _cache_key(location, data)
    if key and (kept := cache.read(key, settings)):
        return kept
    whole = source.read(data, settings, progress)
    images = resize(with_channels(whole.images, data["channels"]), data["image_size"])
    if not images.flags.writeable:  # a view of the bytes of a file; a library may want to write there
        images = images.copy()
    prepared = Dataset(images, whole.labels, whole.class_names)
    if not location.here:
        key = _cache_key(source.locate(data, settings), data)
    if key:
        cache.write(key, prepared, settings)
    return prepared


def _cache_key(location: Location, data: Mapping[str, Any]) -> str | None:
    """None for data that comes with the installation, or is not here yet: there is nothing to gain."""
    if not location.here or not location.paths:
        return None
    return cache.key_of(location.paths, location.choice, data["image_size"], data["channels"])


def _check_classes(data: Mapping[str, Any], prepared: Dataset) -> None:
    """The spec says how many classes there are; the labels must agree."""
    classes = data.get("classes")
    if classes is None:
        return
    if prepared.labels is None:
        raise DataError(
            "wrong_labels", f"The spec says {classes} classes, but the data has no labels.", "/data/classes"
        )
    found = int(prepared.labels.max()) + 1
    if found > classes:
        raise DataError(
            "wrong_labels",
            f"The spec says {classes} classes, but the labels go up to {found - 1}; say {found}.",
            "/data/classes",
        )


def _source(data: Mapping[str, Any]) -> Source:
    source = SOURCES.get(data["choice"])
    if source is None:
        known = ", ".join(sorted(SOURCES))
        raise DataError("unknown_choice", f"There is no data set '{data['choice']}'; there is {known}.", "/data/choice")
    return source


def _silent(stage: str, done: int, total: int | None) -> None:
    pass
