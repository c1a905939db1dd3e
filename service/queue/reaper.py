"""Finds jobs that nobody works on, says so, and empties the bin: `python -m service.queue.reaper`.

A process of its own: it must live when a worker does not, and a thread beside Celery's forks could hand a child a lock
that nobody will ever release. Several reapers do no harm; each change is one conditional update.
"""

from __future__ import annotations

import logging
import signal
import threading

from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.queue.events import EventWriter
from service.queue.hints import enqueue_training
from service.queue.logs import configure_logging
from service.storage import Storage
from service.store import Store

log = logging.getLogger(__name__)


def reap(store: Store, settings: Settings) -> None:
    """One round: end what was lost too often, put back what was lost, announce what waits."""
    events = EventWriter(settings)
    for job in store.end_lost():
        log.warning("job %s: %s", job.id, job.problem["message"] if job.problem else job.state)
        events.write(
            job.id,
            [{"type": "state", "state": job.state}, {"type": "end", "state": job.state, "problem": job.problem}],
        )
    for job_id in store.requeue_lost():
        log.info("job %s: announced to the workers again", job_id)
        events.write(job_id, [{"type": "state", "state": "queued"}])
        enqueue_training(job_id, settings=settings)


def empty_bin(store: Store, storage: Storage, settings: Settings) -> None:
    """Remove for good what was deleted so long ago that nobody can restore it. Files go first: their row is what finds
    them again after a crash."""
    events = EventWriter(settings)
    for job_id in store.expired():
        log.info("job %s: its time in the bin is over", job_id)
        storage.delete(job_id)
        events.forget(job_id)
        store.delete(job_id, permanently=True)
    store.forget_sweeps()


def main() -> None:
    settings = Settings.from_env()
    configure_logging(settings)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stopping.set())
    store = Store.open(settings)
    storage = Storage(settings.storage_url, settings.home)
    while True:
        try:
            reap(store, settings)
            empty_bin(store, storage, settings)
        except SQLAlchemyError as error:
            log.error("the database does not answer: %s", error)
        if stopping.wait(settings.reaper_seconds):
            return


if __name__ == "__main__":
    main()
