"""The Celery application: three queues, JSON only, and no promise beyond "there may be work".

A message is acknowledged before its task runs, so that a training can never be delivered twice; what is lost that way
(a killed worker, a wiped broker) the reaper finds in the job table.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from celery import Celery
from kombu import Exchange, Queue

from service.config import Settings

TRAINING, INTERACTIVE, LENGTHY = "training", "interactive", "lengthy"
QUEUES = (TRAINING, INTERACTIVE, LENGTHY)
"""Trainings; what somebody waits for with a finger on a slider; what takes a model seconds or minutes."""
KEY_PREFIX = "authorgan:celery:"
HEALTH_CHECK_SECONDS = 25
CONNECT_SECONDS = 5


@lru_cache(maxsize=8)
def celery_app(settings: Settings) -> Celery:
    """The application for one set of settings, for the process that sends messages and the one that runs tasks.

    The anonymous exchange routes by the queue's name alone. A named one would keep its bindings in the broker, and
    after the broker was wiped messages would lead nowhere until every worker had connected anew.
    """
    app = Celery("authorgan")
    app.conf.update(
        broker_url=_kombu_url(settings.redis_url),
        broker_connection_retry=True,
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        broker_transport_options={
            "global_keyprefix": KEY_PREFIX,
            "health_check_interval": HEALTH_CHECK_SECONDS,
            "socket_keepalive": True,
            "socket_connect_timeout": CONNECT_SECONDS,
            "retry_on_timeout": True,
        },
        result_backend=None,
        task_ignore_result=True,
        task_serializer="json",
        accept_content=["json"],
        task_queues=[Queue(name, Exchange(""), routing_key=name) for name in QUEUES],
        task_default_queue=TRAINING,
        task_create_missing_queues=False,
        # A message that cannot be sent at once is given up: the row remains, and the reaper sends another.
        task_publish_retry=True,
        task_publish_retry_policy={"max_retries": 1, "interval_start": 0.1, "interval_step": 0, "interval_max": 0.1},
        task_acks_late=False,
        task_reject_on_worker_lost=False,
        worker_prefetch_multiplier=1,
        worker_disable_prefetch=True,
        worker_soft_shutdown_timeout=settings.shutdown_seconds,
        worker_enable_remote_control=False,
        worker_send_task_events=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_proc_alive_timeout=60,
        enable_utc=True,
    )
    return app


def _kombu_url(url: str) -> str:
    """`unix://:password@/path?db=1`, redis-py's spelling, as kombu spells it; other URLs are the same in both."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    database = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair).get("db", "0")
    return f"redis+socket://{parts.netloc}{parts.path}?virtual_host={database}"
