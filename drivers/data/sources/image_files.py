"""Image files in a folder or a zip; one subfolder a class gives labels."""

from __future__ import annotations

import io
import os
import stat
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
from PIL import Image, ImageOps

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError
from drivers.data.paths import resolve_path
from drivers.data.settings import DataSettings
from drivers.data.sources.source import Location, Progress, Source
from drivers.zips import BROKEN

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".webp"})
THREADS = min(4, os.cpu_count() or 1)
PROGRESS_EVERY = 500
RATIO_FROM_BYTES = 1024**2
"""Entries of a zip smaller than this may be compressed as well as they like."""


class ImageFiles(Source):
    """The folder or zip at ``data["path"]``."""

    def locate(self, data: Mapping[str, Any], settings: DataSettings) -> Location:
        return Location(data["choice"], paths=(resolve_path(data["path"], settings),))

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        (path,) = self.locate(data, settings).paths
        return read_images(path, data["image_size"], data["channels"], settings, progress)


class Files(Protocol):
    """Files by name, wherever they lie."""

    names: list[str]

    def read(self, name: str) -> bytes: ...


class Folder:
    """The files under a folder. Links are left out: they may lead anywhere."""

    def __init__(self, root: Path, settings: DataSettings):
        self._root = root
        self._max_bytes = settings.max_data_bytes
        self.names = []
        for folder, _, files in os.walk(root):
            for file in files:
                path = Path(folder) / file
                if not path.is_symlink() and path.is_file():
                    self.names.append(path.relative_to(root).as_posix())
            _check_count(len(self.names), str(root), settings)

    def read(self, name: str) -> bytes:
        path = self._root / name
        if path.stat().st_size > self._max_bytes:
            raise DataError("too_large", f"'{name}' is larger than AUTHORGAN_MAX_DATA_BYTES={self._max_bytes}.")
        return path.read_bytes()


class Zip:
    """The files in a zip, which is read and never unpacked. Looks at every entry before any is read.

    Raises:
        DataError: `unsafe_archive`: a name that leads out of the archive, a link, too many entries, or more bytes than
            they may unpack to; `corrupt`.
    """

    def __init__(self, archive: zipfile.ZipFile, label: str, settings: DataSettings):
        self._archive = archive
        _check_count(len(archive.filelist), label, settings)
        total = 0
        self.names = []
        for entry in archive.filelist:
            total += entry.file_size
            _check_entry(entry, total, label, settings)
            if not entry.is_dir():
                self.names.append(entry.filename)

    def read(self, name: str) -> bytes:
        return self._archive.read(name)


def _check_count(count: int, label: str, settings: DataSettings) -> None:
    if count > settings.max_files:
        raise DataError("unsafe_archive", f"{label} holds more than AUTHORGAN_MAX_FILES={settings.max_files} files.")


def _check_entry(entry: zipfile.ZipInfo, total: int, label: str, settings: DataSettings) -> None:
    path = PurePosixPath(entry.filename)
    if path.is_absolute() or ".." in path.parts or "\\" in entry.filename or ":" in entry.filename:
        raise DataError("unsafe_archive", f"{label}: the name '{entry.filename[:200]}' leads out of the archive.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise DataError("unsafe_archive", f"{label}: '{entry.filename[:200]}' is a link.")
    if total > settings.max_data_bytes:
        raise DataError(
            "unsafe_archive",
            f"{label}: it would unpack to more than AUTHORGAN_MAX_DATA_BYTES={settings.max_data_bytes}.",
        )
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > settings.max_zip_ratio * max(1, entry.compress_size):
        raise DataError("unsafe_archive", f"{label}: '{entry.filename[:200]}' is compressed beyond belief.")


@contextmanager
def _opened(path: Path, settings: DataSettings) -> Iterator[Files]:
    if path.is_dir():
        yield Folder(path, settings)
        return
    try:
        with zipfile.ZipFile(path) as archive:
            yield Zip(archive, path.name, settings)
    except BROKEN as error:
        raise DataError("corrupt", f"{path.name} is neither a folder nor a whole zip of images ({error}).") from error


def read_images(path: Path, image_size: int, channels: int, settings: DataSettings, progress: Progress) -> Dataset:
    """All images of a folder or zip, cut to a square and resized.

    Raises:
        DataError: `empty`, `corrupt` (names the file), `image_bomb`, `unsafe_archive`, `too_large`, `wrong_labels`.
    """
    with _opened(path, settings) as files:
        layout = layout_of(files.names, path.name)
        size = len(layout.names) * image_size * image_size * channels
        if size > settings.max_data_bytes:
            raise DataError(
                "too_large",
                f"{len(layout.names):,} images of {image_size}x{image_size} pixels are {size:,} bytes, more than "
                f"AUTHORGAN_MAX_DATA_BYTES={settings.max_data_bytes}. Use a smaller image size, or fewer images.",
            )
        images = np.empty((len(layout.names), image_size, image_size, channels), np.uint8)

        def read(position: int) -> None:
            name = layout.names[position]
            images[position] = decode(files.read(name), name, image_size, channels, settings)

        with ThreadPoolExecutor(THREADS) as pool:  # Pillow decodes and resizes outside the interpreter's lock
            try:
                for done, _ in enumerate(pool.map(read, range(len(images))), 1):
                    if done % PROGRESS_EVERY == 0 or done == len(images):
                        progress("read", done, len(images))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
    return Dataset(images, layout.labels, layout.class_names)


@dataclass(frozen=True)
class Layout:
    """The image files in order, and what their folders say of them."""

    names: list[str]
    labels: np.ndarray | None
    class_names: list[str] | None


def layout_of(names: list[str], label: str) -> Layout:
    """Which of the files are images, and of which class.

    Two or more folders side by side are classes, in alphabetical order; images in one place have no labels. A single
    folder around everything is looked into.
    """
    images = sorted(name for name in names if _is_image(PurePosixPath(name)))
    if not images:
        kinds = ", ".join(sorted(suffix.lstrip(".") for suffix in SUFFIXES))
        raise DataError("empty", f"{label} holds no image ({kinds}).")
    depth = 0
    while len({_part(name, depth) for name in images}) == 1 and _part(images[0], depth) is not None:
        depth += 1
    folders: dict[str | None, list[str]] = defaultdict(list)
    for name in images:
        folders[_part(name, depth)].append(name)
    if None not in folders:
        class_names = sorted(name for name in folders if name is not None)
        labels = np.repeat(np.arange(len(class_names)), [len(folders[name]) for name in class_names])
        return Layout([file for name in class_names for file in folders[name]], labels.astype(np.int64), class_names)
    if len(folders) > 1:
        stray = PurePosixPath(folders[None][0]).name
        raise DataError(
            "wrong_labels",
            f"{label}: '{stray}' and {len(folders[None]) - 1} more lie beside folders of images. Put every image into "
            "the folder of its class, or all of them into one.",
        )
    return Layout(images, None, None)


def _is_image(path: PurePosixPath) -> bool:
    hidden = any(part.startswith((".", "__MACOSX")) for part in path.parts)
    return path.suffix.lower() in SUFFIXES and not hidden


def _part(name: str, depth: int) -> str | None:
    """The folder of a file at some depth, or None where there is no further one."""
    parts = PurePosixPath(name).parts
    return parts[depth] if depth < len(parts) - 1 else None


def decode(content: bytes, name: str, image_size: int, channels: int, settings: DataSettings) -> np.ndarray:
    """One image file as uint8 (image_size, image_size, channels): turned upright, cut to a square, resized.

    What is transparent becomes white; of an animation the first picture is taken.
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            if image.width * image.height > settings.max_image_pixels:
                raise DataError(
                    "image_bomb",
                    f"'{name}' has {image.width:,} x {image.height:,} pixels, more than AUTHORGAN_MAX_IMAGE_PIXELS="
                    f"{settings.max_image_pixels}.",
                )
            image.draft("RGB" if channels == 3 else "L", (image_size, image_size))
            picture = _flatten(ImageOps.exif_transpose(image), "RGB" if channels == 3 else "L")
    except Image.DecompressionBombError as error:
        raise DataError("image_bomb", f"'{name}': {error}") from error
    except (OSError, ValueError, SyntaxError, EOFError, zlib.error) as error:
        raise DataError("corrupt", f"'{name}' is no whole image ({error}).") from error
    fitted = _square(picture).resize((image_size, image_size), Image.Resampling.BICUBIC)
    return np.asarray(fitted).reshape(image_size, image_size, channels)


def _square(image: Image.Image) -> Image.Image:
    """The largest square in the middle, as `drivers.data.images.square` cuts arrays."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side))


def _flatten(image: Image.Image, mode: str) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits a pixel; Pillow's own conversion would clip
        image = Image.fromarray((np.asarray(image, np.uint32) >> 8).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image)
    return image.convert(mode)
