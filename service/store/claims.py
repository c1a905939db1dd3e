"""Claims: the right of one worker to write a job, for as long as it keeps renewing the lease."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, exists, func, select, update
from sqlalchemy.orm import Session

from service.db import history
from service.db.engine import now
from service.db.models import Job, Request
from service.store.part import Part, changed
from service.store.states import ACTIVE, ENDED


@dataclass(frozen=True)
class Claim:
    """The right to write a job. ``goal`` is what to steer for at the start: ``running`` or ``paused``."""

    job_id: str
    fence: int
    attempt: int
    goal: str = "running"


class Claims(Part):
    """Gives jobs to workers, and lets those that hold one write it, end it and give it back."""

    def claim(self, job_id: str, owner: str) -> Claim | None:
        """Take a job that is queued, or whose lease has run out. Of many who try at once exactly one succeeds.

        Returns:
            The claim, or ``None``: somebody else has it, it has ended or is to stop, it is gone, or it has taken
            ``max_attempts`` workers down (:meth:`end_lost` will say so).
        """
        lost = Job.state.in_(ACTIVE) & (Job.lease_expires_at < now())
        lost_attempts = Job.lost_attempts + case((lost, 1), else_=0)
        statement = (
            update(Job)
            .where(
                Job.id == job_id,
                Job.deleted_at.is_(None),
                (Job.state == "queued") | lost,
                Job.goal != "stopped",
                lost_attempts < self._settings.max_attempts,
            )
            .values(
                state="running",
                owner=owner,
                lease_expires_at=self._lease(),
                fence=Job.fence + 1,
                attempt=Job.attempt + 1,
                lost_attempts=lost_attempts,
                started_at=func.coalesce(Job.started_at, now()),
            )
            .returning(Job.fence, Job.attempt, Job.goal)
        )
        with Session(self.engine) as session, session.begin():
            row = session.execute(statement).one_or_none()
            if row is None:
                return None
            if row.goal == "paused":
                # The pause may have been taken by the worker that was lost.
                pause = Request(job_id=job_id, action="pause", parameters={}, created_at=now())
                if not session.scalar(select(exists().where(Request.job_id == job_id, Request.action == "pause"))):
                    session.add(pause)
            return Claim(job_id, row.fence, row.attempt, row.goal)

    def renew(self, claim: Claim) -> bool:
        """Extend the lease. ``False``: it is lost, end the training. A late renewal that nobody forestalled is fine."""
        return self._change(update(Job).where(*held(claim)).values(lease_expires_at=self._lease()))

    def write(
        self,
        claim: Claim,
        *,
        state: str | None = None,
        progress: Mapping[str, Any] | None = None,
        metrics: Iterable[history.Point | history.TimedPoint] = (),
        measurements: Iterable[tuple[int, str, float | None]] = (),
        samples: Iterable[Mapping[str, Any]] = (),
        markers: Iterable[Mapping[str, Any]] = (),
        environment: Mapping[str, Any] | None = None,
    ) -> bool:
        """Write what a training reports, all or nothing, and renew the lease.

        Args:
            state: ``running`` or ``paused``.
            progress: The progress event, without ``type``.
            metrics: ``(step, generator loss, discriminator loss)`` and, where it is known, the seconds trained by
                then; in the order of the steps. A step that is there already is replaced, so a run resumed from a
                checkpoint doubles none. The last one becomes the job's ``losses``. Numbers that are not finite are
                kept as ``None``.
            measurements: ``(step, metric name, value)``.
            samples: Sample events, each with its ``step``; the last one becomes the job's ``latest_sample``.
            markers: What happened, each ``{"step", "kind", …}``.
            environment: Device, precision, versions.

        Returns:
            ``False`` if the lease is lost: nothing was written, end the training.
        """
        if state is not None and state not in ACTIVE:
            raise ValueError(f"state must be 'running' or 'paused', got {state!r}; a job is ended by finish().")
        losses = [history.loss(claim.job_id, *point) for point in metrics]
        sample_list = [dict(sample) for sample in samples]
        values: dict[str, Any] = {"lease_expires_at": self._lease()}
        if state is not None:
            values["state"] = state
        if progress is not None:
            values["progress"] = {name: history.finite(value) for name, value in progress.items()}
        if losses:
            values["losses"] = {name: losses[-1][name] for name in ("generator", "discriminator")}
        if sample_list:
            values["latest_sample"] = sample_list[-1]
        if environment is not None:
            values["environment"] = dict(environment)
        with Session(self.engine) as session, session.begin():
            if not changed(session, update(Job).where(*held(claim)).values(values)):
                return False
            history.keep_losses(session, losses)
            history.keep_measurements(session, claim.job_id, measurements)
            history.keep_samples(session, claim.job_id, sample_list)
            history.keep_markers(session, claim.job_id, markers)
            return True

    def finish(self, claim: Claim, state: str, problem: Mapping[str, Any] | None = None) -> bool:
        """End the job: ``succeeded``, ``stopped``, or ``failed`` with a problem ``{code, message, …}``.

        Returns:
            ``False`` if the lease is lost: the end is somebody else's to write.
        """
        if state not in ENDED:
            raise ValueError(f"state must be one of {ENDED}, got {state!r}")
        with Session(self.engine) as session, session.begin():
            ended = changed(
                session,
                update(Job)
                .where(*held(claim))
                .values(
                    state=state,
                    goal=state,
                    problem=None if problem is None else dict(problem),
                    ended_at=now(),
                    owner=None,
                    lease_expires_at=None,
                ),
            )
            if ended:
                session.execute(delete(Request).where(Request.job_id == claim.job_id))
            return ended

    def release(self, claim: Claim, *, park: bool = False) -> bool:
        """Give the job back, unharmed: the worker is told to shut down. Counts against no limit.

        Args:
            park: A job that is to pause stays ``paused`` and waits for somebody to resume it, without a worker.
                Otherwise, and if it was resumed meanwhile, it goes back to the queue.
        """
        stopping = Job.goal == "stopped"
        resting = (Job.goal == "paused") & park
        return self._change(
            update(Job)
            .where(*held(claim))
            .values(
                state=case((stopping, "stopped"), (resting, "paused"), else_="queued"),
                ended_at=case((stopping, now()), else_=None),
                owner=None,
                lease_expires_at=None,
                hinted_at=None,
            )
        )

    def abandon(self, claim: Claim) -> bool:
        """Let the lease run out now: the training process died, and the next look for lost jobs is to find this one."""
        return self._change(update(Job).where(*held(claim)).values(lease_expires_at=now() - 1))

    def _lease(self) -> Any:
        """When a lease that is renewed now runs out."""
        return now() + self._settings.lease_seconds


def held(claim: Claim) -> tuple[Any, ...]:
    """The condition that a claim still holds its job."""
    return Job.id == claim.job_id, Job.fence == claim.fence, Job.state.in_(ACTIVE), Job.owner.is_not(None)
