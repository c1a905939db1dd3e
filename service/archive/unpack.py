"""A zip from somebody into a run. Nothing in it is trusted: not its names, not its sizes, not its contents."""

from __future__ import annotations

import json
import re
import stat
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO, Any

from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError, safe_open

from drivers.zips import BROKEN_IN_MEMORY
from service.archive.pack import STORED, VERSION
from service.archive.tables import TableError, read_measurements, read_metrics
from service.storage import Storage

DOCUMENTS = (
    "run.json",
    "spec.json",
    "environment.json",
    "metrics.csv",
    "measurements.csv",
    "markers.json",
    "samples.json",
)
NEEDED = ("run.json", "spec.json", "metrics.csv")
IGNORED = ("metrics.parquet", "measurements.parquet")
"""Said again by the CSV files, which are simpler to read safely."""

ENDED = ("succeeded", "failed", "stopped")
SAMPLE = re.compile(r"samples/(\d{1,18})\.png")
MARKER_KINDS = ("paused", "resumed", "changed", "stepped", "continued")
CHUNK_BYTES = 256 * 1024
MAX_PIXELS = 64_000_000


class ArchiveError(Exception):
    """The file is no run, or not one that is taken in. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(message)


@dataclass(frozen=True)
class Limits:
    """How large an archive may be once it is unpacked."""

    bytes: int
    files: int


class Archive:
    """A zip that has been looked at, but not unpacked.

    Raises:
        ArchiveError: it is no zip, is encrypted, holds names that are none of a run's, names twice, links, or more than
            the limits allow, or lacks what a run needs.
    """

    def __init__(self, file: IO[bytes], limits: Limits):
        self._left = limits.bytes
        try:
            self._zip = zipfile.ZipFile(file)
        except BROKEN_IN_MEMORY as error:
            raise ArchiveError("not_a_zip", f"This is no zip file: {error}.") from error
        entries = [entry for entry in self._zip.infolist() if not entry.is_dir()]
        if len(entries) > limits.files:
            raise ArchiveError("too_many_files", f"{len(entries):,} files are more than the {limits.files:,} of a run.")
        names = [entry.filename for entry in entries]
        for entry in entries:
            self._check(entry)
        if len(set(names)) < len(names):
            raise ArchiveError("name_twice", "A name is in the archive twice.")
        if missing := [name for name in NEEDED if name not in names]:
            raise ArchiveError("not_a_run", f"{', '.join(missing)} is not in the archive; a run has it.")
        if sum(entry.file_size for entry in entries) > limits.bytes:
            raise ArchiveError(
                "too_large", f"Unpacked, this is more than the {limits.bytes:,} bytes that a run may have."
            )
        self._entries = {entry.filename: entry for entry in entries}

    def _check(self, entry: zipfile.ZipInfo) -> None:
        name = entry.filename
        if name not in DOCUMENTS and name not in IGNORED and not STORED.fullmatch(name):
            raise ArchiveError("foreign_name", f"'{name[:100]}' is no file of a run.")
        if entry.flag_bits & 1:
            raise ArchiveError("encrypted", f"'{name}' is encrypted.")
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise ArchiveError("link", f"'{name}' is a link.")

    def document(self, name: str) -> Any:
        """A JSON file; ``None`` where it is not there."""
        if name not in self._entries:
            return None
        try:
            content = json.loads(self._read(name))
            json.dumps(content, ensure_ascii=False, allow_nan=False).encode()  # what cannot be told again is refused
        except (ValueError, RecursionError) as error:
            raise ArchiveError("bad_json", f"{name} is not JSON.") from error
        return content

    def metrics(self) -> list[tuple[int, float | None, float | None, float | None]]:
        """See `service.archive.tables.read_metrics`."""
        try:
            return read_metrics(self._read("metrics.csv"))
        except TableError as error:
            raise ArchiveError("bad_table", str(error)) from error

    def measurements(self) -> list[tuple[int, str, float | None]]:
        """Scores and usage; none where the archive has none."""
        if "measurements.csv" not in self._entries:
            return []
        try:
            return read_measurements(self._read("measurements.csv"))
        except TableError as error:
            raise ArchiveError("bad_table", str(error)) from error

    def run(self) -> dict[str, Any]:
        """What run.json says, as far as it can be believed."""
        said = self.document("run.json")
        if not isinstance(said, dict) or said.get("authorgan_run") != VERSION:
            raise ArchiveError("not_a_run", f"run.json does not say '\"authorgan_run\": {VERSION}'.")
        name, comment, tags = said.get("name"), said.get("comment"), said.get("tags")
        return {
            "name": _text(name, 200) or "imported run",
            "state": said.get("state") if said.get("state") in ENDED else "stopped",
            "comment": _text(comment, 10_000),
            "tags": [text for tag in tags if (text := _text(tag, 64))] if isinstance(tags, list) else [],
            "progress": _numbers(said.get("progress")),
            "environment": _small(self.document("environment.json")),
            "problem": _problem(said.get("problem")),
            **{name: _time(said.get(name)) for name in ("created_at", "started_at", "ended_at")},
        }

    def markers(self) -> list[dict[str, Any]]:
        """What happened; what is no marker is left out."""
        said = self.document("markers.json")
        return [
            marker
            for marker in (said if isinstance(said, list) else [])
            if isinstance(marker, dict) and _is_step(marker.get("step")) and marker.get("kind") in MARKER_KINDS
            if _small(marker) is not None
        ]

    def samples(self, job_id: str) -> list[dict[str, Any]]:
        """The sample events of the pictures that are there, with addresses of their new job."""
        said = self.document("samples.json")
        told = {
            sample["step"]: sample
            for sample in (said if isinstance(said, list) else [])
            if isinstance(sample, dict) and _is_step(sample.get("step"))
        }
        steps = sorted(int(match[1]) for name in self._entries if (match := SAMPLE.fullmatch(name)))
        keys = ("epoch", "width", "height", "columns", "count")
        return [
            {
                "step": step,
                **{key: value for key in keys if _is_step(value := told.get(step, {}).get(key))},
                "url": f"/v1/jobs/{job_id}/samples/{step}.png",
            }
            for step in steps
        ]

    def store(self, storage: Storage, job_id: str) -> None:
        """Write pictures, weights, scores and event files, each looked at first, as artefacts of a job."""
        for name in self._entries:
            if not STORED.fullmatch(name):
                continue
            with storage.writing(job_id, name) as path:
                with path.open("wb") as target:
                    for piece in self._pieces(name):
                        target.write(piece)
                        time.sleep(0)  # a large run must not hold up the other greenlets
                _look_at(name, str(path))

    def _read(self, name: str) -> bytes:
        return b"".join(self._pieces(name))

    def _pieces(self, name: str) -> Any:
        """What an entry unpacks to, however much less it said that would be."""
        try:
            with self._zip.open(self._entries[name]) as source:
                while piece := source.read(CHUNK_BYTES):
                    self._left -= len(piece)
                    if self._left < 0:
                        raise ArchiveError("too_large", f"'{name}' unpacks to more than it said.")
                    yield piece
        except BROKEN_IN_MEMORY as error:
            raise ArchiveError("corrupt", f"'{name}' cannot be unpacked: {error}.") from error


def _look_at(name: str, path: str) -> None:
    """What others will open must be what its name says."""
    if name.endswith(".png"):
        try:
            with Image.open(path, formats=["PNG"]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise ArchiveError("too_large", f"'{name}' has more than {MAX_PIXELS:,} pixels.")
                picture.verify()
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            raise ArchiveError("corrupt", f"'{name}' is no PNG picture.") from error
    elif name.endswith(".safetensors"):
        try:
            with safe_open(path, framework="numpy") as weights:
                list(weights.keys())
        except (SafetensorError, OSError, ValueError) as error:
            raise ArchiveError("corrupt", f"'{name}' is no safetensors file: {error}.") from error
    elif name.endswith(".json"):
        try:
            with open(path, encoding="utf-8") as file:
                json.load(file)
        except (ValueError, RecursionError) as error:
            raise ArchiveError("bad_json", f"{name} is not JSON.") from error


def _text(value: Any, most: int) -> str:
    return value.replace("\0", "").strip()[:most] if isinstance(value, str) else ""


def _is_step(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**62


def _time(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 2**34 else None
    )


def _numbers(value: Any) -> dict[str, float] | None:
    """An object of numbers, such as a progress; what is none is left out."""
    if not isinstance(value, Mapping):
        return None
    return {
        name: number
        for name, number in value.items()
        if isinstance(name, str) and isinstance(number, int | float) and abs(number) < 2**62
    }


def _problem(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, Mapping) or not all(isinstance(value.get(key), str) for key in ("code", "message")):
        return None
    return {"code": value["code"][:100], "message": value["message"][:2000]}


def _small(value: Any, most: int = 20_000) -> dict[str, Any] | None:
    """An object, unless it is a large one."""
    return dict(value) if isinstance(value, dict) and len(json.dumps(value)) <= most else None
