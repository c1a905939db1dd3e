"""Hints to the workers. One that does not arrive costs time, never a job: workers and reaper look at the rows too."""

from __future__ import annotations

import logging

import redis
from kombu.exceptions import OperationalError

from service.config import Settings
from service.queue.app import TRAINING, celery_app
from service.queue.connection import nudge_channel, redis_client

log = logging.getLogger(__name__)

TRAIN_TASK = "authorgan.train"


def enqueue_training(job_id: str, *, settings: Settings | None = None) -> bool:
    """Say that a job waits to be trained; call it after the row is committed.

    Returns:
        Whether the broker took the message. If not, the reaper sends it again.
    """
    settings = settings or Settings.from_env()
    try:
        celery_app(settings).send_task(TRAIN_TASK, args=[job_id], queue=TRAINING)
    except OperationalError as error:
        log.warning("the broker took no message for job %s, the reaper will send it again: %s", job_id, error)
        return False
    return True


def nudge(job_id: str, *, settings: Settings | None = None) -> bool:
    """Tell the worker of a job to look at its row now: after a request was stored, or the row deleted.

    Returns:
        Whether the broker took it. If not, the worker finds out with its next look at the row.
    """
    settings = settings or Settings.from_env()
    try:
        redis_client(settings).publish(nudge_channel(job_id), b"")
    except redis.exceptions.RedisError as error:
        log.warning("the broker took no nudge for job %s, its worker will look by itself: %s", job_id, error)
        return False
    return True
