"""What people ask of a job: it becomes the job's goal, and a request that the worker takes between two steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import case, delete, exists, func, select, update
from sqlalchemy.orm import Session

from service.db.engine import now
from service.db.models import Job, Request
from service.store.claims import Claim, held
from service.store.part import Part, changed
from service.store.states import ENDED, RefusedError

ACTIONS: dict[str, tuple[frozenset[str], str | None]] = {
    # action: (the goals it fits, the goal it leads to or None)
    "pause": (frozenset({"running"}), "paused"),
    "resume": (frozenset({"paused"}), "running"),
    "step": (frozenset({"paused"}), None),
    "update": (frozenset({"running", "paused"}), None),
    "checkpoint": (frozenset({"running", "paused"}), None),
    "stop": (frozenset({"running", "paused"}), "stopped"),
}
"""Which action fits when. A job that waits in the queue has the goal ``running``, so it may be paused beforehand."""

_ENDED_WORDS = {"succeeded": "succeeded", "failed": "failed", "stopped": "been stopped"}


class Requests(Part):
    """Leaves requests at a job, and takes them."""

    def request(self, job_id: str, action: str, parameters: Mapping[str, Any] | None = None) -> Job:
        """Ask something of a job; see :data:`ACTIONS`. A job that no worker holds is stopped on the spot.

        Returns:
            The job as it is now; its state follows when the worker gets to the request. To stop a job that is
            stopping already is no error and changes nothing. A parked job (see :meth:`release`) goes back to the
            queue for anything else: announce it to the workers when its state is ``queued``.

        Raises:
            JobNotFoundError: there is none.
            RefusedError: ``action_not_possible`` in the job's state; ``too_many_requests`` wait already.
        """
        fitting, goal = ACTIONS[action]
        there = Job.id == job_id, Job.deleted_at.is_(None)
        with Session(self.engine) as session, session.begin():
            if action == "stop" and changed(
                session,
                update(Job)
                .where(*there, (Job.state == "queued") | _parked())
                .values(state="stopped", goal="stopped", ended_at=now()),
            ):
                session.execute(delete(Request).where(Request.job_id == job_id))
            elif changed(
                session,
                update(Job)
                .where(*there, Job.state.not_in(ENDED), Job.goal.in_(fitting))
                .values(
                    goal=goal or Job.goal,
                    state=case((_parked(), "queued"), else_=Job.state),
                    hinted_at=case((_parked(), now()), else_=Job.hinted_at),
                ),
            ):
                waiting = select(func.count()).select_from(Request).where(Request.job_id == job_id)
                if action != "stop" and (session.scalar(waiting) or 0) >= self._settings.max_pending_requests:
                    raise RefusedError("too_many_requests", "The training has not got to the earlier requests yet.")
                session.add(Request(job_id=job_id, action=action, parameters=dict(parameters or {}), created_at=now()))
            else:
                self._explain_refusal(job_id, action)
        return self.get(job_id)

    def _explain_refusal(self, job_id: str, action: str) -> None:
        """Raise what stands against the action; return if nothing needs to be done for it."""
        job = self.get(job_id)
        if job.state in ENDED:
            raise RefusedError(
                "action_not_possible", f"The job has {_ENDED_WORDS[job.state]}; there is nothing to {action}."
            )
        if job.goal == "stopped":
            if action == "stop":
                return
            raise RefusedError("action_not_possible", f"The job is about to stop; it is too late to {action}.")
        if job.goal == "paused":
            raise RefusedError("action_not_possible", f"The job is paused already; resume it to {action} again.")
        raise RefusedError("action_not_possible", f"The job is {job.state}; pause it first to {action}.")

    def take_request(self, claim: Claim) -> dict[str, Any] | None:
        """The oldest request, ``{"action", …parameters}``, which is thereby removed; ``None`` if there is none.

        A worker that has lost its lease takes none. Cheap enough to be asked several times a second: without a
        request it takes no lock.
        """
        oldest = select(func.min(Request.id)).where(Request.job_id == claim.job_id)
        with Session(self._reading) as session:
            if session.scalar(oldest) is None:
                return None
        taking = (
            delete(Request)
            .where(Request.id == oldest.scalar_subquery(), exists().where(*held(claim)))
            .returning(Request.action, Request.parameters)
        )
        with Session(self.engine) as session, session.begin():
            row = session.execute(taking).one_or_none()
            return None if row is None else {**row.parameters, "action": row.action}


def _parked() -> Any:
    """Paused for so long that the worker has saved a checkpoint and turned to other jobs."""
    return (Job.state == "paused") & Job.owner.is_(None)
