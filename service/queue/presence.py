"""Which workers are there, as they say themselves. A process that lives but no longer works does not say it."""

from __future__ import annotations

import logging
import time
from typing import Any, cast

import redis
from celery import bootsteps

from service.config import Settings
from service.queue.app import QUEUES
from service.queue.connection import presence_key, redis_client

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
ABSENT_SECONDS = 3 * BEAT_SECONDS
"""A worker that has not been heard of for this long is not there."""


class Presence(bootsteps.StartStopStep):
    """Has the worker's own event loop say that it consumes from its queue, so that a stalled loop falls silent."""

    requires = ("celery.worker.consumer.tasks:Tasks",)
    settings: Settings

    def __init__(self, consumer: Any, **options: Any):
        super().__init__(consumer, **options)
        self._beating: Any = None

    def start(self, consumer: Any) -> None:
        self._beat(consumer)
        self._beating = consumer.timer.call_repeatedly(BEAT_SECONDS, self._beat, (consumer,))

    def stop(self, consumer: Any) -> None:
        if self._beating is not None:
            self._beating.cancel()
            self._beating = None

    def _beat(self, consumer: Any) -> None:
        client = redis_client(self.settings)
        now = time.time()
        try:
            for queue in consumer.task_consumer.queues:
                key = presence_key(queue.name)
                client.zadd(key, {consumer.hostname: now})
                client.zremrangebyscore(key, 0, now - ABSENT_SECONDS)
        except redis.exceptions.RedisError as error:
            log.debug("nobody heard that this worker is there: %s", error)


def workers(settings: Settings, since: float | None = None, *, host: str | None = None) -> dict[str, int]:
    """How many workers consume from each queue: `{"training": 1, "interactive": 1, "lengthy": 1}`.

    Args:
        since: Count those heard of after this time (`time.time()`), by default those not yet counted as absent.
        host: Count those of this machine or container only.

    Raises:
        redis.exceptions.RedisError: The broker does not answer.
    """
    client = redis_client(settings)
    oldest = time.time() - ABSENT_SECONDS if since is None else since
    counts = {}
    for queue in QUEUES:
        heard = cast("list[bytes]", client.zrangebyscore(presence_key(queue), oldest, "+inf"))
        counts[queue] = sum(host is None or _host_of(worker.decode()) == host for worker in heard)
    return counts


def _host_of(worker: str) -> str:
    """`training@machine.1234` -> `machine`, see `service.queue.worker`."""
    return worker.partition("@")[2].rpartition(".")[0]
