"""A job's numbers and pictures as a training to read."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from drivers.data.pictures import GAP
from service.api.previews import real_grid
from service.db.history import History
from service.db.models import Job
from service.queue.usage import PREFIX
from service.reading import Training
from service.reading.diversity import diversity, tiles
from service.reading.look import Look, look_of
from service.storage import Storage
from service.values import describe
from spec.frame import Frame

KEPT_GRIDS = 10_000
"""A grid that is there does not change, so what was found out of it is kept in memory."""


def training_of(
    job: Job, curve: np.ndarray, history: History, storage: Storage, max_grids: int, real: Look | None = None
) -> Training:
    """What a reading looks at.

    Args:
        job: with its spec.
        curve: (N, 4), see `service.curves`.
        max_grids: of more grids of samples, some at even distances are looked at.
        real: of real samples, see `look_of_data`.
    """
    grids = _grids(job, history, storage, max_grids)
    measured = {name: points for name, points in history.measurements(job.id).items() if not name.startswith(PREFIX)}
    known = {name: [(step, value) for step, value in points if value is not None] for name, points in measured.items()}
    directions = {name: describe(name).better for name in known}
    return Training(
        curve[:, 0],
        curve[:, 1],
        curve[:, 2],
        job.spec["loss"]["choice"],
        [(step, value) for step, (value, _) in grids],
        known,
        {name: better for name, better in directions.items() if better},
        {kind: known[f"accuracy/{kind}"] for kind in ("real", "fake") if f"accuracy/{kind}" in known},
        [(step, look) for step, (_, look) in grids] if _are_images(job.spec) else (),
        real,
        diverged=(job.problem or {}).get("code") == "diverged",
    )


def look_of_data(spec: Mapping[str, Any]) -> Look | None:
    """The look of as many real images as a grid of the job has; None where they are no images, or not on this machine.

    Raises:
        DataError: the data cannot be read.
    """
    png = real_grid(spec) if _are_images(spec) else None
    if png is None:
        return None
    frame, count = Frame.of(spec["data"]), spec["training"]["sample_count"]
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        columns = (picture.width + GAP) // (frame.width + GAP)
        rows = (picture.height + GAP) // (frame.height + GAP)
        # Where there are fewer data than samples in a grid, only the rows that are surely full are looked at.
        full = rows if rows * columns == count else rows - 1
        if full * columns < 2:
            return None
        images = tiles(picture, columns, rows * columns)[: full * columns]
    return look_of(images)


def _are_images(spec: Mapping[str, Any]) -> bool:
    return Frame.of(spec["data"]).source == "image"


def _grids(job: Job, history: History, storage: Storage, max_grids: int) -> list[tuple[int, tuple[float, Look]]]:
    """Diversity and look of the grids that are pictures of several images each."""
    steps = [sample["step"] for sample in history.sample_steps(job.id)]
    groups = job.spec["data"].get("classes") or 1 if job.spec["generator"]["conditional"] else 1
    every = -(-len(steps) // max_grids) if steps else 1
    found = []
    for step in [*steps[:-1:every], *steps[-1:]]:
        details = history.sample(job.id, step) or {}
        if (details.get("count") or 0) < 2 or not details.get("columns"):
            continue
        numbers = _grid(storage, job.id, step, details["columns"], details["count"], groups)
        if numbers and math.isfinite(numbers[0]):
            found.append((step, numbers))
    return found


@lru_cache(maxsize=KEPT_GRIDS)
def _grid(storage: Storage, job_id: str, step: int, columns: int, count: int, groups: int) -> tuple[float, Look] | None:
    """None for a picture that is gone or is no grid of images."""
    try:
        with storage.open(job_id, f"samples/{step}.png") as file, Image.open(file, formats=["PNG"]) as picture:
            rows = -(-count // columns)
            if (picture.width + GAP) % columns or (picture.height + GAP) % rows:
                return None
            images = tiles(picture, columns, count)
    except FileNotFoundError:
        return None
    return diversity(images, groups), look_of(images)
