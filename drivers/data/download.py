"""Downloads that can be interrupted: taken up where they broke off, checked, and put in place whole."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from drivers.data.errors import DataError
from drivers.data.settings import DataSettings

CHUNK_BYTES = 256 * 1024
FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 8.0
USER_AGENT = "AuthorGAN"


@dataclass(frozen=True)
class RemoteFile:
    """A file to download.

    Attributes:
        name: Its name, here and behind the base URL.
        md5: What its publisher says its content hashes to; empty: not told.
        max_bytes: More than this is not read; a sane bound for a server that never ends.
        sha256_start: What its publisher says the SHA-256 of its content begins with.
    """

    name: str
    md5: str
    max_bytes: int
    sha256_start: str = ""

    def is_published(self, path: Path) -> bool:
        """Whether the content of a file is the published one."""
        return self.md5 in ("", _digest(path, "md5")) and _digest(path, "sha256").startswith(self.sha256_start)


def download(
    file: RemoteFile,
    folder: Path,
    base_urls: Sequence[str],
    settings: DataSettings,
    told: Callable[[int, int | None], None],
) -> Path:
    """Fetch a file into a folder, unless it is there.

    Sources are tried in turn. An interrupted download leaves ``<name>.part``, which the next attempt, or the next
    process, goes on with. Several processes may ask for the same file; one of them fetches it.

    Args:
        told: Called with the bytes that are there and the bytes there will be, None if the server does not say.

    Raises:
        DataError: `download_failed`, with what each source answered.
    """
    target = folder / file.name
    if target.exists():
        return target
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder / f".{file.name}.lock"):
        if target.exists():
            return target
        failures = []
        for base_url in base_urls:
            url = urljoin(base_url if base_url.endswith("/") else base_url + "/", file.name)
            try:
                _from_source(url, file, target, settings, told)
                return target
            except _SourceFailedError as error:
                failures.append(f"{url}: {error}")
    raise DataError(
        "download_failed",
        f"'{file.name}' could not be downloaded ({'; '.join(failures) or 'no source is configured'}). "
        f"Put it into {folder} by hand, or try again later.",
        "/data/choice",
    )


class _SourceFailedError(Exception):
    """This source does not have the file, or not the right one."""


def _from_source(
    url: str, file: RemoteFile, target: Path, settings: DataSettings, told: Callable[[int, int | None], None]
) -> None:
    if urlsplit(url).scheme not in {"http", "https"}:
        raise _SourceFailedError("only http and https are downloaded from")
    part = target.with_name(target.name + ".part")
    pause = FIRST_PAUSE_SECONDS
    restarted = False
    for attempt in range(1, settings.download_attempts + 1):
        try:
            _fetch(url, part, file, settings, told)
        except urllib.error.HTTPError as error:
            if error.code == 416:  # the part is no part of this file
                part.unlink(missing_ok=True)
            elif error.code < 500 and error.code not in (408, 429):
                raise _SourceFailedError(f"HTTP status {error.code}") from error
            reason = f"HTTP status {error.code}"
        except (OSError, http.client.HTTPException) as error:
            reason = str(getattr(error, "reason", None) or error) or type(error).__name__
        else:
            if file.is_published(part):
                os.replace(part, target)
                return
            # Perhaps the part was begun from another source; a second mismatch is this source's own.
            part.unlink()
            if restarted:
                raise _SourceFailedError("the content is not the published one (its checksum differs)")
            restarted = True
            continue
        if attempt < settings.download_attempts:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
    raise _SourceFailedError(f"given up after {settings.download_attempts} attempts, the last: {reason}")


def _fetch(
    url: str, part: Path, file: RemoteFile, settings: DataSettings, told: Callable[[int, int | None], None]
) -> None:
    """One request that goes on behind what ``part`` holds; raises OSError where it breaks off."""
    there = part.stat().st_size if part.exists() else 0
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=settings.download_seconds) as response:
        if response.status != 206:
            there = 0  # the server sends it from the start
        length = response.headers.get("Content-Length")
        total = there + int(length) if length else None
        if (total or 0) > file.max_bytes:
            raise _SourceFailedError(f"it is {total:,} bytes large, more than it can be")
        with part.open("r+b" if there else "wb") as out:
            out.seek(there)
            while chunk := response.read(CHUNK_BYTES):
                there += len(chunk)
                if there > file.max_bytes:
                    raise _SourceFailedError("it is larger than it can be")
                out.write(chunk)
                told(there, total)
        if total is not None and there < total:
            raise ConnectionError(f"the connection ended after {there:,} of {total:,} bytes")


def _digest(path: Path, algorithm: str) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
