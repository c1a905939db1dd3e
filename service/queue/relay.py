"""One claimed job: hands it to a training process and carries messages between that, the row and the watchers."""

from __future__ import annotations

import logging
import math
import os
import selectors
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from service.config import Settings
from service.db.history import TimedPoint
from service.queue.events import EventWriter
from service.queue.ledger import Ledger
from service.queue.nudges import NudgeListener
from service.queue.tensorboard import FOLDER, TensorBoardWriter
from service.queue.usage import Usage
from service.storage import Storage
from service.store import Claim, JobNotFoundError, Store
from service.tracking.configured import Tracking
from service.trainer.spare import Spare, processors, threads

log = logging.getLogger(__name__)

POLL_SECONDS = 1.0
"""How often the row is asked for requests. A nudge is only quicker, never needed."""

SPARE_AFTER_SECONDS = 2.0
"""The next spare is started this long after the first loss, so that it does not delay that, …"""
SPARE_AFTER_SECONDS_WHEN_BUSY = 90.0
"""… or this long where the training uses every processor, so that warming up takes a small share of any training's
time. If the training ends or pauses before that, the spare is started then."""

RETRY_SECONDS = 0.5

LEARNING_RATE = "learning_rate/"
"""What the names of the measurements that are not kept begin with."""

TRACKERS_GRACE_SECONDS = 5.0
"""How long a worker that shuts down waits for trackers to take a training's last numbers."""


class Relay:
    """Runs one claim to its end, in the calling thread, which must be the one that owns the spare.

    Args:
        shutdown: File descriptor that becomes readable when this worker is to end; the job then goes back to the queue
            with a checkpoint.
    """

    def __init__(
        self, claim: Claim, *, store: Store, storage: Storage, settings: Settings, spare: Spare, shutdown: int
    ):
        self._claim = claim
        self._job_id = claim.job_id
        self._store = store
        self._storage = storage
        self._settings = settings
        self._spare = spare
        self._shutdown = shutdown
        self._events = EventWriter(settings)
        self._wakeup = _Wakeup()
        self._started = False  # the training process listens to commands from here on
        self._ended = False  # the row holds what became of the job
        self._releasing = False
        self._parking = False
        self._spare_at = math.inf
        self._spare_after = SPARE_AFTER_SECONDS
        self._first_loss_seen = False
        self._usage: Usage | None = None
        self._board: TensorBoardWriter | None = None
        self._tracking = Tracking()
        self._outcome: str | None = None  # the state that this attempt leaves the job in, where that is ours to say
        self._shutting_down = False
        self._step = 0
        self._seconds_before: float | None = None  # trained before this process, up to where it goes on
        self._timed_until = 0.0
        self._park_at = math.inf
        self._poll_at = 0.0

    def run(self) -> bool:
        """Train until the job has ended, has gone back to the queue, or is no longer ours.

        Returns:
            False if the training process died: the job is up for whoever looks for lost ones.
        """
        self._job = job = self._store.get(self._job_id)
        self._child = self._spare.take(job.spec)
        self._ledger = Ledger(self._store, self._claim, self._settings, self._on_lost)
        nudges = NudgeListener(self._settings, self._job_id, self._wakeup.set)
        try:
            self._child.send(
                {
                    "action": "train",
                    "job_id": self._job_id,
                    "spec": job.spec,
                    "storage_url": self._settings.storage_url,
                    "home": str(self._settings.home),
                    "threads": threads(self._settings),
                    "lock_seconds": self._settings.lease_seconds,
                    "stamp": {"hash": job.hash, "job": job.id} if self._settings.pictures_carry_spec else None,
                }
            )
            if self._claim.goal == "paused":
                self._child.send({"action": "pause"})  # before whatever else is asked of it
            self._emit({"type": "state", "state": "running"})
            self._carry()
            return self._conclude(self._child.close())
        finally:
            if self._usage is not None:
                self._usage.close()
            self._store_board()
            self._tracking.close(self._outcome, TRACKERS_GRACE_SECONDS if self._shutting_down else 0.0)
            self._child.kill()
            self._child.close()
            nudges.close()
            self._ledger.close()
            self._wakeup.close()

    def _carry(self) -> None:
        """Pass messages on until the training process has said its last."""
        with selectors.DefaultSelector() as selector:
            selector.register(self._child, selectors.EVENT_READ)
            selector.register(self._wakeup, selectors.EVENT_READ)
            selector.register(self._shutdown, selectors.EVENT_READ)
            while not self._child.ended:
                ready = {key.fileobj for key, _ in selector.select(self._seconds_to_wait())}
                if self._shutdown in ready:
                    selector.unregister(self._shutdown)
                    self._shutting_down = True
                    self._release("the worker shuts down")
                if self._child in ready:
                    self._handle(self._child.read())
                if self._wakeup in ready:
                    self._wakeup.clear()
                    if not self._pass_requests():
                        self._ledger.renew()  # the nudge may mean that the row is gone
                self._do_what_is_due()

    def _seconds_to_wait(self) -> float:
        return max(0.0, min(self._poll_at, self._spare_at, self._park_at) - time.monotonic())

    def _do_what_is_due(self) -> None:
        now = time.monotonic()
        if now >= self._poll_at:
            self._pass_requests()
            self._poll_at = now + POLL_SECONDS
        if now >= self._spare_at:
            self._spare_at = math.inf
            self._spare.prepare(in_background=True)
        if now >= self._park_at:
            self._park_at = math.inf
            self._parking = True
            self._release(f"paused for {self._settings.paused_seconds:g} s, others may have its place")

    def _seconds_to_spare(self, environment: Mapping[str, Any]) -> float:
        busy = environment.get("threads", 1) * self._settings.training_workers
        on_processor = str(environment.get("device", "cpu")).startswith("cpu")
        return SPARE_AFTER_SECONDS_WHEN_BUSY if on_processor and busy >= processors() else SPARE_AFTER_SECONDS

    def _pass_requests(self) -> bool:
        """Give the training what was asked of it; whether there was anything."""
        found = False
        try:
            while request := self._store.take_request(self._claim):
                found = True
                log.info("job %s: %s", self._job_id, request["action"])
                if request["action"] == "stop" and not self._started:
                    self._finish("stopped", None)
                    self._child.kill()
                else:
                    self._child.send(request)
        except SQLAlchemyError as error:
            log.warning("job %s: requests cannot be read just now: %s", self._job_id, error)
        return found

    def _release(self, reason: str) -> None:
        """Have the training save a checkpoint and end; the job goes back to the queue, or is parked in its pause."""
        if self._releasing or self._ended:
            return
        self._releasing = True
        log.info("job %s: %s", self._job_id, reason)
        if self._started:
            self._child.send({"action": "release"})
        else:
            self._give_back()
            self._child.kill()

    def _handle(self, messages: list[dict[str, Any]]) -> None:
        for message in messages:
            match message["type"]:
                case "loss":
                    message["seconds"] += self._seconds_before
                    self._emit(message)
                    self._ledger.add(metrics=self._timed(message))
                    if not self._first_loss_seen:
                        self._first_loss_seen = True
                        self._spare_at = time.monotonic() + self._spare_after
                case "progress":
                    self._take_up_time(message)
                    message["seconds"] += self._seconds_before
                    self._step = message["step"]
                    self._emit(message)
                    self._ledger.add(progress=_content(message))
                case "metric":
                    self._emit(message)
                    self._ledger.add(measurements=_measurements(message))
                case "measurement":
                    self._emit(message)
                    self._ledger.add(
                        measurements=[
                            (message["step"], name, value)
                            for name, value in message["values"].items()
                            if not name.startswith(LEARNING_RATE)  # `service.learning_rates` knows it for every step
                        ]
                    )
                case "marker":
                    self._emit(message)
                    self._ledger.add(markers=[_content(message)])
                case "sample":
                    self._ledger.add(samples=[_content(message)])
                    self._ledger.flush()  # whoever sees the event may ask for the picture
                    self._emit(message)
                case "log":
                    log.log(_LEVELS.get(message["level"], logging.INFO), "job %s: %s", self._job_id, message["message"])
                    self._emit(message)
                case "started":
                    self._started = True
                    self._board = self._open_board()
                    self._track(message["environment"])
                    self._usage = Usage(self._child.process.pid, self._settings.usage_seconds, self._note_usage)
                    self._ledger.add(environment=message["environment"])
                    self._spare_after = self._seconds_to_spare(message["environment"])
                case "state":
                    paused = message["state"] == "paused"
                    self._park_at = time.monotonic() + self._settings.paused_seconds if paused else math.inf
                    if paused:
                        self._spare_at = time.monotonic()
                    self._ledger.add(state=message["state"])
                    self._ledger.flush()
                    self._emit(message)
                case "save":
                    if self._ledger.flush():
                        self._child.send({"action": "saved"})
                case "released":
                    self._give_back()
                case "end":
                    self._finish(message["state"], message["problem"])

    def _take_up_time(self, progress: Mapping[str, Any]) -> None:
        """The first progress says from which step this process goes on: its clock goes on from there too."""
        if self._seconds_before is None:
            step = progress["step"]
            self._seconds_before = self._store.history.seconds(self._job_id, step) if step else 0.0
            self._timed_until = self._seconds_before

    def _timed(self, message: Mapping[str, Any]) -> list[TimedPoint]:
        """The points of a loss event, each with its time: as if the steps since the last event had been evenly long."""
        points = message["points"]
        each = (message["seconds"] - self._timed_until) / len(points)
        timed = [
            (step, generator, discriminator, round(self._timed_until + each * (index + 1), 3))
            for index, (step, generator, discriminator) in enumerate(points)
        ]
        self._timed_until = message["seconds"]
        return timed

    def _finish(self, state: str, problem: dict[str, Any] | None) -> None:
        """The job has ended: write it down, then tell."""
        if self._ended or not self._ledger.flush():
            return
        self._ended = self._persist(lambda: self._store.finish(self._claim, state, problem))
        if self._ended:
            self._outcome = state
            log.info("job %s: %s%s", self._job_id, state, f": {problem['message']}" if problem else "")
            self._emit({"type": "state", "state": state}, {"type": "end", "state": state, "problem": problem})

    def _give_back(self) -> None:
        """The job has not ended, but somebody else, or we ourselves later, will go on with it."""
        if not self._ledger.flush():
            return
        self._ended = self._persist(lambda: self._store.release(self._claim, park=self._parking))
        if self._ended:
            self._outcome = state = self._store.get(self._job_id).state
            end = [{"type": "end", "state": state, "problem": None}] if state == "stopped" else []
            self._emit({"type": "state", "state": state}, *end)

    def _conclude(self, status: int) -> bool:
        """The training process is gone; see to it that the job can be somebody's."""
        if self._ended:
            return True
        if self._ledger.lost:
            self._clean_up_if_deleted()
            return True
        self._outcome = "lost"
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        message = f"The training process ended unexpectedly ({how}); its output is in train.log."
        log.error("job %s: %s", self._job_id, message)
        self._emit({"type": "log", "level": "error", "message": message})
        self._ledger.flush()
        self._persist(lambda: self._store.abandon(self._claim))
        return False

    def _persist(self, change: Callable[[], bool]) -> bool:
        """Make a change of the row, however long the database takes; False when the lease is lost."""
        while not self._ledger.lost:
            try:
                if change():
                    return True
                self._ledger.renew()  # notes that the lease is lost
                return False
            except SQLAlchemyError as error:
                log.warning("job %s: the database does not answer: %s", self._job_id, error)
                time.sleep(RETRY_SECONDS)
        return False

    def _clean_up_if_deleted(self) -> None:
        """A job that was deleted while it trained: what it wrote after the deletion goes too."""
        try:
            self._store.get(self._job_id)
        except JobNotFoundError:
            log.info("job %s: deleted", self._job_id)
            self._outcome = "stopped"
            self._storage.delete(self._job_id)
            self._events.forget(self._job_id)
        else:
            log.warning("job %s: the lease is lost, the training was ended", self._job_id)

    def _on_lost(self) -> None:
        self._child.kill()

    def _emit(self, *events: dict[str, Any]) -> None:
        self._events.write(self._job_id, events)
        if self._board is not None:
            for event in events:
                self._board.write(event)
        for event in events:
            self._tracking.put(event)

    def _note_usage(self, used: dict[str, float]) -> None:
        self._ledger.add(measurements=[(self._step, name, value) for name, value in used.items()])
        self._tracking.put({"type": "measurement", "step": self._step, "values": used})

    def _track(self, environment: Mapping[str, Any]) -> None:
        def tell(level: str, message: str) -> None:
            self._events.write(self._job_id, [{"type": "log", "level": level, "message": message}])

        self._tracking.start(self._settings, self._job, environment, self._picture, tell)

    def _picture(self, step: int) -> bytes:
        with self._storage.open(self._job_id, f"samples/{step}.png") as file:
            content: bytes = file.read()
        return content

    def _store_board(self) -> None:
        """An event file grows, which an object in a store cannot: it is put there when the training ends."""
        if self._board is None or self._storage.is_local or not self._board.path.exists():
            return
        try:
            self._storage.write_atomic(self._job_id, f"{FOLDER}/{self._board.path.name}", self._board.path.read_bytes())
        except OSError as error:
            log.warning("job %s: its TensorBoard events stay in %s: %s", self._job_id, self._board.path, error)

    def _open_board(self) -> TensorBoardWriter | None:
        if not self._settings.tensorboard:
            return None
        return TensorBoardWriter(self._storage.local_folder(self._job_id) / FOLDER, self._picture)


class _Wakeup:
    """Lets other threads end a `select`; safe to set after it was closed."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        self._lock = threading.Lock()
        self._closed = False

    def fileno(self) -> int:
        return self._read

    def set(self) -> None:
        with self._lock:
            if not self._closed:
                with suppress(BlockingIOError):  # full of wake-ups already
                    os.write(self._write, b"!")

    def clear(self) -> None:
        os.read(self._read, 1 << 12)

    def close(self) -> None:
        with self._lock:
            self._closed = True
            os.close(self._read)
            os.close(self._write)


def _content(event: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "type"}


def _measurements(score: dict[str, Any]) -> list[tuple[int, str, float]]:
    """A score as curves: its value by its name; `name.low`, `name.high` and `name.floor` where there are such."""
    name = score["name"]
    named = {name: score["value"], **{f"{name}.{part}": score.get(part) for part in ("low", "high", "floor")}}
    return [(score["step"], curve, value) for curve, value in named.items() if value is not None]


_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
