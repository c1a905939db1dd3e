"""What a training leaves behind as it goes: the losses of every step, measurements, samples."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Engine, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.db.models import Base, Loss, Measurement, Sample

CHUNK = 2000
Point = tuple[int, float | None, float | None]
"""Step, loss of the generator, loss of the discriminator."""


def finite(value: Any) -> Any:
    """``value``, or ``None`` for a number that JSON cannot carry."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def loss(job_id: str, step: int, generator: float | None, discriminator: float | None) -> dict[str, Any]:
    """The row of one step."""
    return {
        "job_id": job_id,
        "step": step,
        "generator": finite(generator),
        "discriminator": finite(discriminator),
    }


def keep_losses(session: Session, losses: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace; see :func:`loss`."""
    _upsert(session, Loss, losses)


def keep_measurements(session: Session, job_id: str, measurements: Iterable[tuple[int, str, float | None]]) -> None:
    """Insert or replace ``(step, name, value)``."""
    rows = [
        {"job_id": job_id, "name": name, "step": step, "value": finite(value)} for step, name, value in measurements
    ]
    _upsert(session, Measurement, rows)


def keep_samples(session: Session, job_id: str, samples: Sequence[Mapping[str, Any]]) -> None:
    """Insert or replace sample events, each with its ``step``."""
    _upsert(session, Sample, [{"job_id": job_id, "step": item["step"], "details": dict(item)} for item in samples])


def _upsert(session: Session, model: type[Base], rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    statement = dialect.insert(model)
    key = [column.name for column in model.__table__.primary_key]
    values = {name: statement.excluded[name] for name in rows[0] if name not in key}
    session.connection().execute(statement.on_conflict_do_update(index_elements=key, set_=values), rows)


class History:
    """Reads what trainings left behind. Knows nothing of whether a job exists: without one, all is empty."""

    def __init__(self, engine: Engine):
        """``engine``: as returned by :func:`service.db.reading`."""
        self._engine = engine

    def losses(self, job_id: str, *, start: int = 0, max_points: int) -> list[Point]:
        """The losses from step ``start`` on, in the order of the steps.

        More than ``max_points`` are thinned so that the curve keeps its peaks: the steps are cut into ranges of equal
        length, and of each range stay the points where either loss is least or greatest; the first and the last point
        stay as well.
        """
        of_job = Loss.job_id == job_id, Loss.step >= start
        with Session(self._engine) as session:
            extent = select(func.count(), func.min(Loss.step), func.max(Loss.step)).where(*of_job)
            count, first, last = session.execute(extent).one()
            query = select(Loss.step, Loss.generator, Loss.discriminator).where(*of_job).order_by(Loss.step)
            points = _in_turns(session.execute(query.execution_options(yield_per=CHUNK)).partitions())
            if count <= max_points:
                return list(points)
            return thin(points, first, last, max_points)

    def measurements(self, job_id: str, *, start: int = 0) -> dict[str, list[tuple[int, float | None]]]:
        """``{metric name: [(step, value), …]}``."""
        query = (
            select(Measurement.name, Measurement.step, Measurement.value)
            .where(Measurement.job_id == job_id, Measurement.step >= start)
            .order_by(Measurement.name, Measurement.step)
        )
        with Session(self._engine) as session:
            rows = session.execute(query).all()
        return {name: [(row.step, row.value) for row in group] for name, group in groupby(rows, lambda row: row.name)}

    def samples(self, job_id: str, *, limit: int, after: int | None = None) -> list[dict[str, Any]]:
        """Sample events, the newest first, those before step ``after``."""
        query = select(Sample.details).where(Sample.job_id == job_id).order_by(Sample.step.desc()).limit(limit)
        if after is not None:
            query = query.where(Sample.step < after)
        with Session(self._engine) as session:
            return list(session.scalars(query))

    def sample(self, job_id: str, step: int | None = None) -> dict[str, Any] | None:
        """The sample event of a step, or the newest."""
        query = select(Sample.details).where(Sample.job_id == job_id).order_by(Sample.step.desc()).limit(1)
        if step is not None:
            query = query.where(Sample.step == step)
        with Session(self._engine) as session:
            return session.scalar(query)


def _in_turns(partitions: Iterable[Sequence[Any]]) -> Iterator[Point]:
    for rows in partitions:
        yield from (tuple(row) for row in rows)
        time.sleep(0)  # a long history must not hold up the other greenlets


def thin(points: Iterable[Point], first: int, last: int, max_points: int) -> list[Point]:
    """Thin points whose steps lie in ``first..last`` to at most ``max_points``; see :meth:`History.losses`."""
    ranges = max(1, (max_points - 2) // 4)
    length = (last - first + 1) / ranges
    kept: list[Point] = []
    for _, group in groupby(points, lambda point: int((point[0] - first) / length)):
        members = list(group)
        chosen = {0} if not kept else set()
        for column in (1, 2):
            known = [(value, index) for index, member in enumerate(members) if (value := member[column]) is not None]
            if known:
                chosen.add(min(known)[1])
                chosen.add(max(known)[1])
        if not chosen or members[-1][0] == last:
            chosen.add(len(members) - 1)
        kept.extend(members[index] for index in sorted(chosen))
    return kept
