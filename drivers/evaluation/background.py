"""Scores of a training as it goes, on a thread of their own: the training stands still only while samples are drawn."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

from drivers.errors import DriverError
from drivers.evaluation.evaluation import Drawn, Evaluation
from drivers.interface import Session

log = logging.getLogger(__name__)

Event = dict[str, Any]


class Background:
    """Draws samples in the caller's thread and scores them in another.

    Used from one thread. One evaluation runs at a time: the next one waits for it, so that no epoch that is due is
    left out.

    Attributes:
        every_epochs: how often an evaluation is due.
        seconds: how long the last one took, without drawing; None before the first.
    """

    def __init__(self, evaluation: Evaluation, every_epochs: int) -> None:
        self.every_epochs = every_epochs
        self.seconds: float | None = None
        self._evaluation = evaluation
        self._thread: threading.Thread | None = None
        self._running: dict[str, Any] | None = None
        self._finished: list[Event] = []
        self._lock = threading.Lock()  # guards the two above

    @property
    def running(self) -> dict[str, Any] | None:
        """``{"step", "what", "done", "total"}`` of the evaluation that is under way."""
        with self._lock:
            return self._running

    def begin(self, session: Session) -> None:
        """Draws what the metrics need from the model as it is, then scores it in the background."""
        self.wait()
        drawn = self._evaluation.draw(session)
        self._running = {"step": session.step, "what": "starting", "done": 0, "total": 1}
        self._thread = threading.Thread(target=self._score, args=(session.step, drawn), name="scores", daemon=True)
        self._thread.start()

    def wait(self, seconds: float | None = None) -> None:
        """Returns when nothing is under way, or after so many seconds."""
        if self._thread is not None:
            self._thread.join(seconds)

    def take_events(self) -> list[Event]:
        """The ``metric`` events of what has finished, and a ``log`` event for what failed; each once."""
        with self._lock:
            finished, self._finished = self._finished, []
        return finished

    def _score(self, step: int, drawn: Drawn) -> None:
        start = time.monotonic()
        try:
            scores = self._evaluation.score(drawn, lambda *progress: self._tell(step, *progress))
            events = [{"type": "metric", "step": step, **score.to_json()} for score in scores]
        except DriverError as error:
            message = f"There are no scores of step {step}: {error.message}"
            events = [{"type": "log", "level": "warning", "message": message}]
        except Exception as error:
            # A training of many hours does not end because of a score; it is told, and the next one may succeed.
            log.exception("the scores of step %d failed", step)
            message = f"The scores of step {step} failed in a way that nobody foresaw: {type(error).__name__}: {error}"
            events = [{"type": "log", "level": "error", "message": message}]
        with self._lock:
            self.seconds = time.monotonic() - start
            self._finished += events
            self._running = None

    def _tell(self, step: int, what: str, done: int, total: int) -> None:
        with self._lock:
            self._running = {"step": step, "what": what, "done": done, "total": total}
