"""Every state change of a job. A change is one conditional update: it says what it expects and holds, or does nothing.

    queued -> running <-> paused -> succeeded | failed | stopped

A worker *claims* a job, which raises the row's ``fence`` and gives it a lease. Whatever the worker writes afterwards
carries that fence; once the lease is lost and the job is claimed anew, the old worker's writes find no row. A method
that takes a :class:`Claim` and returns ``False`` means just that: the training must end at once and write no more.

What people ask of a job (pause, resume, stop, …) becomes its ``goal`` and a request that the worker takes between two
steps; the state follows when the worker gets there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

from sqlalchemy import CursorResult, Engine, Executable, case, delete, exists, func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, undefer

from service import db
from service.config import Settings
from service.db import history
from service.db.datasets import Datasets
from service.db.engine import now
from service.db.models import IdempotencyKey, Job, JobTag, Request, Sweep, SweepPlace
from service.db.runs import Runs
from service.db.sweeps import Sweeps

ACTIVE = ("running", "paused")
ENDED = ("succeeded", "failed", "stopped")

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

FORGOTTEN_SECONDS = 60
"""A job that has waited this long since it was last announced to the workers is announced again, …"""
FORGOTTEN_AT_ONCE = 20
"""… the oldest few at a time, so that a long queue does not fill the broker with reminders."""


MODULES = ("data", "generator", "discriminator", "loss", "training")
"""The modules of a spec whose choice a job shows without its spec."""


class JobNotFoundError(LookupError):
    """No job has this id."""


class SweepNotFoundError(LookupError):
    """No sweep has this id."""


class RefusedError(Exception):
    """What was asked does not fit the job's state. ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str):
        self.code = code
        super().__init__(message)


class IdempotencyMismatchError(Exception):
    """The key has been used for a different body."""


@dataclass(frozen=True)
class Claim:
    """The right to write a job. ``goal`` is what to steer for at the start: ``running`` or ``paused``."""

    job_id: str
    fence: int
    attempt: int
    goal: str = "running"


@dataclass(frozen=True)
class Member:
    """A job to be: its resolved spec, its hash, what its author should know, and the combination it stands for."""

    spec: Mapping[str, Any]
    hash: str
    notes: Sequence[Mapping[str, Any]]
    combination: Mapping[str, Any]


@dataclass(frozen=True)
class Idempotency:
    """An ``Idempotency-Key`` and the hash of the body it came with."""

    key: str
    body_sha256: str


class Store:
    """The jobs. Safe to share between threads and greenlets; several processes may open the same database."""

    def __init__(self, engine: Engine, settings: Settings):
        self.engine = engine
        self._reading = db.reading(engine)
        self._settings = settings
        self.datasets = Datasets(engine)
        self.runs = Runs(engine)
        self.sweeps = Sweeps(engine)
        self.history = history.History(self._reading)

    @classmethod
    def open(cls, settings: Settings) -> Store:
        """Connect to the settings' database and bring its tables up to date."""
        engine = db.connect(settings.database_url)
        db.upgrade(engine)
        return cls(engine, settings)

    def close(self) -> None:
        self.engine.dispose()

    def ping(self) -> None:
        """Raises an SQLAlchemyError if the database does not answer."""
        with Session(self._reading) as session:
            session.execute(select(Job.id).limit(1))

    # -- for the API ---------------------------------------------------------------------------------------------

    def submit(
        self,
        spec: Mapping[str, Any],
        *,
        hash: str | None = None,
        notes: Sequence[Mapping[str, Any]] | None = None,
        idempotency: Idempotency | None = None,
    ) -> Job:
        """Insert a job in state ``queued``.

        Args:
            spec: A resolved spec. ``hash`` defaults to its ``sha256()``, ``notes`` to its ``notes``.
            idempotency: If a job was submitted with this key before, that job is returned and none is made.

        Raises:
            RefusedError: ``queue_full``.
            IdempotencyMismatchError, JobNotFoundError: see :meth:`recall`.
        """
        job = _new_job(
            spec,
            hash or spec.sha256(),  # type: ignore[attr-defined]
            spec.get("notes", ()) if notes is None else notes,
        )
        made = self._insert(job.id, [job], idempotency)
        return self.get(made)

    def submit_sweep(
        self,
        name: str,
        axes: Sequence[Mapping[str, Any]],
        members: Sequence[Member],
        *,
        request: Mapping[str, Any],
        idempotency: Idempotency | None = None,
    ) -> Sweep:
        """Insert a sweep with all its jobs, in state ``queued``, or nothing.

        Args:
            axes: ``{"pointer", "values"}`` each.
            request: The body that the sweep was made from.

        Raises:
            As :meth:`submit`.
        """
        sweep = Sweep(
            id=secrets.token_hex(8),
            name=name,
            axes=[dict(axis) for axis in axes],
            request=dict(request),
            created_at=now(),
        )
        jobs = [_new_job(member.spec, member.hash, member.notes) for member in members]
        places = [
            SweepPlace(job_id=job.id, sweep_id=sweep.id, position=position, combination=dict(member.combination))
            for position, (job, member) in enumerate(zip(jobs, members, strict=True))
        ]
        made = self._insert(sweep.id, jobs, idempotency, further=[sweep, *places])
        return self.get_sweep(made)

    def adopt(self, spec: Mapping[str, Any], *, keep: Callable[[str], None]) -> Job:
        """Insert a job that was trained elsewhere, in state ``succeeded``.

        Args:
            spec: A resolved spec.
            keep: Puts the job's weights where they belong, given its id; what it raises leaves no job behind.
        """
        job = _new_job(spec, spec.sha256(), spec.get("notes", ()))  # type: ignore[attr-defined]
        job.state = job.goal = "succeeded"
        job.ended_at = job.created_at
        keep(job.id)
        made = self._insert(job.id, [job], None)
        return self.get(made)

    def add_ended(
        self,
        job_id: str,
        spec: Mapping[str, Any],
        *,
        hash: str,
        run: Mapping[str, Any],
        metrics: Sequence[history.TimedPoint],
        measurements: Sequence[tuple[int, str, float | None]],
        samples: Sequence[Mapping[str, Any]],
        markers: Sequence[Mapping[str, Any]],
    ) -> None:
        """Insert a job that was trained elsewhere, with all that it left behind.

        Args:
            run: ``name``, ``state`` (an ended one), ``comment``, ``tags``, and as far as they are known ``progress``,
                ``environment``, ``problem`` and the times.
        """
        job = _new_job({**spec, "name": run["name"]}, hash, spec.get("notes", ()))
        job.id = job_id
        job.state = job.goal = run["state"]
        job.created_at = run["created_at"] or now()
        job.hinted_at = None
        for column in ("comment", "progress", "environment", "problem", "started_at", "ended_at"):
            setattr(job, column, run[column])
        losses = [history.loss(job_id, *point) for point in metrics]
        if losses:
            job.losses = {name: losses[-1][name] for name in ("generator", "discriminator")}
        if samples:
            job.latest_sample = dict(samples[-1])
        with Session(self.engine) as session, session.begin():
            session.add(job)
            session.flush()
            session.add_all(JobTag(job_id=job_id, tag=tag) for tag in dict.fromkeys(run["tags"]))
            history.keep_losses(session, losses)
            history.keep_measurements(session, job_id, measurements)
            history.keep_samples(session, job_id, samples)
            history.keep_markers(session, job_id, markers)

    def _insert(
        self, resource_id: str, jobs: Sequence[Job], idempotency: Idempotency | None, further: Sequence[Any] = ()
    ) -> str:
        """Insert new jobs; the id of what they make up, which is an earlier one if the key was used before."""
        try:
            with Session(self.engine) as session, session.begin():
                queued = select(func.count()).select_from(Job).where(Job.state == "queued", Job.deleted_at.is_(None))
                waiting = session.scalar(queued) or 0
                if waiting + len(jobs) > self._settings.max_queued_jobs:
                    raise RefusedError(
                        "queue_full", f"{waiting} jobs are waiting already; try again when some have run."
                    )
                session.add_all(jobs)
                session.flush()
                session.add_all(further)
                if idempotency:
                    oldest = now() - self._settings.idempotency_seconds
                    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < oldest))
                    session.add(
                        IdempotencyKey(
                            key=idempotency.key,
                            body_sha256=idempotency.body_sha256,
                            resource_id=resource_id,
                            created_at=now(),
                        )
                    )
                session.flush()
        except IntegrityError:
            # The same key, submitted at the same moment: the other one has made the job.
            earlier = self.recall_id(idempotency) if idempotency else None
            if earlier is None:
                raise
            return earlier
        return resource_id

    def recall(self, idempotency: Idempotency) -> Job | None:
        """The job that was submitted with this key, if there is one and the key has not expired.

        Raises:
            IdempotencyMismatchError: the key came with a different body.
            JobNotFoundError: the job has been deleted since.
        """
        known = self.recall_id(idempotency)
        return None if known is None else self.get(known)

    def recall_id(self, idempotency: Idempotency) -> str | None:
        """The id of what was submitted with this key, job or sweep; it may have been deleted since.

        Raises:
            IdempotencyMismatchError: the key came with a different body.
        """
        with Session(self._reading) as session:
            known = session.scalar(
                select(IdempotencyKey).where(
                    IdempotencyKey.key == idempotency.key,
                    IdempotencyKey.created_at >= now() - self._settings.idempotency_seconds,
                )
            )
        if known is None:
            return None
        if known.body_sha256 != idempotency.body_sha256:
            raise IdempotencyMismatchError(idempotency.key)
        return known.resource_id

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

    def count_jobs(self) -> dict[str, int]:
        """How many jobs are in each state; states without a job are left out."""
        with Session(self._reading) as session:
            counts = select(Job.state, func.count()).where(Job.deleted_at.is_(None)).group_by(Job.state)
            return dict(session.execute(counts).all())

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
            if not _changed(session, found):
                raise SweepNotFoundError(sweep_id)
            session.execute(update(Job).where(*of_sweep).values(deleted_at=time), execution_options=_UNSYNCHRONIZED)

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
                    execution_options=_UNSYNCHRONIZED,
                )
                session.execute(update(Sweep).where(Sweep.id == sweep_id).values(deleted_at=None))
        sweep = self.get_sweep(sweep_id)
        if time is None:
            raise RefusedError("not_deleted", "The sweep is not deleted; there is nothing to restore.")
        return sweep

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
            if action == "stop" and _changed(
                session,
                update(Job)
                .where(*there, (Job.state == "queued") | _parked())
                .values(state="stopped", goal="stopped", ended_at=now()),
            ):
                session.execute(delete(Request).where(Request.job_id == job_id))
            elif _changed(
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

    # -- for the worker ------------------------------------------------------------------------------------------

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
                lease_expires_at=now() + self._settings.lease_seconds,
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
        return self._change(update(Job).where(*_held(claim)).values(lease_expires_at=self._lease()))

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
            if not _changed(session, update(Job).where(*_held(claim)).values(values)):
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
            ended = _changed(
                session,
                update(Job)
                .where(*_held(claim))
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
            .where(*_held(claim))
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
        return self._change(update(Job).where(*_held(claim)).values(lease_expires_at=now() - 1))

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
            .where(Request.id == oldest.scalar_subquery(), exists().where(*_held(claim)))
            .returning(Request.action, Request.parameters)
        )
        with Session(self.engine) as session, session.begin():
            row = session.execute(taking).one_or_none()
            return None if row is None else {**row.parameters, "action": row.action}

    # -- for the reaper ------------------------------------------------------------------------------------------

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

    def expired(self) -> list[str]:
        """Jobs whose time in the bin is over, so that nothing restores them: remove their files, then the rows."""
        with Session(self._reading) as session:
            return list(session.scalars(select(Job.id).where(Job.deleted_at < self._oldest_kept())))

    def forget_sweeps(self) -> None:
        """Remove the sweeps whose time in the bin is over; call it when their jobs are gone."""
        with Session(self.engine) as session, session.begin():
            session.execute(
                delete(Sweep).where(Sweep.deleted_at < self._oldest_kept()), execution_options=_UNSYNCHRONIZED
            )

    # ------------------------------------------------------------------------------------------------------------

    def _oldest_kept(self) -> Any:
        """When a job was deleted that may only just be restored."""
        return now() - self._settings.bin_seconds

    def _lease(self) -> Any:
        return now() + self._settings.lease_seconds

    def _change(self, statement: Executable) -> bool:
        with Session(self.engine) as session, session.begin():
            return _changed(session, statement)


def _new_job(spec: Mapping[str, Any], hash: str, notes: Sequence[Mapping[str, Any]]) -> Job:
    return Job(
        id=secrets.token_hex(8),
        name=spec.get("name") or _descriptive_name(spec),
        state="queued",
        goal="running",
        spec=dict(spec),
        hash=hash,
        choices=_choices(spec),
        notes=[dict(note) for note in notes],
        comment="",
        archived=False,
        created_at=now(),
        hinted_at=now(),
        fence=0,
        attempt=0,
        lost_attempts=0,
    )


def _choices(spec: Mapping[str, Any]) -> dict[str, Any]:
    choices = {name: spec[name]["choice"] for name in MODULES if "choice" in spec.get(name, {})}
    return {**choices, "driver": spec["driver"]} if "driver" in spec else choices


def _members(sweep_id: str) -> Any:
    return select(SweepPlace.job_id).where(SweepPlace.sweep_id == sweep_id)


def _descriptive_name(spec: Mapping[str, Any]) -> str:
    """What to call a job whose spec has no name: ``dcgan against wgan on digits``."""
    generator, discriminator = spec["generator"]["choice"], spec["discriminator"]["choice"]
    versus = "" if generator == discriminator else f" against {discriminator}"
    data = PurePosixPath(spec["data"].get("path", "")).name or spec["data"]["choice"]
    return f"{generator}{versus} on {data}"


_UNSYNCHRONIZED = {"synchronize_session": False}
"""No object of these sessions is looked at afterwards."""

_ENDED_WORDS = {"succeeded": "succeeded", "failed": "failed", "stopped": "been stopped"}


def _changed(session: Session, statement: Executable) -> bool:
    """Run an update or delete of one job and say whether it found its row."""
    result = cast("CursorResult[Any]", session.execute(statement, execution_options=_UNSYNCHRONIZED))
    return result.rowcount == 1


def _held(claim: Claim) -> tuple[Any, ...]:
    return Job.id == claim.job_id, Job.fence == claim.fence, Job.state.in_(ACTIVE), Job.owner.is_not(None)


def _parked() -> Any:
    """Paused for so long that the worker has saved a checkpoint and turned to other jobs."""
    return (Job.state == "paused") & Job.owner.is_(None)


def _lost() -> tuple[Any, ...]:
    return Job.state.in_(ACTIVE), Job.lease_expires_at < now()
