"""What a training leaves behind as it goes: the losses of every step, measurements, markers, samples."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np
from sqlalchemy import Engine, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.db.engine import now
from service.db.models import Base, Loss, Marker, Measurement, Sample

CHUNK = 20_000
Point = tuple[int, float | None, float | None]
"""Step, loss of the generator, loss of the discriminator."""
TimedPoint = tuple[int, float | None, float | None, float | None]
"""The same, and the seconds trained by then."""


def finite(value: Any) -> Any:
    """``value``, or ``None`` for a number that JSON cannot carry."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def loss(
    job_id: str, step: int, generator: float | None, discriminator: float | None, seconds: float | None = None
) -> dict[str, Any]:
    """The row of one step."""
    return {
        "job_id": job_id,
        "step": step,
        "generator": finite(generator),
        "discriminator": finite(discriminator),
        "seconds": seconds,
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


def keep_markers(session: Session, job_id: str, markers: Iterable[Mapping[str, Any]]) -> None:
    """Insert what happened, each ``{"step", "kind", …}``, at the database's time."""
    rows = [
        {"job_id": job_id, "step": marker["step"], "details": {k: v for k, v in marker.items() if k != "step"}}
        for marker in markers
    ]
    if rows:
        session.execute(insert(Marker).values(at=now()), rows)


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

    def curve(self, job_id: str, *, first: int = 0, last: int | None = None) -> np.ndarray:
        """The losses from step ``first`` to ``last``: (N, 4), see `service.curves`."""
        query = select(Loss.step, Loss.generator, Loss.discriminator, Loss.seconds)
        query = query.where(Loss.job_id == job_id, Loss.step >= first).order_by(Loss.step)
        if last is not None:
            query = query.where(Loss.step <= last)
        parts = [np.empty((0, 4))]
        with Session(self._engine) as session:
            # The driver's own rows: of the time that a long curve takes, wrapping each of them would be the half.
            cursor: Any = session.connection().execute(query).cursor
            while rows := cursor.fetchmany(CHUNK):
                parts.append(np.array(rows, float))
                time.sleep(0)  # a long history must not hold up the other greenlets
        return np.concatenate(parts)

    def seconds(self, job_id: str, step: int) -> float:
        """How long a job had trained by a step; 0 where that is not known."""
        query = select(Loss.seconds).where(Loss.job_id == job_id, Loss.step <= step).order_by(Loss.step.desc()).limit(1)
        with Session(self._engine) as session:
            return session.scalar(query) or 0.0

    def markers(self, job_id: str) -> list[Marker]:
        """What happened, in the order in which it did."""
        with Session(self._engine) as session:
            return list(session.scalars(select(Marker).where(Marker.job_id == job_id).order_by(Marker.id)))

    def measurements(
        self, job_id: str, *, first: int = 0, last: int | None = None
    ) -> dict[str, list[tuple[int, float | None]]]:
        """``{metric name: [(step, value), …]}``."""
        query = (
            select(Measurement.name, Measurement.step, Measurement.value)
            .where(Measurement.job_id == job_id, Measurement.step >= first)
            .order_by(Measurement.name, Measurement.step)
        )
        if last is not None:
            query = query.where(Measurement.step <= last)
        with Session(self._engine) as session:
            rows = session.execute(query).all()
        return {name: [(row.step, row.value) for row in group] for name, group in groupby(rows, lambda row: row.name)}

    def latest(self, job_ids: Sequence[str]) -> dict[str, dict[str, float | None]]:
        """The last value of each metric of each job: ``{job id: {metric name: value}}``."""
        newest = (
            select(Measurement.job_id, Measurement.name, func.max(Measurement.step).label("step"))
            .where(Measurement.job_id.in_(job_ids))
            .group_by(Measurement.job_id, Measurement.name)
            .subquery()
        )
        query = select(Measurement.job_id, Measurement.name, Measurement.value).join(
            newest,
            (Measurement.job_id == newest.c.job_id)
            & (Measurement.name == newest.c.name)
            & (Measurement.step == newest.c.step),
        )
        found: dict[str, dict[str, float | None]] = {job_id: {} for job_id in job_ids}
        with Session(self._engine) as session:
            for job_id, name, value in session.execute(query):
                found[job_id][name] = value
        return found

    def samples(self, job_id: str, *, limit: int, after: int | None = None) -> list[dict[str, Any]]:
        """Sample events, the newest first, those before step ``after``."""
        query = select(Sample.details).where(Sample.job_id == job_id).order_by(Sample.step.desc()).limit(limit)
        if after is not None:
            query = query.where(Sample.step < after)
        with Session(self._engine) as session:
            return list(session.scalars(query))

    def sample_steps(self, job_id: str) -> list[dict[str, Any]]:
        """Step and epoch of every grid of samples, in order."""
        query = select(Sample.step, Sample.details["epoch"].as_integer().label("epoch"))
        query = query.where(Sample.job_id == job_id).order_by(Sample.step)
        with Session(self._engine) as session:
            return [{"step": row.step, "epoch": row.epoch} for row in session.execute(query)]

    def sample_until(self, job_id: str, step: int | None) -> int | None:
        """The step of the newest grid of samples up to a step, or of all."""
        query = select(func.max(Sample.step)).where(Sample.job_id == job_id)
        if step is not None:
            query = query.where(Sample.step <= step)
        with Session(self._engine) as session:
            return session.scalar(query)

    def sample(self, job_id: str, step: int | None = None) -> dict[str, Any] | None:
        """The sample event of a step, or the newest."""
        query = select(Sample.details).where(Sample.job_id == job_id).order_by(Sample.step.desc()).limit(1)
        if step is not None:
            query = query.where(Sample.step == step)
        with Session(self._engine) as session:
            return session.scalar(query)
