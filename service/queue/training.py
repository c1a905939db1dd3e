"""The task that trains, and what its worker keeps at hand between two of them."""

from __future__ import annotations

import logging
import os
import socket
from functools import cached_property
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_shutting_down
from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.queue.hints import TRAIN_TASK
from service.queue.reaper import reap
from service.queue.relay import Relay
from service.storage import Storage
from service.store import Store
from service.trainer.spare import Spare

log = logging.getLogger(__name__)


class Trainer:
    """What one pool child owns: a database connection, the storage and the warm spare.

    Args:
        shutdown: File descriptor that becomes readable when the worker is to end.
    """

    def __init__(self, settings: Settings, shutdown: int):
        self._settings = settings
        self._shutdown = shutdown
        self._storage = Storage(settings.storage_url, settings.home)
        self._spare = Spare(settings)

    @cached_property
    def _store(self) -> Store:
        return Store.open(self._settings)

    def prepare(self) -> None:
        """Be ready before the first job comes."""
        self._spare.prepare()
        try:
            _ = self._store
        except SQLAlchemyError as error:
            log.error("the database does not answer, the first job will try again: %s", error)

    def train(self, job_id: str) -> None:
        """Train a job, if it is still there to be trained and nobody else has it."""
        claim = self._store.claim(job_id, f"{socket.gethostname()}:{os.getpid()}")
        if claim is None:
            log.info("job %s: nothing to do, it has ended or is somebody else's", job_id)
            return
        log.info("job %s: attempt %d", job_id, claim.attempt)
        relay = Relay(
            claim,
            store=self._store,
            storage=self._storage,
            settings=self._settings,
            spare=self._spare,
            shutdown=self._shutdown,
        )
        if not relay.run():
            reap(self._store, self._settings)
        self._spare.prepare()


def register(app: Celery, settings: Settings) -> None:
    """Make an application's workers train."""
    shutdown_read, shutdown_write = os.pipe()  # before the pool forks: the parent writes, the children read
    trainer: Trainer | None = None

    @worker_process_init.connect(weak=False)
    def prepare(**_: Any) -> None:
        nonlocal trainer
        trainer = Trainer(settings, shutdown_read)
        trainer.prepare()

    @worker_shutting_down.connect(weak=False)
    def announce(**_: Any) -> None:
        os.write(shutdown_write, b"!")

    @app.task(name=TRAIN_TASK)
    def train(job_id: str) -> None:
        assert trainer is not None
        trainer.train(job_id)
