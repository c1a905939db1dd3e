"""A run into a zip, piece by piece."""

from __future__ import annotations

import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from service.archive.tables import MEASUREMENTS, METRICS, measurement_rows, metrics_rows, to_csv, to_parquet
from service.db.history import History
from service.db.models import Job
from service.storage import Storage

VERSION = 1
STORED = re.compile(r"samples/\d+\.png|weights\.safetensors|scores\.json|tensorboard/events\.out\.tfevents\.[\w.]+")
"""The artefacts that go along. Checkpoints do not: they are several times as large, and only a driver reads them."""

CHUNK_BYTES = 256 * 1024
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every entry, the earliest that a zip can hold, so that the same run makes the same file."""

KEPT = (
    "name",
    "hash",
    "state",
    "choices",
    "notes",
    "progress",
    "losses",
    "environment",
    "problem",
    "comment",
    "archived",
)
"""Columns of a job that mean the same elsewhere."""


def pack(job: Job, history: History, storage: Storage) -> Iterator[bytes]:
    """The zip file, as pieces; never more than one of them is in memory.

    Args:
        job: with its spec.
    """
    sink: Any = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _documents(job, history):
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
            yield sink.take()
        for artefact in storage.list(job.id):
            if STORED.fullmatch(artefact.name):
                entry = zipfile.ZipInfo(artefact.name, EPOCH)
                with storage.open(job.id, artefact.name) as file, archive.open(entry, "w", force_zip64=True) as target:
                    while piece := file.read(CHUNK_BYTES):
                        target.write(piece)
                        yield sink.take()
    yield sink.take()


def _documents(job: Job, history: History) -> Iterator[tuple[str, bytes]]:
    yield "run.json", _json(_description(job))
    yield "spec.json", _json(job.spec)
    yield "environment.json", _json(job.environment or {})
    metrics = metrics_rows(history.curve(job.id))
    measurements = measurement_rows(history.measurements(job.id))
    yield "metrics.csv", to_csv(METRICS, metrics)
    yield "metrics.parquet", to_parquet(METRICS, metrics)
    yield "measurements.csv", to_csv(MEASUREMENTS, measurements)
    yield "measurements.parquet", to_parquet(MEASUREMENTS, measurements)
    yield "markers.json", _json([{**marker.details, "step": marker.step} for marker in history.markers(job.id)])
    samples = history.samples(job.id, limit=10**9)
    yield "samples.json", _json([{k: v for k, v in sample.items() if k != "url"} for sample in reversed(samples)])


def _description(job: Job) -> dict[str, Any]:
    return {
        "authorgan_run": VERSION,
        "id": job.id,
        **{name: getattr(job, name) for name in KEPT if name != "environment"},
        "tags": [tag.tag for tag in job.tags],
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
    }


def _json(content: Mapping[str, Any] | list[Any]) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=False).encode()


class _Sink:
    """A file that a zip is written to and that forgets what was taken from it. It cannot be sought in."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._position = 0

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position

    def flush(self) -> None:
        """There is nothing to flush: what is written waits to be taken."""

    def take(self) -> bytes:
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
