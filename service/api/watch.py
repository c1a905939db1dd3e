"""Following the events of jobs: one reader a process, fanned out to every client that watches.

The reader waits at the broker for the streams of all watched jobs at once and hands each entry to the bounded queues
of that job's watchers. A client that is too slow loses its queue, never an event: it goes back to the stream for what
it missed.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis

from service.config import Settings
from service.queue.connection import SOCKET_SECONDS, event_stream_key, redis_client

log = logging.getLogger(__name__)

Entry = tuple[str, bytes]
"""Stream id and the event's JSON."""

BLOCK_MS = int(SOCKET_SECONDS * 1000 / 2)
"""How long one read waits at the broker; shorter than the client's socket timeout."""

RETRY_SECONDS = 1.0
BATCH = 500
WAKE_SECONDS = 60


class OverflowedError(Exception):
    """The watcher was too slow; what it missed is in the stream."""


class ClosedError(Exception):
    """The process is shutting down."""


class Watcher:
    """One client's queue of entries."""

    def __init__(self, length: int):
        self._entries: queue.Queue[Entry | None] = queue.Queue(length)
        self._overflowed = threading.Event()
        self._closed = threading.Event()

    def offer(self, entry: Entry) -> None:
        """Called by the reader; never waits."""
        try:
            self._entries.put_nowait(entry)
        except queue.Full:
            self._overflowed.set()

    def next(self, timeout: float) -> Entry | None:
        """The next entry, or None after ``timeout`` seconds of silence.

        Raises:
            OverflowedError: entries were dropped; the queue is empty and works again.
            ClosedError: the process is shutting down.
        """
        if self._closed.is_set():
            raise ClosedError
        if self._overflowed.is_set():
            while not self._entries.empty():
                self._entries.get_nowait()
            self._overflowed.clear()
            raise OverflowedError
        try:
            entry = self._entries.get(timeout=timeout)
        except queue.Empty:
            return None
        if entry is None:
            raise ClosedError
        return entry

    def close(self) -> None:
        self._closed.set()
        with suppress(queue.Full):  # then there is something to wake up for already
            self._entries.put_nowait(None)


class Watch:
    """The reader of this process and its watchers. Starts with the first watcher, rests when the last has gone."""

    def __init__(self, settings: Settings):
        self._redis: Any = redis_client(settings)  # its annotations allow for every protocol
        self._queue_length = settings.event_queue_length
        self._limit = settings.event_clients
        self._lock = threading.Lock()
        self._watchers: dict[str, set[Watcher]] = defaultdict(set)
        self._positions: dict[str, str] = {}  # of each watched job: the last id that was handed out
        self._thread: threading.Thread | None = None
        self._wake_key = f"authorgan:wake:{uuid.uuid4().hex}"
        self._wake_position = "0"
        self._closed = False

    @property
    def full(self) -> bool:
        """Whether as many clients watch as may."""
        return sum(map(len, self._watchers.values())) >= self._limit

    @contextmanager
    def watching(self, job_id: str) -> Iterator[Watcher]:
        """A watcher that is handed every event of the job from now on."""
        watcher = Watcher(self._queue_length)
        try:
            position = self.last_id(job_id)
        except redis.RedisError:
            position = "0-0"  # the reader will have to wait for the broker anyhow
        with self._lock:
            if self._closed:
                watcher.close()
            if not self._watchers[job_id]:
                self._positions[job_id] = position
            self._watchers[job_id].add(watcher)
            self._start()
        self._wake()
        try:
            yield watcher
        finally:
            with self._lock:
                self._watchers[job_id].discard(watcher)
                if not self._watchers[job_id]:
                    del self._watchers[job_id], self._positions[job_id]

    def backlog(self, job_id: str, after: str) -> Iterator[Entry]:
        """The entries that are in the stream after the id ``after``, exclusively."""
        key = event_stream_key(job_id)
        while entries := self._redis.xrange(key, min=f"({after}", count=BATCH):
            for entry_id, fields in entries:
                after = entry_id.decode()
                yield after, fields[b"event"]
            if len(entries) < BATCH:
                return

    def last_id(self, job_id: str) -> str:
        """The id of the stream's newest entry; ``"0-0"`` without one."""
        newest = self._redis.xrevrange(event_stream_key(job_id), count=1)
        return newest[0][0].decode() if newest else "0-0"

    def first(self, job_id: str) -> Entry | None:
        """The oldest entry that the stream still has."""
        oldest = self._redis.xrange(event_stream_key(job_id), count=1)
        return (oldest[0][0].decode(), oldest[0][1][b"event"]) if oldest else None

    def close(self) -> None:
        """End every watcher; none is served any more."""
        with self._lock:
            self._closed = True
            watchers = [watcher for group in self._watchers.values() for watcher in group]
        for watcher in watchers:
            watcher.close()

    def _start(self) -> None:
        if self._thread is None and not self._closed:
            self._thread = threading.Thread(target=self._read, name="event reader", daemon=True)
            self._thread.start()

    def _wake(self) -> None:
        """End the reader's current wait, so that it takes up a new stream at once."""
        try:
            with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.xadd(self._wake_key, {"wake": ""}, maxlen=1, approximate=False)
                pipeline.expire(self._wake_key, WAKE_SECONDS)
                pipeline.execute()
        except redis.RedisError as error:
            log.warning("the broker does not answer: %s", error)

    def _read(self) -> None:
        while True:
            with self._lock:
                if self._closed or not self._positions:
                    self._thread = None
                    return
                streams = {event_stream_key(job_id): position for job_id, position in self._positions.items()}
                jobs = {event_stream_key(job_id): job_id for job_id in self._positions}
            try:
                answer = self._redis.xread({**streams, self._wake_key: self._wake_position}, BATCH, BLOCK_MS)
            except redis.RedisError as error:
                log.warning("the events cannot be read, trying again: %s", error)
                time.sleep(RETRY_SECONDS)
                continue
            for name, entries in answer or ():
                key = name.decode()
                if key == self._wake_key:
                    self._wake_position = entries[-1][0].decode()
                else:
                    self._hand_out(jobs[key], entries)

    def _hand_out(self, job_id: str, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        with self._lock:
            if job_id not in self._positions:
                return
            self._positions[job_id] = entries[-1][0].decode()
            for entry_id, fields in entries:
                for watcher in self._watchers[job_id]:
                    watcher.offer((entry_id.decode(), fields[b"event"]))


def order(entry_id: str) -> tuple[int, int]:
    """A stream id as numbers, for comparison."""
    milliseconds, _, sequence = entry_id.partition("-")
    return int(milliseconds), int(sequence or 0)


def earlier(entry_id: str, seconds: float) -> str:
    """An id that lies ``seconds`` before another; stream ids begin with the time in milliseconds."""
    return f"{max(0, order(entry_id)[0] - round(seconds * 1000))}-0"


def is_entry_id(text: str) -> bool:
    """Whether a text could be the id of a stream's entry."""
    milliseconds, dash, sequence = text.partition("-")
    return dash == "-" and all(
        part.isascii() and part.isdigit() and len(part) <= 20 for part in (milliseconds, sequence)
    )
