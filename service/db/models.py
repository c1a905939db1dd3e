"""The tables. Times are seconds since 1970 by the database's clock."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

JOB_STATES = ("queued", "running", "paused", "succeeded", "failed", "stopped")


def _json() -> Any:
    return mapped_column(JSON(none_as_null=True))


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {float: Double(), str: String()}  # noqa: RUF012  (SQLAlchemy's own declaration)


class Job(Base):
    """One training, from its submission to its end.

    ``goal`` is the state that the last accepted action leads to; ``state`` follows when the worker gets there.
    ``fence`` rises with every claim, and every write of a worker carries the one it was given.
    ``attempt`` counts the starts, ``lost_attempts`` those that took their worker down.
    ``choices`` says in a few words what the spec is: the choice of each module.
    A row with ``deleted_at`` is in the bin: nobody trains it, and after a while it goes for good.
    """

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ({})".format(", ".join(f"'{state}'" for state in JOB_STATES)), name="state"),
        Index(None, "created_at", "id"),
        Index(None, "state", "lease_expires_at"),
        Index(None, "deleted_at"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    state: Mapped[str]
    goal: Mapped[str]
    spec: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True, deferred_raiseload=True)
    hash: Mapped[str]
    choices: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    notes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)

    comment: Mapped[str] = mapped_column(server_default=text("''"))
    archived: Mapped[bool] = mapped_column(server_default=false())
    deleted_at: Mapped[float | None]

    created_at: Mapped[float]
    started_at: Mapped[float | None]
    ended_at: Mapped[float | None]
    hinted_at: Mapped[float | None]

    fence: Mapped[int]
    owner: Mapped[str | None]
    lease_expires_at: Mapped[float | None]
    attempt: Mapped[int]
    lost_attempts: Mapped[int]

    progress: Mapped[dict[str, Any] | None] = _json()
    losses: Mapped[dict[str, Any] | None] = _json()
    latest_sample: Mapped[dict[str, Any] | None] = _json()
    environment: Mapped[dict[str, Any] | None] = _json()
    problem: Mapped[dict[str, Any] | None] = _json()

    tags: Mapped[list[JobTag]] = relationship(lazy="selectin", order_by="JobTag.tag", viewonly=True)
    place: Mapped[SweepPlace | None] = relationship(lazy="selectin", viewonly=True)


def _job_id(**options: Any) -> Any:
    return mapped_column(ForeignKey("jobs.id", ondelete="CASCADE"), **options)


class JobTag(Base):
    """One of the words that somebody has put on a job."""

    __tablename__ = "job_tags"
    __table_args__ = (Index(None, "tag"),)

    job_id: Mapped[str] = _job_id(primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True)


class Sweep(Base):
    """A grid of specs: one job for each combination of values.

    ``axes`` is a list of ``{"pointer", "values"}``; ``request`` is the body that it was made from.
    """

    __tablename__ = "sweeps"
    __table_args__ = (Index(None, "created_at", "id"), Index(None, "deleted_at"))

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    axes: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    request: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float]
    deleted_at: Mapped[float | None]


class SweepPlace(Base):
    """Which sweep a job belongs to, and where in it: ``combination`` holds a value for the pointer of each axis."""

    __tablename__ = "sweep_places"
    __table_args__ = (Index(None, "sweep_id", "position"),)

    job_id: Mapped[str] = _job_id(primary_key=True)
    sweep_id: Mapped[str] = mapped_column(ForeignKey("sweeps.id", ondelete="CASCADE"))
    position: Mapped[int]
    combination: Mapped[dict[str, Any]] = mapped_column(JSON)


class Request(Base):
    """An action somebody asked of a training, until its worker has taken it."""

    __tablename__ = "requests"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = _job_id(index=True)
    action: Mapped[str]
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[float]


class Loss(Base):
    """The losses of one step; NULL where a loss was no finite number. The key keeps a resumed run from doubling one.

    ``seconds``: how long the job had trained by then, pauses left out.
    """

    __tablename__ = "losses"
    __table_args__ = ({"sqlite_with_rowid": False},)

    job_id: Mapped[str] = _job_id(primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    generator: Mapped[float | None]
    discriminator: Mapped[float | None]
    seconds: Mapped[float | None]


class Marker(Base):
    """Something that happened to a training at a step: ``details`` holds its ``kind`` and more."""

    __tablename__ = "markers"
    __table_args__ = (Index(None, "job_id", "step"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    job_id: Mapped[str] = _job_id()
    step: Mapped[int] = mapped_column(BigInteger)
    at: Mapped[float]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class Measurement(Base):
    """An evaluation metric at one step."""

    __tablename__ = "measurements"

    job_id: Mapped[str] = _job_id(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    value: Mapped[float | None]


class Sample(Base):
    """A grid of samples that was drawn at one step; the picture itself is in the storage."""

    __tablename__ = "samples"

    job_id: Mapped[str] = _job_id(primary_key=True)
    step: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class Dataset(Base):
    """An uploaded data set; its images are in ``$AUTHORGAN_HOME/datasets``. NULL for a size: the images differ."""

    __tablename__ = "datasets"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    count: Mapped[int]
    height: Mapped[int | None]
    width: Mapped[int | None]
    channels: Mapped[int]
    class_names: Mapped[list[str] | None] = _json()
    created_at: Mapped[float] = mapped_column(index=True)


class IdempotencyKey(Base):
    """Which job or sweep a submission with this key made."""

    __tablename__ = "idempotency_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    body_sha256: Mapped[str]
    resource_id: Mapped[str]
    created_at: Mapped[float] = mapped_column(index=True)
