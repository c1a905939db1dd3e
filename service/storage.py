"""Where a job's artefacts are kept: a local folder by default, an object store by URL (anything fsspec knows).

An artefact is named by its job and a relative name such as `weights.safetensors` or `samples/000500.png`. Names are
opaque: they are checked against a pattern before they reach a file system, so no name leads out of its job's folder.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import fsspec
from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

JOB_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
"""What a job id may look like; it is also the name of a folder."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}(/[A-Za-z0-9][A-Za-z0-9._-]{0,127}){0,3}")
"""What an artefact may be called: no part starts with a dot, so there is neither `..` nor a hidden file."""


@dataclass(frozen=True)
class Artefact:
    """One stored file: its name within the job, its size in bytes and when it was last written (UTC)."""

    name: str
    size: int
    modified: datetime


class Storage:
    """The artefacts of all jobs under one URL.

    Args:
        url: `file:///…`, `s3://bucket/prefix` or any other fsspec URL.
        home: Folder of this machine for work on files whose storage is elsewhere (checkpoints, downloaded weights).

    Every method raises `ValueError` for a job id or name that could not be one of ours, and `FileNotFoundError` for an
    artefact that is not there.
    """

    def __init__(self, url: str, home: str | os.PathLike[str]):
        self._fs: fsspec.AbstractFileSystem
        self._fs, self._root = url_to_fs(url)
        self._home = Path(home)
        self.is_local = isinstance(self._fs, LocalFileSystem)

    def open(self, job_id: str, name: str, mode: str = "rb") -> IO:
        """Open an artefact for reading (`rb`, `r`); to write one, use `write_atomic`."""
        if mode not in ("rb", "r"):
            raise ValueError(f"mode must be 'rb' or 'r', got {mode!r}; artefacts are written by write_atomic")
        return self._fs.open(self._path(job_id, name), mode)

    def write_atomic(self, job_id: str, name: str, data: bytes) -> None:
        """Write an artefact whole: a reader sees the old content or the new, never a part of it."""
        path = self._path(job_id, name)
        if not self.is_local:
            self._fs.pipe_file(path, data)  # object stores put an object whole
            return
        with self.writing(job_id, name) as temporary:
            temporary.write_bytes(data)

    @contextmanager
    def writing(self, job_id: str, name: str) -> Iterator[Path]:
        """A temporary local path that becomes the artefact when the block ends without an error.

        For libraries that write to a path themselves, such as safetensors.
        """
        path = self._path(job_id, name)
        folder = Path(path).parent if self.is_local else self.local_folder(job_id)
        folder.mkdir(parents=True, exist_ok=True)
        handle, temporary_name = tempfile.mkstemp(prefix=".", suffix=".tmp", dir=folder)
        os.close(handle)
        temporary = Path(temporary_name)
        try:
            yield temporary
            if self.is_local:
                temporary.chmod(0o644)
                temporary.replace(path)
            else:
                self._fs.put_file(str(temporary), path)
        finally:
            temporary.unlink(missing_ok=True)

    def exists(self, job_id: str, name: str) -> bool:
        """Whether the artefact is there."""
        return self._fs.isfile(self._path(job_id, name))

    def info(self, job_id: str, name: str) -> Artefact:
        """Size and time of one artefact."""
        return _artefact(name, self._fs.info(self._path(job_id, name)))

    def list(self, job_id: str) -> Sequence[Artefact]:
        """All artefacts of a job, sorted by name; hidden and half-written files are not among them."""
        folder = self._folder(job_id)
        self._fs.invalidate_cache(folder)
        found = []
        for path, info in self._fs.find(folder, detail=True).items():
            name = path.removeprefix(folder).lstrip("/")
            if NAME.fullmatch(name):
                with suppress(FileNotFoundError):  # replaced between the listing and now
                    found.append(_artefact(name, info))
        return sorted(found, key=lambda artefact: artefact.name)

    def remove(self, job_id: str, name: str) -> None:
        """Remove one artefact."""
        self._fs.rm_file(self._path(job_id, name))

    def delete(self, job_id: str) -> None:
        """Remove everything of a job, here and in the store. Nothing there is no error."""
        with suppress(FileNotFoundError):
            self._fs.rm(self._folder(job_id), recursive=True)
        shutil.rmtree(self.local_folder(job_id), ignore_errors=True)

    def local_folder(self, job_id: str) -> Path:
        """The job's folder on this machine: the stored one itself where the storage is local, else a working copy."""
        return Path(self._folder(job_id)) if self.is_local else self._home / "work" / _checked(JOB_ID, "job id", job_id)

    def local_copy(self, job_id: str, name: str) -> Path:
        """A path of this machine with the artefact's content, downloaded first where the storage is elsewhere."""
        if self.is_local:
            path = Path(self._path(job_id, name))
            if not path.is_file():
                raise FileNotFoundError(str(path))
            return path
        target = self.local_folder(job_id) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        self._fs.get_file(self._path(job_id, name), str(target))
        return target

    def push_folder(self, job_id: str, name: str) -> None:
        """Store the local folder `name` as one tar, so that it is replaced whole. Local storage has it already."""
        if self.is_local:
            return
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as tar:
            tar.add(self.local_folder(job_id) / name, arcname=name)
        self._fs.pipe_file(self._path(job_id, f"{name}.tar"), buffer.getvalue())

    def pull_folder(self, job_id: str, name: str) -> Path:
        """The local folder `name`, fetched from the store if it was pushed from another machine."""
        folder = self.local_folder(job_id)
        if not self.is_local:
            archive = self._path(job_id, f"{name}.tar")
            self._fs.invalidate_cache(self._folder(job_id))
            if self._fs.isfile(archive):
                folder.mkdir(parents=True, exist_ok=True)
                shutil.rmtree(folder / name, ignore_errors=True)
                with self._fs.open(archive, "rb") as source, tarfile.open(fileobj=source) as tar:
                    tar.extractall(folder, filter="data")
        return folder / name

    def _folder(self, job_id: str) -> str:
        return f"{self._root}/{_checked(JOB_ID, 'job id', job_id)}"

    def _path(self, job_id: str, name: str) -> str:
        return f"{self._folder(job_id)}/{_checked(NAME, 'artefact name', name)}"


def _checked(pattern: re.Pattern[str], what: str, value: str) -> str:
    if not pattern.fullmatch(value):
        raise ValueError(f"{value!r} is not a valid {what}")
    return value


def _artefact(name: str, info: dict) -> Artefact:
    modified = info.get("mtime") or info.get("LastModified") or info.get("created") or 0
    if not isinstance(modified, datetime):
        modified = datetime.fromtimestamp(float(modified), UTC)
    return Artefact(name, int(info["size"]), modified)
