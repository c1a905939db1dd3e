"""Sweeps and the jobs in them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from service.db.engine import reading
from service.db.models import Job, Sweep, SweepPlace


class Sweeps:
    """Reads sweeps. One whose jobs have been deleted one by one is still there, and empty."""

    def __init__(self, engine: Engine):
        self._reading = reading(engine)

    def get(self, sweep_id: str) -> Sweep | None:
        """The sweep, unless it is gone or in the bin."""
        with Session(self._reading) as session:
            return session.scalar(select(Sweep).where(Sweep.id == sweep_id, Sweep.deleted_at.is_(None)))

    def newest(self, *, limit: int, after: tuple[float, str] | None = None, deleted: bool = False) -> list[Sweep]:
        """The newest first; ``after``: time and id of the last one seen."""
        query = select(Sweep).order_by(Sweep.created_at.desc(), Sweep.id.desc()).limit(limit)
        query = query.where(Sweep.deleted_at.is_not(None) if deleted else Sweep.deleted_at.is_(None))
        if after:
            time, sweep_id = after
            query = query.where(
                (Sweep.created_at < time) | ((Sweep.created_at == time) & (Sweep.id < sweep_id)),
            )
        with Session(self._reading) as session:
            return list(session.scalars(query))

    def jobs(self, sweep_ids: Sequence[str]) -> dict[str, list[Job]]:
        """The jobs of each sweep, in the order of their combinations, without their specs."""
        query = (
            select(Job, SweepPlace.sweep_id)
            .join(SweepPlace, SweepPlace.job_id == Job.id)
            .where(SweepPlace.sweep_id.in_(sweep_ids), Job.deleted_at.is_(None))
            .order_by(SweepPlace.position)
        )
        found: dict[str, list[Job]] = {sweep_id: [] for sweep_id in sweep_ids}
        with Session(self._reading) as session:
            for job, sweep_id in session.execute(query):
                found[sweep_id].append(job)
            session.expunge_all()
        return found
