"""MNIST and Fashion-MNIST: the training images, in the IDX format of their authors."""

from __future__ import annotations

import gzip
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.download import RemoteFile, download
from drivers.data.errors import DataError
from drivers.data.settings import DataSettings
from drivers.data.sources.source import Location, Progress, Source

COUNT, SIZE, CLASSES = 60_000, 28, 10
MAX_DOWNLOAD_BYTES = 64 * 1024**2


class Mnist(Source):
    """A data set in the four files of MNIST, of which the two of the training part are read.

    Read from ``$AUTHORGAN_DATA/<name>`` where they are there, else downloaded.
    """

    def __init__(self, name: str, images_md5: str, labels_md5: str, class_names: list[str]):
        self._name = name
        self.class_names = class_names
        self._files = (
            RemoteFile("train-images-idx3-ubyte.gz", images_md5, MAX_DOWNLOAD_BYTES),
            RemoteFile("train-labels-idx1-ubyte.gz", labels_md5, MAX_DOWNLOAD_BYTES),
        )

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        for folder in self._folders(settings):
            paths = tuple(folder / file.name for file in self._files)
            if all(path.is_file() for path in paths):
                return Location(self._name, paths=paths)
        return Location(self._name, here=False)

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        location = self.locate(data, settings)
        images_path, labels_path = location.paths or self._download(settings, progress)
        images = read_idx(images_path, (COUNT, SIZE, SIZE))
        labels = read_idx(labels_path, (COUNT,))
        if labels.max() >= CLASSES:
            raise DataError("corrupt", f"{labels_path} names the class {labels.max()}, which there is not.")
        return Dataset(images[..., None], labels.astype(np.int64), self.class_names)

    def _folders(self, settings: DataSettings) -> list[Path]:
        return [root / self._name for root in (settings.data, settings.downloads) if root is not None]

    def _download(self, settings: DataSettings, progress: Progress) -> list[Path]:
        urls = getattr(settings, f"{self._name}_url")
        folder = settings.downloads / self._name
        return [
            download(file, folder, urls, settings, lambda done, total: progress("download", done, total))
            for file in self._files
        ]


def read_idx(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A gzipped IDX file of unsigned bytes, which must have the given shape.

    The format: two zero bytes, the type (8: unsigned byte), the number of dimensions, each dimension as a big-endian
    32-bit number, then the values.
    """
    size = int(np.prod(shape))
    try:
        with gzip.open(path, "rb") as file:
            header = file.read(4 + 4 * len(shape))
            values = file.read(size)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(
            "corrupt", f"{path} is not a whole gzip file ({error}). Delete it to have it fetched anew."
        ) from error
    expected = struct.pack(f">HBB{len(shape)}I", 0, 8, len(shape), *shape)
    if header != expected or len(values) != size:
        raise DataError("corrupt", f"{path} is not an IDX file of {' x '.join(map(str, shape))} bytes.")
    return np.frombuffer(values, np.uint8).reshape(shape)


MNIST = Mnist(
    "mnist",
    "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "d53e105ee54ea40749a09fcbcd1e9432",
    [str(digit) for digit in range(10)],
)

FASHION_MNIST = Mnist(
    "fashion_mnist",
    "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "25c81989df183df01b3e8a0aad5dffbe",
    [
        "T-shirt or top", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ],
)  # fmt: skip
