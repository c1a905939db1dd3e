"""Real workers for tests: a database, a Valkey, Celery workers and the reaper, on one home, gone when the test is."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

import spec as specs
from service.config import Settings
from service.db import reading
from service.db.history import History
from service.db.models import Job
from service.queue import enqueue_training, nudge
from service.queue.connection import event_stream_key, redis_client
from service.queue.presence import workers
from service.storage import Storage
from service.store import Store

PATIENCE = 60.0
"""Seconds after which a test gives up; a machine that is busy with other things is slow."""

T = TypeVar("T")


def wait_for(what: str, condition: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Ask until the answer is true; that answer."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, f"still waiting for {what} after {seconds:g} s"
        time.sleep(0.02)
    return answer


def states(store: Store) -> Counter[str]:
    """How many jobs are in each state."""
    return Counter(job.state for job in store.runs.find(limit=1000).jobs)


def small_spec(*, epochs: int = 2, **training: Any) -> dict[str, Any]:
    """A DCGAN on 8x8 digits, 8 steps an epoch, that trains a hundred steps a second on one processor."""
    return specs.resolve(
        {
            "name": "small",
            "data": {"choice": "digits", "image_size": 8, "count": 256},
            "generator": {"choice": "dcgan"},
            "discriminator": {"choice": "dcgan"},
            "training": {"epochs": epochs, "batch_size": 32, "checkpoint_every_seconds": 1, **training},
        }
    )


def wave_spec(**training: Any) -> dict[str, Any]:
    """A GAN on waves of four forms, 8 steps of 2 numbers each, by the class asked for."""
    return specs.resolve(
        {
            "name": "waves",
            "data": {"choice": "sine", "length": 8, "channels": 2, "classes": 4, "count": 64},
            "generator": {"choice": "cgan", "widths": [16]},
            "discriminator": {"choice": "cgan", "widths": [16]},
            "training": {"epochs": 1, "batch_size": 32, "sample_count": 8, **training},
        }
    )


class Fleet:
    """Everything that runs on one home."""

    def __init__(self, settings: Settings):
        self.settings = settings
        self.store = Store.open(settings)
        self.history = History(reading(self.store.engine))
        self.storage = Storage(settings.storage_url, settings.home)
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start a module with this fleet's settings, in a session of its own."""
        process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            env={**os.environ, **self.settings.environ(), "OMP_NUM_THREADS": "1"},
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def start_worker(self, queue: str = "training") -> subprocess.Popen[bytes]:
        """Start a worker and wait until it listens."""
        since, before = time.time(), workers(self.settings)[queue]
        process = self.start("service.queue.worker", queue)
        wait_for(f"the {queue} worker", lambda: workers(self.settings, since)[queue] > 0 if not before else True)
        return process

    def submit(self, spec: dict[str, Any]) -> str:
        """Submit a job and announce it, as the API does; its id."""
        job = self.store.submit(spec)
        enqueue_training(job.id, settings=self.settings)
        return job.id

    def ask(self, job_id: str, action: str, **parameters: Any) -> None:
        """Ask something of a job, as the API does."""
        job = self.store.request(job_id, action, parameters)
        if job.state == "queued":
            enqueue_training(job_id, settings=self.settings)
        nudge(job_id, settings=self.settings)

    def job(self, job_id: str) -> Job:
        return self.store.get(job_id)

    def wait(self, job_id: str, *states: str) -> Job:
        """Wait until a job is in one of these states."""
        wait_for(f"job {' or '.join(states)}", lambda: self.job(job_id).state in states)
        return self.job(job_id)

    def wait_for_step(self, job_id: str, step: int) -> int:
        """Wait until the curve of a job has got so far; how far it has got."""
        return wait_for(f"step {step}", lambda: self.last_step(job_id) >= step and self.last_step(job_id))

    def last_step(self, job_id: str) -> int:
        curve = self.curve(job_id)
        return curve[-1][0] if curve else 0

    def curve(self, job_id: str) -> list[tuple[int, float | None, float | None]]:
        """All points, in order."""
        rows = self.history.curve(job_id)[:, :3].tolist()
        return [(int(step), *(None if math.isnan(loss) else loss for loss in losses)) for step, *losses in rows]

    def events(self, job_id: str) -> list[tuple[str, bytes]]:
        """The stream of a job, as the broker has it: (id, JSON)."""
        entries = redis_client(self.settings).xrange(event_stream_key(job_id))
        return [(entry_id.decode(), fields[b"event"]) for entry_id, fields in entries]

    def training_process(self, job_id: str) -> int:
        """The process that trains this job: the one that holds the lock on its folder."""
        lock = self.storage.local_folder(job_id) / ".lock"

        def holder() -> int | None:
            inode = lock.stat().st_ino if lock.exists() else None
            for line in Path("/proc/locks").read_text().splitlines():
                fields = line.split()
                if "FLOCK" in fields and fields[-3].endswith(f":{inode}"):
                    return int(fields[-4])
            return None

        return wait_for("somebody to hold the folder", holder)

    def close(self) -> None:
        for process in self.processes:
            kill_session(process)
        self.store.close()


def children(pid: int) -> list[int]:
    """The processes that a process has started and that are still there."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def kill_session(process: subprocess.Popen[bytes]) -> None:
    """End a process and everything in its session, with SIGKILL."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return  # all of it has ended
    finally:
        process.wait()


@pytest.fixture(scope="session")
def fleets(valkey_url: str, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """`with fleets() as fleet`: an empty home; settings by keyword. Leases are short, so that losses are noticed."""

    @contextmanager
    def fleets(**changes: Any) -> Iterator[Fleet]:
        values = {
            "home": tmp_path_factory.mktemp("home"),
            "redis_url": valkey_url,
            "training_threads": 1,
            "lease_seconds": 3.0,
            "heartbeat_seconds": 1.0,
            "reaper_seconds": 0.5,
            **changes,
        }
        redis_client(Settings(**values)).flushall()
        fleet = Fleet(Settings(**values))
        try:
            yield fleet
        finally:
            fleet.close()

    return fleets
