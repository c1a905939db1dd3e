"""The warm spare: a training process that has its library in memory already and waits for a job.

A process has one runtime, a driver and where it has several its backend. The spare is kept for the one used last, by
the guess that whoever trains is going to train with it again; a file in the home folder remembers it.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from service.config import Settings
from service.trainer.pipes import Child
from service.trainer.runtimes import DEFAULT, is_runtime, runtime_of

log = logging.getLogger(__name__)

BACKGROUND_NICENESS = 10
"""How far a spare that warms up beside a running training stands back: it gets the time that is left over."""


def threads(settings: Settings) -> int | None:
    """Processor threads of one training: what the settings say, else an equal share; None: all but one."""
    if settings.training_threads:
        return settings.training_threads
    if settings.training_workers == 1:
        return None
    return max(1, processors() // settings.training_workers)


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


class Spare:
    """Keeps one training process warm. Call it from one thread, which must live as long as the processes may."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child: Child | None = None
        self._runtime = _remembered(settings)

    def prepare(self, *, in_background: bool = False) -> None:
        """Start a spare, for the runtime used last, if there is none.

        Args:
            in_background: A training runs, and is not to be slowed down by this.
        """
        if self._child is not None and not self._child.is_alive():
            self.discard()  # it was killed while it waited
        if self._child is None:
            niceness = BACKGROUND_NICENESS if in_background else 0
            self._child = Child(
                "service.trainer",
                str(niceness),
                str(threads(self._settings) or 0),
                self._runtime,
                environ=self._settings.environ(),
            )

    def take(self, spec: Mapping[str, Any]) -> Child:
        """Hand out the spare, or a process that is just starting when there is none for the spec's runtime."""
        wanted = runtime_of(spec)
        if wanted != self._runtime:
            self.discard()
            self._runtime = wanted
            _remember(self._settings, wanted)
        self.prepare()
        child, self._child = self._child, None
        assert child is not None
        return child

    def discard(self) -> None:
        """End the spare."""
        if self._child is not None:
            self._child.kill()
            self._child.close()
            self._child = None


def _file(settings: Settings) -> Path:
    return Path(settings.home) / "last-runtime"


def _remembered(settings: Settings) -> str:
    """The runtime used last on this machine; the default where there is none, or none that is installed."""
    try:
        runtime = _file(settings).read_text().strip()
    except OSError:
        return DEFAULT
    return runtime if is_runtime(runtime) else DEFAULT


def _remember(settings: Settings, runtime: str) -> None:
    """A disk that is full costs a warm start, and a line in the log."""
    try:
        _file(settings).write_text(runtime)
    except OSError as error:
        log.warning("the next worker will not know that '%s' was used last: %s", runtime, error)
