"""The bin: a deleted job or sweep is marked, seen by nothing but its restoration, and removed for good later."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Executable, delete, func, select, update
from sqlalchemy.orm import Session

from service.db.engine import now
from service.db.models import Job, Sweep, SweepPlace
from service.store.part import UNSYNCHRONIZED, Part, changed
from service.store.states import ACTIVE, RefusedError, SweepNotFoundError


class Bin(Part):
    """Deletes and restores jobs and sweeps, and says whose time in the bin is over."""

    def delete(self, job_id: str, *, permanently: bool = False) -> None:
        """Put a job that no worker holds into the bin, from which :meth:`restore` takes it back.

        Args:
            permanently: Remove it at once, in the bin or not, with all that the database knows of it.

        Raises:
            JobNotFoundError: there is none.
            RefusedError: ``job_active``: a worker holds it.
        """
        idle = Job.id == job_id, Job.state.not_in(ACTIVE)
        statement: Executable
        if permanently:
            statement = delete(Job).where(*idle)
        else:
            statement = update(Job).where(*idle, Job.deleted_at.is_(None)).values(deleted_at=now())
        if not self._change(statement):
            state = self.get(job_id).state
            raise RefusedError("job_active", f"The job is {state}. Stop it first, then delete it.")

    def restore(self, job_id: str) -> Job:
        """Take a job out of the bin as it was; one that waited to be trained waits again: announce it.

        Raises:
            JobNotFoundError: there is none, or its time in the bin is over.
            RefusedError: ``not_deleted``.
        """
        deleted = Job.id == job_id, Job.deleted_at >= self._oldest_kept()
        if not self._change(update(Job).where(*deleted).values(deleted_at=None, hinted_at=now())):
            self.get(job_id)
            raise RefusedError("not_deleted", "The job is not deleted; there is nothing to restore.")
        return self.get(job_id)

    def delete_sweep(self, sweep_id: str) -> None:
        """Put a sweep and its jobs into the bin.

        Raises:
            SweepNotFoundError: there is none.
            RefusedError: ``job_active``: workers hold some of its jobs.
        """
        with Session(self.engine) as session, session.begin():
            of_sweep = Job.id.in_(_members(sweep_id)), Job.deleted_at.is_(None)
            active = session.scalar(select(func.count()).where(*of_sweep, Job.state.in_(ACTIVE)))
            if active:
                message = f"{active} of the sweep's jobs are with workers. Stop the sweep first, then delete it."
                raise RefusedError("job_active", message)
            time = session.scalar(select(now()))
            found = update(Sweep).where(Sweep.id == sweep_id, Sweep.deleted_at.is_(None)).values(deleted_at=time)
            if not changed(session, found):
                raise SweepNotFoundError(sweep_id)
            session.execute(update(Job).where(*of_sweep).values(deleted_at=time), execution_options=UNSYNCHRONIZED)

    def restore_sweep(self, sweep_id: str) -> Sweep:
        """Take a sweep out of the bin, with the jobs that were deleted with it; those that waited wait again.

        Raises:
            SweepNotFoundError: there is none, or its time in the bin is over.
            RefusedError: ``not_deleted``.
        """
        with Session(self.engine) as session, session.begin():
            time = session.scalar(
                select(Sweep.deleted_at).where(Sweep.id == sweep_id, Sweep.deleted_at >= self._oldest_kept())
            )
            if time is not None:
                together = Job.id.in_(_members(sweep_id)), Job.deleted_at == time
                session.execute(
                    update(Job).where(*together).values(deleted_at=None, hinted_at=None),
                    execution_options=UNSYNCHRONIZED,
                )
                session.execute(update(Sweep).where(Sweep.id == sweep_id).values(deleted_at=None))
        sweep = self.get_sweep(sweep_id)
        if time is None:
            raise RefusedError("not_deleted", "The sweep is not deleted; there is nothing to restore.")
        return sweep

    def expired(self) -> list[str]:
        """Jobs whose time in the bin is over, so that nothing restores them: remove their files, then the rows."""
        with Session(self._reading) as session:
            return list(session.scalars(select(Job.id).where(Job.deleted_at < self._oldest_kept())))

    def forget_sweeps(self) -> None:
        """Remove the sweeps whose time in the bin is over; call it when their jobs are gone."""
        with Session(self.engine) as session, session.begin():
            session.execute(
                delete(Sweep).where(Sweep.deleted_at < self._oldest_kept()), execution_options=UNSYNCHRONIZED
            )

    def _oldest_kept(self) -> Any:
        """When a job was deleted that may only just be restored."""
        return now() - self._settings.bin_seconds


def _members(sweep_id: str) -> Any:
    """The ids of a sweep's jobs."""
    return select(SweepPlace.job_id).where(SweepPlace.sweep_id == sweep_id)
