"""NumPy files: ``.npz`` with images and perhaps labels, or ``.npy`` with images alone. Never a pickle."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.images import as_images
from drivers.data.labels import as_labels
from drivers.data.paths import resolve_path
from drivers.data.settings import DataSettings
from drivers.data.sources.source import Location, Progress, Source

IMAGES = ("images", "x", "x_train", "data", "arr_0")
LABELS = ("labels", "y", "y_train", "targets", "arr_1")
MAX_HEADER_BYTES = 10_000
CHUNK_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Arrays:
    """What a file holds: uint8 images (N, H, W, C), and int64 labels (N,) if it has some."""

    images: np.ndarray
    labels: np.ndarray | None


class NumpyFile(Source):
    """A file at ``data["path"]``."""

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        path = resolve_path(data["path"], settings)
        if not path.is_file():
            raise DataError("missing", f"'{data['path']}' is a folder; a .npz or .npy file is needed.", "/data/path")
        return Location(data["choice"], paths=(path,))

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        (path,) = self.locate(data, settings).paths
        return dataset_of(read_arrays(path, settings))


def dataset_of(arrays: Arrays) -> Dataset:
    """Classes without names are called by their numbers."""
    if arrays.labels is None:
        return Dataset(arrays.images)
    return Dataset(arrays.images, arrays.labels, [str(number) for number in range(int(arrays.labels.max()) + 1)])


def read_arrays(path: Path, settings: DataSettings) -> Arrays:
    """Read a ``.npz`` or ``.npy`` file. Sizes are looked at before anything is unpacked.

    Raises:
        DataError: it is none, or not one of images.
    """
    name = path.name
    try:
        with path.open("rb") as file:
            if file.read(4) == b"PK\x03\x04":
                images, labels = _read_npz(file, name, settings)
            else:
                file.seek(0)
                images, labels = _read_npy(file, name, settings), None
    except DataError:
        raise
    except (OSError, ValueError, EOFError, SyntaxError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise DataError("corrupt", f"{name} is not a whole .npz or .npy file ({error}).") from error
    images = as_images(images, f"{name}, images")
    return Arrays(images, None if labels is None else as_labels(labels, len(images), f"{name}, labels"))


def _read_npz(file: IO[bytes], name: str, settings: DataSettings) -> tuple[np.ndarray, np.ndarray | None]:
    with zipfile.ZipFile(file) as archive:
        members = {member.removesuffix(".npy") for member in archive.namelist()}
        images_name = next((key for key in IMAGES if key in members), None)
        if images_name is None and len(members) == 1:
            (images_name,) = members
        if images_name is None:
            raise DataError(
                "missing",
                f"{name} holds {', '.join(sorted(members)[:10]) or 'nothing'}; the images must be called 'images'.",
            )
        labels_name = next((key for key in LABELS if key in members), None)
        with archive.open(f"{images_name}.npy") as member:
            images = _read_npy(member, f"{name}, {images_name}", settings)
        if labels_name is None:
            return images, None
        with archive.open(f"{labels_name}.npy") as member:
            return images, _read_npy(member, f"{name}, {labels_name}", settings)


def _read_npy(file: IO[bytes], where: str, settings: DataSettings) -> np.ndarray:
    version = npy.read_magic(file)
    if version not in {(1, 0), (2, 0)}:
        raise DataError("wrong_dtype", f"{where}: an array with named fields is not one of images.")
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, in_columns, dtype = read_header(file, max_header_size=MAX_HEADER_BYTES)
    if dtype.hasobject:
        raise DataError("unsafe_pickle", f"{where}: an array of Python objects is not read; save it as numbers.")
    if dtype.kind not in "buif":
        raise DataError("wrong_dtype", f"{where}: images and labels are numbers, not {dtype}.")
    if any(length < 0 for length in shape):
        raise DataError("corrupt", f"{where}: its shape {shape} cannot be.")
    count = int(np.prod(shape, dtype=object)) if shape else 1
    if count * dtype.itemsize > settings.max_data_bytes:
        raise DataError(
            "too_large",
            f"{where}: an array of {count * dtype.itemsize:,} bytes is larger than AUTHORGAN_MAX_DATA_BYTES="
            f"{settings.max_data_bytes}.",
        )
    values = np.empty(count, dtype)
    filled = _fill(file, values)
    if filled != values.nbytes:
        raise DataError("corrupt", f"{where}: it ends after {filled:,} of {values.nbytes:,} bytes.")
    return values.reshape(shape[::-1]).transpose() if in_columns else values.reshape(shape)


def _fill(file: IO[bytes], values: np.ndarray) -> int:
    """Read into an array, without a second copy of it in memory; how many bytes there were."""
    target = values.view(np.uint8).data
    filled = 0
    while piece := file.read(min(CHUNK_BYTES, len(target) - filled)):
        target[filled : filled + len(piece)] = piece
        filled += len(piece)
    return filled
