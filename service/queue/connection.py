"""One Redis client a process, with the same manners everywhere, and the names of the keys."""

from __future__ import annotations

from functools import lru_cache

import redis

from service.config import Settings

HEALTH_CHECK_SECONDS = 25
SOCKET_SECONDS = 5.0
"""A broker that is silent for this long counts as gone; blocking reads must be shorter."""


@lru_cache(maxsize=8)
def redis_client(settings: Settings) -> redis.Redis:
    """The client of this process for one set of settings; it connects on first use and again after a loss."""
    network = {} if settings.redis_url.startswith("unix:") else {"socket_keepalive": True}
    return redis.Redis.from_url(
        settings.redis_url,
        socket_timeout=SOCKET_SECONDS,
        socket_connect_timeout=SOCKET_SECONDS,
        health_check_interval=HEALTH_CHECK_SECONDS,
        **network,
    )


def event_stream_key(job_id: str) -> str:
    """The stream of a job's events."""
    return f"authorgan:events:{job_id}"


def nudge_channel(job_id: str) -> str:
    """The channel on which the worker of a job hears that its row has something for it."""
    return f"authorgan:nudge:{job_id}"


def reply_key(call_id: str) -> str:
    """The list on which the answer to one interactive call arrives."""
    return f"authorgan:reply:{call_id}"


def presence_key(queue: str) -> str:
    """The sorted set of the workers of a queue, scored by when they were last heard of."""
    return f"authorgan:workers:{queue}"
