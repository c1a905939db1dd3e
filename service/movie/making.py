"""The movies of a job, kept as artefacts until there are newer samples."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.config import Settings
from service.storage import Storage

log = logging.getLogger(__name__)

PROJECT = Path(__file__).parents[2]

ONE_AT_A_TIME = threading.Semaphore(1)
"""Encoding uses a processor; the others are for training."""


class MovieError(Exception):
    """No movie came of it; the message says why."""


def movie(
    job_id: str,
    samples: Sequence[dict[str, Any]],
    *,
    total: int | None,
    extension: str,
    seconds: int,
    fps: int,
    storage: Storage,
    settings: Settings,
) -> str:
    """The name of an artefact with a movie of these samples; made now unless it is there already.

    Args:
        samples: ``{"step", "epoch"}`` each, in order, at least one.
        total: steps of the whole training, where they are known.
        extension: ``gif`` or ``mp4``.

    Raises:
        MovieError: a picture is missing, or it took too long.
    """
    kind = f"movies/{seconds}s-{fps}fps-"
    name = f"{kind}{len(samples)}-{samples[-1]['step']}.{extension}"
    if storage.exists(job_id, name):
        return name
    with ONE_AT_A_TIME:
        if storage.exists(job_id, name):
            return name
        request = {
            "storage_url": settings.storage_url,
            "home": str(settings.home),
            "job_id": job_id,
            "name": name,
            "samples": list(samples),
            "total": total,
            "format": extension,
            "seconds": seconds,
            "fps": fps,
            "limit_seconds": settings.movie_making_seconds,
        }
        _run(request, settings.movie_making_seconds)
        _forget_older(storage, job_id, kind, name)
    return name


def _run(request: dict[str, Any], seconds: float) -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "service.movie"],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=seconds,
            cwd=PROJECT,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise MovieError(f"It was not ready after {seconds:g} s; ask for a shorter one.") from error
    if done.returncode:
        last_words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        log.error("job %s: no movie: %s", request["job_id"], done.stderr.decode(errors="replace"))
        raise MovieError(f"Its maker ended with status {done.returncode} {last_words}.")


def _forget_older(storage: Storage, job_id: str, kind: str, name: str) -> None:
    """A training that goes on outdates its movies."""
    extension = name.rpartition(".")[2]
    for artefact in storage.list(job_id):
        if artefact.name.startswith(kind) and artefact.name.endswith(extension) and artefact.name != name:
            with suppress(FileNotFoundError):
                storage.remove(job_id, artefact.name)
