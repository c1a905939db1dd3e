"""Pickled arrays, as the first AuthorGAN release had them: read once, in a child, into a .npz."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.data import child
from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.paths import resolve_path
from drivers.data.settings import DataSettings
from drivers.data.sources.arrays import dataset_of, read_arrays
from drivers.data.sources.source import Location, Progress, Source


class Pickled(Source):
    """The pickle at ``data["path"]``, or the known data set that ``data["fallback"]`` names where it is not there."""

    def __init__(self, known: Mapping[str, Source]):
        self._known = known

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        try:
            path = resolve_path(data["path"], settings)
        except DataError as error:
            fallback = data.get("fallback")
            if error.code != "missing" or fallback is None:
                raise
            found = self._known[fallback].locate({**data, "choice": fallback}, settings)
            note = {
                "pointer": error.pointer,
                "code": "fallback_data",
                "message": f"There is no '{data['path']}' here; '{fallback}' is used, which the name stands for.",
            }
            return Location(found.choice, found.here, found.paths, [*found.notes, note])
        if not path.is_file():
            raise DataError("missing", f"'{data['path']}' is a folder; a pickle is needed.", "/data/path")
        return Location("pickle", paths=(path,))

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        location = self.locate(data, settings)
        if location.choice != "pickle":
            return self._known[location.choice].read({**data, "choice": location.choice}, settings, progress)
        return dataset_of(read_arrays(_converted(location.paths[0], settings), settings))


def _converted(path: Path, settings: DataSettings) -> Path:
    """The pickle's arrays as .npz, made at most once for the same content."""
    if path.stat().st_size > settings.max_data_bytes:
        raise DataError(
            "too_large",
            f"'{path.name}' is larger than AUTHORGAN_MAX_DATA_BYTES={settings.max_data_bytes}.",
            "/data/path",
        )
    with path.open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    folder = settings.cache / "pickles"
    target = folder / f"{content}.npz"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
            made = Path(temporary) / "arrays.npz"
            child.run("unpickle", settings, request={"path": str(path), "target": str(made)})
            os.replace(made, target)
    return target
