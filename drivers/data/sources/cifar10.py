"""CIFAR-10: small colour photographs of ten kinds of things."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.download import RemoteFile, download
from drivers.data.errors import DataError
from drivers.data.settings import DataSettings
from drivers.data.sources.arrays import read_arrays
from drivers.data.sources.source import Location, Progress, Source

CLASS_NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]

# The binary version: the other one is a pickle.
ARCHIVE = RemoteFile("cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", 512 * 1024**2)
BATCHES = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
RECORD_BYTES = 1 + 3 * 32 * 32  # the label, then the red, the green and the blue plane
RECORDS = 10_000


class Cifar10(Source):
    """The training part, from ``$AUTHORGAN_DATA/cifar10/train.npz`` where it is there, else downloaded."""

    class_names = CLASS_NAMES

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        candidates = [settings.downloads / "cifar10" / ARCHIVE.name]
        if settings.data is not None:
            candidates[:0] = [settings.data / "cifar10" / "train.npz", settings.data / "cifar10" / ARCHIVE.name]
        for path in candidates:
            if path.is_file():
                return Location("cifar10", paths=(path,))
        return Location("cifar10", here=False)

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        location = self.locate(data, settings)
        path = location.paths[0] if location.here else self._download(settings, progress)
        if path.suffix == ".npz":
            arrays = read_arrays(path, settings)
            return Dataset(arrays.images, arrays.labels, CLASS_NAMES)
        return read_archive(path)

    def _download(self, settings: DataSettings, progress: Progress) -> Path:
        folder = settings.downloads / "cifar10"
        return download(
            ARCHIVE, folder, settings.cifar10_url, settings, lambda done, total: progress("download", done, total)
        )


def read_archive(path: Path) -> Dataset:
    """The five training batches of the binary version. Nothing is unpacked: the members are read by their names."""
    records = np.empty((len(BATCHES), RECORDS, RECORD_BYTES), np.uint8)
    try:
        with tarfile.open(path, "r:gz") as archive:
            for number, name in enumerate(BATCHES):
                member = archive.extractfile(name)
                content = b"" if member is None else member.read(RECORDS * RECORD_BYTES)
                if len(content) != RECORDS * RECORD_BYTES:
                    raise DataError("corrupt", f"{path}: '{name}' is not {RECORDS:,} records long.")
                records[number] = np.frombuffer(content, np.uint8).reshape(RECORDS, RECORD_BYTES)
    except (OSError, EOFError, KeyError, tarfile.TarError, zlib.error) as error:
        raise DataError("corrupt", f"{path} cannot be read ({error}). Delete it to have it fetched anew.") from error
    flat = records.reshape(-1, RECORD_BYTES)
    images = np.ascontiguousarray(flat[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return Dataset(images, flat[:, 0].astype(np.int64), CLASS_NAMES)
