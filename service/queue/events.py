"""The stream of a job's events: a copy, for watching, of what the resources hold."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterable

import redis

from service.config import Settings
from service.queue.connection import event_stream_key, redis_client

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""After a failure the broker is left alone for this long, so that its absence never slows a training."""


class EventWriter:
    """Writes events to the Redis streams `authorgan:events:{job}`: each entry has one field `event`, a JSON object.

    A broker that is away costs the watchers these events and nothing else.
    """

    def __init__(self, settings: Settings):
        self._redis = redis_client(settings)
        self._length = settings.event_stream_length
        self._kept_seconds = settings.event_stream_seconds
        self._retry_at = 0.0

    def write(self, job_id: str, events: Iterable[dict]) -> bool:
        """Append events in one round trip; returns whether they are in the stream.

        After an `end` event the stream is kept for the time that the settings name.
        """
        if time.monotonic() < self._retry_at:
            return False
        key = event_stream_key(job_id)
        pipeline = self._redis.pipeline(transaction=False)
        for event in events:
            pipeline.xadd(key, {"event": json.dumps(event)}, maxlen=self._length, approximate=True)
            if event["type"] == "end":
                pipeline.expire(key, int(self._kept_seconds) + 1)
            elif event["type"] == "state":
                pipeline.persist(key)
        try:
            pipeline.execute()
        except redis.exceptions.RedisError as error:
            log.warning("events of job %s reached no watcher: %s", job_id, error)
            self._retry_at = time.monotonic() + RETRY_SECONDS
            return False
        return True

    def forget(self, job_id: str) -> None:
        """Remove the stream of a job that was deleted."""
        try:
            self._redis.delete(event_stream_key(job_id))
        except redis.exceptions.RedisError as error:
            log.warning("the events of the deleted job %s stay until the broker drops them: %s", job_id, error)
