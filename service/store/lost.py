"""Lost jobs: those whose worker has not renewed its lease, and those that no worker has ever heard of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from service.db.engine import now
from service.db.models import Job, Request
from service.store.part import Part
from service.store.states import ACTIVE

FORGOTTEN_SECONDS = 60
"""A job that has waited this long since it was last announced to the workers is announced again, …"""
FORGOTTEN_AT_ONCE = 20
"""… the oldest few at a time, so that a long queue does not fill the broker with reminders."""


class Lost(Part):
    """Puts lost jobs back into the queue, or ends them."""

    def requeue_lost(self) -> list[str]:
        """Put jobs whose lease has run out back into the queue; call :meth:`end_lost` first.

        Returns:
            The jobs to announce to the workers: those, and the oldest of those that nobody has picked up for long (a
            wiped broker). Announcing one twice does no harm.
        """
        requeue = (
            update(Job)
            .where(*_lost(), Job.goal != "stopped", Job.lost_attempts + 1 < self._settings.max_attempts)
            .values(
                state="queued",
                owner=None,
                lease_expires_at=None,
                lost_attempts=Job.lost_attempts + 1,
                hinted_at=now(),
            )
            .returning(Job.id)
        )
        unheard = func.coalesce(Job.hinted_at, 0.0) < now() - FORGOTTEN_SECONDS
        waiting = Job.state == "queued", Job.deleted_at.is_(None), unheard
        oldest = select(Job.id).where(*waiting).order_by(Job.created_at).limit(FORGOTTEN_AT_ONCE)
        remind = update(Job).where(Job.id.in_(oldest)).values(hinted_at=now()).returning(Job.id)
        with Session(self.engine) as session, session.begin():
            return [*session.scalars(requeue), *session.scalars(remind)]

    def end_lost(self) -> list[Job]:
        """End jobs whose lease has run out and that must not start again, and return them.

        A job that was to stop is ``stopped``; one that has taken ``max_attempts`` workers down is ``failed``.
        """
        problem = {
            "code": "worker_lost",
            "message": f"The training took its worker down {self._settings.max_attempts} times, most likely because "
            "it needs more memory than there is. Try a smaller batch size, image size or model.",
        }
        ended = {"owner": None, "lease_expires_at": None, "ended_at": now()}
        stop = update(Job).where(*_lost(), Job.goal == "stopped").values(state="stopped", **ended).returning(Job.id)
        fail = (
            update(Job)
            .where(*_lost(), Job.lost_attempts + 1 >= self._settings.max_attempts)
            .values(state="failed", goal="failed", lost_attempts=Job.lost_attempts + 1, problem=problem, **ended)
            .returning(Job.id)
        )
        with Session(self.engine) as session, session.begin():
            ids = [*session.scalars(stop), *session.scalars(fail)]
            session.execute(delete(Request).where(Request.job_id.in_(ids)))
        return [self.get(job_id) for job_id in ids]


def _lost() -> tuple[Any, ...]:
    """The condition that a job's lease has run out."""
    return Job.state.in_(ACTIVE), Job.lease_expires_at < now()
