"""Every state change of a job. A change is one conditional update: it says what it expects and holds, or does nothing.

    queued -> running <-> paused -> succeeded | failed | stopped

A worker *claims* a job, which raises the row's ``fence`` and gives it a lease. Whatever the worker writes afterwards
carries that fence; once the lease is lost and the job is claimed anew, the old worker's writes find no row. A method
that takes a :class:`Claim` and returns ``False`` means just that: the training must end at once and write no more.

What people ask of a job (pause, resume, stop, …) becomes its ``goal`` and a request that the worker takes between two
steps; the state follows when the worker gets there.
"""

from __future__ import annotations

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from service import db
from service.config import Settings
from service.db.datasets import Datasets
from service.db.history import History
from service.db.models import Job
from service.db.runs import Runs
from service.store.bin import Bin
from service.store.claims import Claim, Claims
from service.store.lost import Lost
from service.store.requests import ACTIONS, Requests
from service.store.states import ACTIVE, ENDED, JobNotFoundError, RefusedError, SweepNotFoundError
from service.store.submission import Idempotency, IdempotencyMismatchError, Member, Submission

__all__ = [
    "ACTIONS",
    "ACTIVE",
    "ENDED",
    "Claim",
    "Idempotency",
    "IdempotencyMismatchError",
    "JobNotFoundError",
    "Member",
    "RefusedError",
    "Store",
    "SweepNotFoundError",
]


class Store(Submission, Requests, Claims, Lost, Bin):
    """The jobs. Safe to share between threads and greenlets; several processes may open the same database."""

    def __init__(self, engine: Engine, settings: Settings):
        super().__init__(engine, settings)
        self.datasets = Datasets(engine)
        self.runs = Runs(engine)
        self.history = History(self._reading)

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
