"""A job's numbers and pictures as a training to read."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from PIL import Image

from drivers.data.pictures import GAP
from service.db.history import History
from service.db.models import Job
from service.queue.usage import PREFIX
from service.reading import Training
from service.reading.diversity import diversity, tiles
from service.storage import Storage
from service.values import describe

KEPT_DIVERSITIES = 10_000
"""A grid that is there does not change, so what was found out of it is kept in memory."""


def training_of(job: Job, curve: np.ndarray, history: History, storage: Storage, max_grids: int) -> Training:
    """What a reading looks at.

    Args:
        job: with its spec.
        curve: (N, 4), see `service.curves`.
        max_grids: of more grids of samples, some at even distances are looked at.
    """
    measured = {name: points for name, points in history.measurements(job.id).items() if not name.startswith(PREFIX)}
    known = {name: [(step, value) for step, value in points if value is not None] for name, points in measured.items()}
    directions = {name: describe(name).better for name in known}
    return Training(
        curve[:, 0],
        curve[:, 1],
        curve[:, 2],
        job.spec["loss"]["choice"],
        _diversities(job, history, storage, max_grids),
        known,
        {name: better for name, better in directions.items() if better},
        {kind: known[f"accuracy/{kind}"] for kind in ("real", "fake") if f"accuracy/{kind}" in known},
        diverged=(job.problem or {}).get("code") == "diverged",
    )


def _diversities(job: Job, history: History, storage: Storage, max_grids: int) -> list[tuple[int, float]]:
    """Of the grids that are pictures of several images each."""
    steps = [sample["step"] for sample in history.sample_steps(job.id)]
    groups = job.spec["data"].get("classes") or 1 if job.spec["generator"]["conditional"] else 1
    every = -(-len(steps) // max_grids) if steps else 1
    found = []
    for step in [*steps[:-1:every], *steps[-1:]]:
        details = history.sample(job.id, step) or {}
        if (details.get("count") or 0) < 2 or not details.get("columns"):
            continue
        value = _diversity(storage, job.id, step, details["columns"], details["count"], groups)
        if math.isfinite(value):
            found.append((step, value))
    return found


@lru_cache(maxsize=KEPT_DIVERSITIES)
def _diversity(storage: Storage, job_id: str, step: int, columns: int, count: int, groups: int) -> float:
    """NaN for a picture that is gone or is no grid of images."""
    try:
        with storage.open(job_id, f"samples/{step}.png") as file, Image.open(file, formats=["PNG"]) as picture:
            rows = -(-count // columns)
            if (picture.width + GAP) % columns or (picture.height + GAP) % rows:
                return math.nan
            return diversity(tiles(picture, columns, count), groups)
    except FileNotFoundError:
        return math.nan
