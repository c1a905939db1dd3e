"""What every part of the store works with: the database, and how a row is changed."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, Engine, Executable
from sqlalchemy.orm import Session, undefer

from service import db
from service.config import Settings
from service.db.models import Job, Sweep
from service.db.sweeps import Sweeps
from service.store.states import JobNotFoundError, SweepNotFoundError

UNSYNCHRONIZED = {"synchronize_session": False}
"""No object of these sessions is looked at afterwards."""


class Part:
    """Reads single jobs and sweeps, and changes rows. Safe to share between threads and greenlets."""

    def __init__(self, engine: Engine, settings: Settings):
        self.engine = engine
        self._reading = db.reading(engine)
        self._settings = settings
        self.sweeps = Sweeps(engine)

    def get(self, job_id: str) -> Job:
        """The job with its spec.

        Raises:
            JobNotFoundError: there is none, or it is in the bin.
        """
        with Session(self._reading) as session:
            job = session.get(Job, job_id, options=[undefer(Job.spec)])
            if job is None or job.deleted_at is not None:
                raise JobNotFoundError(job_id)
            session.expunge(job)
            return job

    def get_sweep(self, sweep_id: str) -> Sweep:
        """Raises SweepNotFoundError: there is none, or it is in the bin."""
        sweep = self.sweeps.get(sweep_id)
        if sweep is None:
            raise SweepNotFoundError(sweep_id)
        return sweep

    def _change(self, statement: Executable) -> bool:
        """Run an update or delete of one job in a transaction of its own; whether it found its row."""
        with Session(self.engine) as session, session.begin():
            return changed(session, statement)


def changed(session: Session, statement: Executable) -> bool:
    """Run an update or delete of one row and say whether it found it."""
    result = cast("CursorResult[Any]", session.execute(statement, execution_options=UNSYNCHRONIZED))
    return result.rowcount == 1
