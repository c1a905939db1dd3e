"""Many jobs at once: found, put in order, and told apart by names, tags and comments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Engine, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.orm import Session

from service.db.engine import now, reading
from service.db.models import Job, JobTag, SweepPlace

UNKNOWN = 1.7e308
"""Stands for a number that is not known, so that such jobs come last whichever way the others are sorted."""


@dataclass(frozen=True)
class Filter:
    """Which jobs are meant; a field that is left as it is excludes none.

    Attributes:
        states: in one of these.
        name: the name contains this, in whatever case.
        text: each of its words is in the name, the comment, a tag or the id.
        tags: has all of these.
        archived: in the archive or not; None: both.
        deleted: in the bin.
        sweep: of this sweep.
    """

    states: Sequence[str] = ()
    name: str | None = None
    text: str | None = None
    tags: Sequence[str] = ()
    archived: bool | None = None
    deleted: bool = False
    sweep: str | None = None

    def conditions(self) -> list[ColumnElement[bool]]:
        """As SQL."""
        found: list[ColumnElement[bool]] = [Job.deleted_at.is_not(None) if self.deleted else Job.deleted_at.is_(None)]
        if self.states:
            found.append(Job.state.in_(self.states))
        if self.name:
            found.append(Job.name.icontains(self.name, autoescape=True))
        if self.archived is not None:
            found.append(Job.archived.is_(self.archived))
        if self.sweep is not None:
            found.append(exists().where(SweepPlace.job_id == Job.id, SweepPlace.sweep_id == self.sweep))
        found += [_has_tag(JobTag.tag == tag) for tag in self.tags]
        for word in (self.text or "").split():
            columns = (Job.name, Job.comment, Job.id)
            inside = [column.icontains(word, autoescape=True) for column in columns]
            found.append(or_(*inside, _has_tag(JobTag.tag.icontains(word, autoescape=True))))
        return found


def _has_tag(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(JobTag.job_id == Job.id, condition)


def _progress(name: str) -> ColumnElement[Any]:
    return Job.progress[name].as_float()


def _loss(name: str) -> ColumnElement[Any]:
    return Job.losses[name].as_float()


TEXTS: dict[str, ColumnElement[Any]] = {
    "name": Job.name.expression,
    "state": Job.state.expression,
    **{name: func.coalesce(Job.choices[name].as_string(), "") for name in ("data", "generator", "discriminator")},
}
NUMBERS: dict[str, ColumnElement[Any]] = {
    "created_at": Job.created_at.expression,
    "started_at": Job.started_at.expression,
    "ended_at": Job.ended_at.expression,
    "duration": func.coalesce(Job.ended_at, now()) - Job.started_at,
    "attempt": Job.attempt.expression,
    "step": _progress("step"),
    "epoch": _progress("epoch"),
    "fraction": case((Job.state == "succeeded", 1.0), else_=_progress("step") / func.nullif(_progress("total"), 0)),
    "images_per_second": _progress("images_per_second"),
    "eta_seconds": _progress("eta_seconds"),
    "generator_loss": _loss("generator"),
    "discriminator_loss": _loss("discriminator"),
}
"""What jobs can be sorted by."""


@dataclass(frozen=True)
class Page:
    """Some jobs, without their specs, and where the next page goes on: the last job's sort key and id."""

    jobs: list[Job]
    after: tuple[Any, str] | None


class Runs:
    """Finds jobs and keeps what people say of them."""

    def __init__(self, engine: Engine):
        self._engine = engine
        self._reading = reading(engine)

    def find(
        self,
        wanted: Filter = Filter(),
        *,
        sort: str = "-created_at",
        limit: int = 20,
        after: tuple[Any, str] | None = None,
    ) -> Page:
        """The jobs that are wanted, in order; those that lack what they are sorted by come last.

        Args:
            sort: one of `TEXTS` or `NUMBERS`, a leading ``-`` for descending.
            after: as the page before says.
        """
        descending = sort.startswith("-")
        key = _key(sort.removeprefix("-"), descending)
        query = select(Job, key.label("key")).where(*wanted.conditions()).limit(limit + 1)
        if after:
            value, job_id = after
            further = key < value if descending else key > value
            further_id = Job.id < job_id if descending else Job.id > job_id
            query = query.where(further | ((key == value) & further_id))
        order = (key.desc(), Job.id.desc()) if descending else (key.asc(), Job.id.asc())
        with Session(self._reading) as session:
            rows = session.execute(query.order_by(*order)).all()
            session.expunge_all()
        page, more = rows[:limit], len(rows) > limit
        return Page([row.Job for row in page], (page[-1].key, page[-1].Job.id) if more else None)

    def edit(self, job_id: str, *, tags: Sequence[str] | None = None, **columns: Any) -> bool:
        """Change what people say of a job: ``tags`` replace the old ones, ``columns`` are of `Job`.

        Returns:
            False: there is no such job.
        """
        with Session(self._engine) as session, session.begin():
            if session.scalar(select(Job.id).where(Job.id == job_id, Job.deleted_at.is_(None))) is None:
                return False
            if columns:
                session.execute(update(Job).where(Job.id == job_id).values(columns))
            if tags is not None:
                session.execute(delete(JobTag).where(JobTag.job_id == job_id))
                if tags:
                    session.execute(insert(JobTag), [{"job_id": job_id, "tag": tag} for tag in dict.fromkeys(tags)])
        return True

    def tags(self) -> dict[str, int]:
        """Every tag in use and how many jobs have it, in the order of the alphabet."""
        query = (
            select(JobTag.tag, func.count())
            .join(Job, Job.id == JobTag.job_id)
            .where(Job.deleted_at.is_(None))
            .group_by(JobTag.tag)
            .order_by(JobTag.tag)
        )
        with Session(self._reading) as session:
            return dict(list(session.execute(query)))


def _key(sort: str, descending: bool) -> ColumnElement[Any]:
    """What to sort by, never NULL."""
    if sort in TEXTS:
        return TEXTS[sort]
    return func.coalesce(NUMBERS[sort], -UNKNOWN if descending else UNKNOWN)
