"""How jobs come to be: submitted, alone or as a sweep, at most once a key; or adopted, trained elsewhere."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.db import history
from service.db.engine import now
from service.db.models import IdempotencyKey, Job, JobTag, Sweep, SweepPlace
from service.store.part import Part
from service.store.states import RefusedError

MODULES = ("data", "generator", "discriminator", "loss", "training")
"""The modules of a spec whose choice a job shows without its spec."""


class IdempotencyMismatchError(Exception):
    """The key has been used for a different body."""


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


class Submission(Part):
    """Inserts jobs."""

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


def _descriptive_name(spec: Mapping[str, Any]) -> str:
    """What to call a job whose spec has no name: ``dcgan against wgan on digits``."""
    generator, discriminator = spec["generator"]["choice"], spec["discriminator"]["choice"]
    versus = "" if generator == discriminator else f" against {discriminator}"
    data = PurePosixPath(spec["data"].get("path", "")).name or spec["data"]["choice"]
    return f"{generator}{versus} on {data}"
