"""Hearing that a row has something for its worker, without asking the row all the time."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import redis

from service.config import Settings
from service.queue.connection import nudge_channel, redis_client

log = logging.getLogger(__name__)

LISTEN_SECONDS = 2.0
RETRY_SECONDS = 1.0


class NudgeListener:
    """Calls `on_nudge`, from a thread, whenever somebody calls `hints.nudge` for this job.

    While the broker is away nothing is heard; after its return the channel is subscribed to again.
    """

    def __init__(self, settings: Settings, job_id: str, on_nudge: Callable[[], None]):
        self._pubsub = redis_client(settings).pubsub(ignore_subscribe_messages=True)
        self._channel = nudge_channel(job_id)
        self._on_nudge = on_nudge
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"nudges {job_id}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. The thread ends by itself within `LISTEN_SECONDS`; nobody waits for it."""
        self._closing.set()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                if not self._pubsub.subscribed:
                    self._pubsub.subscribe(self._channel)
                if self._pubsub.get_message(timeout=LISTEN_SECONDS) and not self._closing.is_set():
                    self._on_nudge()
            except (redis.exceptions.RedisError, OSError) as error:
                log.debug("not listening on %s: %s", self._channel, error)
                self._pubsub.reset()
                time.sleep(RETRY_SECONDS)
        self._pubsub.close()
