"""Brings what a training reports to a tracker, on a thread of its own: nothing a tracker does delays a training."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from service.tracking.tracker import Point, Run, Tracker, TrackerRefused, TrackerUnavailable, numbers

log = logging.getLogger(__name__)

GATHER_SECONDS = 1.0
"""How long points wait for company: a tracker is told of them together."""

RETRY_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a tracker that does not answer is left alone, the first time, the second time, …"""

Tell = Callable[[str, str], None]


class Delivery:
    """One tracker's side of one attempt. `put` never waits, and no method raises.

    A tracker that is away is asked again, while what is reported waits in a queue of bounded length; one that refuses,
    breaks or hangs is given up. The training's watchers are told once of each.

    Args:
        length: events that may wait; what comes when there are as many is lost to the tracker.
        patience: seconds that a tracker has, after the training's end, to take what still waits.
        picture: gives the PNG of the samples of a step.
        tell: is given a level (`info`, `warning`) and a sentence for whoever watches the training.
    """

    def __init__(
        self,
        tracker: Tracker,
        run: Run,
        *,
        length: int,
        patience: float,
        picture: Callable[[int], bytes],
        tell: Tell,
    ):
        self._tracker = tracker
        self._run = run
        self._length = length
        self._patience = patience
        self._picture = picture
        self._tell = tell
        self._waiting: deque[Point | int] = deque()  # a number is the step of a picture
        self._change = threading.Condition()
        self._ended = False
        self._state: str | None = None
        self._deadline = float("inf")
        self._given_up = False
        self._overflowed = False
        self._thread = threading.Thread(target=self._deliver, name=f"{tracker.title} {run.job_id}", daemon=True)
        self._thread.start()

    def put(self, event: Mapping[str, Any]) -> None:
        """Have an event told, if it holds anything that trackers keep."""
        at = time.time()
        found: list[Point | int] = [Point(name, event["step"], value, at) for name, value in numbers(event).items()]
        if event["type"] == "sample":
            found.append(event["step"])
        if not found:
            return
        with self._change:
            if self._given_up or self._ended:
                return
            overflows = len(self._waiting) + len(found) > self._length
            if not overflows:
                self._waiting.extend(found)
                self._change.notify()
        if overflows and not self._overflowed:
            self._overflowed = True
            self._say("warning", f"takes nothing, and {self._length} numbers wait for it; those that follow are lost")

    def end(self, state: str | None) -> None:
        """No more events. What waits is still delivered, and the state: the thread takes as long as its patience lasts.

        Args:
            state: see `Tracker.finish`; None where somebody else goes on with the job and tells of its end.
        """
        with self._change:
            self._ended, self._state = True, state
            self._deadline = time.monotonic() + self._patience
            self._change.notify()

    def join(self, seconds: float) -> bool:
        """Wait for the thread; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _deliver(self) -> None:
        try:
            for remark in self._insist(lambda: self._tracker.start(self._run)):
                self._say("info", remark)
            while (gathered := self._gather()) is not None:
                self._hand_over(gathered)
            if self._state is not None:
                state = self._state
                self._insist(lambda: self._tracker.finish(state))
        except TrackerRefused as error:
            self._give_up(f"refuses this run, which is not tracked there any more: {error}")
        except TrackerUnavailable as error:
            self._give_up(f"did not answer until the end: {error}")
        except Exception as error:
            log.exception("job %s: %s", self._run.job_id, self._tracker.title)
            self._give_up(f"failed, this run is not tracked there any more: {type(error).__name__}: {error}")

    def _gather(self) -> list[Point | int] | None:
        """What waits, once there is something and it had time to gather company; None after the end."""
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._ended)
            self._change.wait_for(lambda: self._ended, GATHER_SECONDS)
            gathered = list(self._waiting)
            return gathered or None

    def _hand_over(self, gathered: list[Point | int]) -> None:
        """Tell the tracker; what was told leaves the queue, which keeps the rest."""
        points = [item for item in gathered if isinstance(item, Point)]
        if points:
            self._insist(lambda: self._tracker.log(points))
        for step in (item for item in gathered if not isinstance(item, Point)):
            try:
                png = self._picture(step)
            except OSError as error:
                log.warning("job %s: the samples of step %d are not there: %s", self._run.job_id, step, error)
                continue
            self._insist(lambda: self._tracker.picture(step, png))  # noqa: B023  (called at once)
        with self._change:
            for _ in gathered:
                self._waiting.popleft()

    def _insist(self, ask: Callable[[], Any]) -> Any:
        """Ask until there is an answer, or no patience left."""
        failures = 0
        while True:
            try:
                answer = ask()
            except TrackerUnavailable as error:
                if not failures:
                    self._say("warning", f"does not answer; what is reported waits for it: {error}")
                pause = RETRY_SECONDS[min(failures, len(RETRY_SECONDS) - 1)]
                failures += 1
                if time.monotonic() + pause > self._deadline:
                    raise
                self._pause(pause)
            else:
                if failures:
                    self._say("info", "answers again")
                return answer

    def _pause(self, seconds: float) -> None:
        """Wait; not on, once the end has come, which is another time to ask."""
        with self._change:
            if not self._ended:
                self._change.wait_for(lambda: self._ended, seconds)
                return
        time.sleep(seconds)

    def _give_up(self, why: str) -> None:
        with self._change:
            self._given_up = True
            self._waiting.clear()
        self._say("warning", why)

    def _say(self, level: str, what: str) -> None:
        message = f"{self._tracker.title} {what}."
        log.log(logging.WARNING if level == "warning" else logging.INFO, "job %s: %s", self._run.job_id, message)
        if not self._ended:  # nobody watches a training that has ended
            self._tell(level, message)
