"""Data sets that were uploaded to the service."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.settings import DataSettings
from drivers.data.sources.arrays import dataset_of, read_arrays
from drivers.data.sources.image_files import read_images
from drivers.data.sources.source import Location, Progress, Source

UPLOAD_ID = re.compile(r"[a-z0-9]{8,40}")
SUFFIXES = (".npz", ".npy", ".zip")


class Upload(Source):
    """The file that was uploaded as ``data["dataset"]``."""

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        return Location("upload", paths=(upload_path(data["dataset"], settings),))

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        (path,) = self.locate(data, settings).paths
        if path.suffix == ".zip":
            return read_images(path, data["image_size"], data["channels"], settings, progress)
        return dataset_of(read_arrays(path, settings))


def upload_path(dataset: str, settings: DataSettings) -> Path:
    """The file of an upload.

    Raises:
        DataError: `missing`.
    """
    if UPLOAD_ID.fullmatch(dataset):
        for suffix in SUFFIXES:
            path = settings.uploads / f"{dataset}{suffix}"
            if path.is_file():
                return path
    raise DataError(
        "missing", f"No data set was uploaded as '{dataset[:100]}'; GET /v1/datasets lists them.", "/data/dataset"
    )
