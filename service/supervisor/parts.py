"""The parts of the running system: how each is started, and how one sees that it is ready."""

from __future__ import annotations

import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import redis

from service import broker as brokers
from service.config import Settings
from service.queue.app import INTERACTIVE, LENGTHY, TRAINING
from service.queue.presence import workers
from service.supervisor.node_red import NodeRed, host_in_url

PROJECT = Path(__file__).parent.parent.parent
PROBE_SECONDS = 2.0
STOP_SECONDS = 10.0
"""Parts that hold nothing worth saving are killed when they take longer than this to stop."""
BROKER_FAILURES = 2
"""After so many starts that failed in a row the broker starts over with empty data."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """One process of the system.

    Attributes:
        name: What it is called in logs.
        command: What starts it, in the project's folder.
        is_ready: Whether it does its work; asked until it says so.
        environ: Variables beside the supervisor's own.
        stop_seconds: How long it may take to stop before it is killed.
        prepare: Called before every start with the number of starts in a row that have failed.
        attempts: How many starts may fail before the whole system is not started.
        on_terminal: Whether its lines are of interest on the terminal, beside its log file.
    """

    name: str
    command: list[str]
    is_ready: Callable[[], bool]
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = STOP_SECONDS
    prepare: Callable[[int], None] = lambda failures: None
    attempts: int = 1
    on_terminal: bool = True


def broker_part(broker: brokers.EmbeddedBroker) -> Part:
    """The embedded broker. Damaged files are put aside: what they held can be rebuilt from the job table."""

    def prepare(failures: int) -> None:
        if failures >= BROKER_FAILURES:
            broker.set_data_aside()
        broker.ensure_files()

    return Part(
        name="broker",
        command=broker.command,
        is_ready=lambda: brokers.probe(broker.url) is None,
        prepare=prepare,
        attempts=BROKER_FAILURES + 1,
        on_terminal=False,
    )


def api_part(settings: Settings) -> Part:
    """gunicorn with the API."""
    url = f"http://{host_in_url(settings.host)}:{settings.port}/healthz"
    return Part(
        name="api",
        command=_python("gunicorn", "--config", "service/api/gunicorn_conf.py", "service.api:create_app()"),
        is_ready=lambda: _answers(url),
        environ=settings.environ(),
    )


def worker_parts(settings: Settings) -> list[Part]:
    """The Celery workers, one for each queue."""
    started = time.time()

    def part(queue: str, stop_seconds: float) -> Part:
        return Part(
            name=queue,
            command=_python("service.queue.worker", queue),
            is_ready=lambda: _consumes(settings, queue, started),
            environ=settings.environ(),
            stop_seconds=stop_seconds,
        )

    return [
        part(INTERACTIVE, STOP_SECONDS),
        part(LENGTHY, STOP_SECONDS),
        part(TRAINING, settings.shutdown_seconds),
    ]


def reaper_part(settings: Settings) -> Part:
    """What finds lost and forgotten jobs."""
    return Part(
        name="reaper",
        command=_python("service.queue.reaper"),
        is_ready=lambda: True,  # nothing waits for it
        environ=settings.environ(),
    )


def node_red_part(settings: Settings, node_red: NodeRed) -> Part:
    """The editor."""
    return Part(
        name="node-red",
        command=node_red.command,
        is_ready=node_red.is_ready,
        environ={**settings.environ(), **node_red.environ},
        prepare=lambda failures: node_red.prepare(),
    )


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=PROBE_SECONDS) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def _consumes(settings: Settings, queue: str, since: float) -> bool:
    try:
        return workers(settings, since)[queue] > 0
    except redis.exceptions.RedisError:
        return False
