"""Prepared data sets are kept, so that the second training on the same data begins at once."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.settings import DataSettings

log = logging.getLogger(__name__)

VERSION = 2
"""Part of every key; to be raised when the preparation changes."""


def key_of(paths: Iterable[Path], *preparation: Any) -> str:
    """A key for what files hold and what is made of them: of a file by its content, of a folder by its listing."""
    digest = hashlib.sha256(json.dumps([VERSION, *preparation]).encode())
    for path in paths:
        digest.update(_fingerprint(path))
    return digest.hexdigest()[:40]


def _fingerprint(path: Path) -> bytes:
    if path.is_dir():
        entries = [
            (entry.relative_to(path).as_posix(), entry.stat().st_size, entry.stat().st_mtime_ns)
            for entry in sorted(path.rglob("*"))
            if entry.is_file()
        ]
        return hashlib.sha256(json.dumps([str(path), entries]).encode()).digest()
    with path.open("rb") as file:
        return hashlib.file_digest(file, hashlib.blake2b).digest()


def read(key: str, settings: DataSettings) -> Dataset | None:
    """What was kept under a key, or None."""
    path = _path(key, settings)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            labels = arrays.get("labels")
            names = arrays.get("class_names")
            kept = Dataset(arrays["samples"], labels, None if names is None else names.tolist())
        os.utime(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        log.warning("%s is damaged, it is made anew: %s", path, error)
        path.unlink(missing_ok=True)
        return None
    return kept


def write(key: str, data: Dataset, settings: DataSettings) -> None:
    """Keep a data set, whole or not at all; a full disk costs a line in the log."""
    if data.samples.nbytes > settings.cache_bytes:
        return
    path = _path(key, settings)
    arrays = {"samples": data.samples}
    if data.labels is not None:
        arrays["labels"] = data.labels
    if data.class_names is not None:
        arrays["class_names"] = np.array(data.class_names)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            made = Path(folder) / "data.npz"
            np.savez(made, allow_pickle=False, **arrays)
            os.replace(made, path)
        _forget_oldest(path.parent, settings.cache_bytes)
    except OSError as error:
        log.warning("%s cannot be kept: %s", path, error)


def _forget_oldest(folder: Path, most: int) -> None:
    """Delete the longest unused until no more than ``most`` bytes are left."""
    entries = sorted(((path.stat(), path) for path in folder.glob("*.npz")), key=lambda entry: entry[0].st_mtime)
    total = sum(status.st_size for status, _ in entries)
    for status, path in entries:
        if total <= most:
            return
        path.unlink(missing_ok=True)
        total -= status.st_size


def _path(key: str, settings: DataSettings) -> Path:
    return settings.cache / "prepared" / f"{key}.npz"
