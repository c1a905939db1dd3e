"""Keeps processes running: starts them, carries their output away, starts them again, stops them."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from service.supervisor.guard import guarded
from service.supervisor.logs import Console, PartLog
from service.supervisor.parts import PROJECT, Part

CHUNK_BYTES = 1 << 16
BACKOFF_SECONDS = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""How long a part that crashed waits before it is started again, the first time, the second time in a row, …"""
STEADY_SECONDS = 60.0
"""A part that has run this long has not crashed in a row."""
READY_POLL_SECONDS = 0.05


class StartError(RuntimeError):
    """A part does not come up; the message says which and why."""


class Stopped(Exception):  # noqa: N818  (not an error)
    """Somebody asked the supervisor to stop."""


class Running:
    """One part, running or about to be started again."""

    def __init__(self, part: Part, log: PartLog):
        self.part = part
        self.log = log
        self.failures = 0
        self.start_at: float | None = None
        self.process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0

    def start(self) -> None:
        """Start it in a session of its own, so that the terminal's Ctrl-C reaches only the supervisor."""
        self.part.prepare(self.failures)
        self.start_at = None
        self._started_at = time.monotonic()
        self.process = subprocess.Popen(
            guarded(self.part.command),
            cwd=PROJECT,
            env={**os.environ, **self.part.environ, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        os.set_blocking(self.process.stdout.fileno(), False)

    def fileno(self) -> int:
        assert self.process is not None
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def pump(self) -> bool:
        """Take the output that is there; False when there will be no more."""
        while True:
            try:
                chunk = os.read(self.fileno(), CHUNK_BYTES)
            except BlockingIOError:
                return True
            if not chunk:
                return False
            self.log.feed(chunk)

    def crashed(self) -> float:
        """Note that it ended by itself; how many seconds to wait until the next start."""
        if time.monotonic() - self._started_at > STEADY_SECONDS:
            self.failures = 0
        delay = BACKOFF_SECONDS[min(self.failures, len(BACKOFF_SECONDS) - 1)]
        self.failures += 1
        self.start_at = time.monotonic() + delay
        self.process = None
        return delay

    def signal_group(self, number: int) -> None:
        """Send a signal to everything in its session."""
        if self.process is not None:
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                return  # all of it has ended


class Processes:
    """All parts, in the order in which they were started. One thread does everything.

    That thread must be the main one and start every part: the kernel ends a guarded process together with the thread
    that started it.

    Args:
        on_change: Called with the process of every part, None for one that waits to be started again.
    """

    def __init__(self, logs: Path, console: Console, on_change: Callable[[dict[str, int | None]], None]):
        self._logs = logs
        self._on_change = on_change
        self._console = console
        self._running: list[Running] = []
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        self._stop_asked = 0
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)  # only to end the select

    def _ask_to_stop(self, _number: int, _frame: object) -> None:
        self._stop_asked += 1

    def start(self, parts: Sequence[Part]) -> None:
        """Start parts side by side."""
        for part in parts:
            running = Running(part, PartLog(part.name, self._logs, self._console, on_terminal=part.on_terminal))
            self._running.append(running)
            self._start(running)

    def wait_until_ready(self, parts: Sequence[Part], seconds: float) -> None:
        """Wait until parts do their work.

        Raises:
            StartError: One ended instead, or is not ready in time.
            Stopped: Somebody does not want to wait.
        """
        deadline = time.monotonic() + seconds
        waiting = list(parts)
        while waiting:
            self._turn(READY_POLL_SECONDS)
            for running in self._running:
                if running.part in waiting and running.failures >= running.part.attempts:
                    said = "\n  ".join(running.log.last_lines)
                    raise StartError(
                        f"{running.part.name} has ended. Its last words, from {running.log.path}:\n  {said}"
                    )
            waiting = [part for part in waiting if not part.is_ready()]
            if waiting and time.monotonic() > deadline:
                names = ", ".join(part.name for part in waiting)
                raise StartError(f"Not ready after {seconds:g} s: {names}; see the logs in {self._logs}")

    def watch(self, until: Callable[[], bool] = lambda: False, poll_seconds: float | None = None) -> None:
        """Keep all parts running until `until`, which is looked at every `poll_seconds`.

        Raises:
            Stopped: Somebody asked for it.
        """
        while not until():
            self._turn(poll_seconds)

    def stop(self, groups: Sequence[Sequence[str]]) -> None:
        """Stop parts, one group of names after the other; a second Ctrl-C kills what is left."""
        asked_before = self._stop_asked
        for names in groups:
            group = [running for running in self._running if running.part.name in names and running.process]
            for running in group:
                assert running.process is not None
                running.process.send_signal(signal.SIGTERM)
            deadline = {id(running): time.monotonic() + running.part.stop_seconds for running in group}
            while group:
                self._select(READY_POLL_SECONDS)
                impatient = self._stop_asked > max(asked_before, 1)
                for running in list(group):
                    assert running.process is not None
                    if running.process.poll() is not None:
                        group.remove(running)
                    elif impatient or time.monotonic() > deadline[id(running)]:
                        self._console.say(f"{running.part.name} does not stop; it is killed.")
                        running.signal_group(signal.SIGKILL)
        for running in self._running:
            running.signal_group(signal.SIGKILL)  # whatever a part has left behind
            if running.process is not None:
                running.process.wait()
            running.log.close()

    def _turn(self, seconds: float | None) -> None:
        """One round: output, crashes, restarts that are due. Waits up to `seconds`, None: until something happens."""
        if self._stop_asked:
            raise Stopped
        due = [running.start_at for running in self._running if running.start_at is not None]
        if due:
            until_due = max(0.0, min(due) - time.monotonic())
            seconds = until_due if seconds is None else min(seconds, until_due)
        self._select(seconds)
        for running in self._running:
            if running.process is not None and (status := running.process.poll()) is not None:
                self._note_crash(running, status)
            elif running.start_at is not None and time.monotonic() >= running.start_at:
                self._start(running)

    def _start(self, running: Running) -> None:
        running.start()
        self._selector.register(running, selectors.EVENT_READ)
        self._tell()

    def _tell(self) -> None:
        self._on_change({one.part.name: one.process.pid if one.process else None for one in self._running})

    def _select(self, seconds: float | None) -> None:
        for key, _ in self._selector.select(seconds):
            if key.fileobj == self._wake_read:
                os.read(self._wake_read, CHUNK_BYTES)
            elif isinstance(key.fileobj, Running) and not key.fileobj.pump():
                self._selector.unregister(key.fileobj)

    def _note_crash(self, running: Running, status: int) -> None:
        if running in {key.fileobj for key in self._selector.get_map().values()}:
            running.pump()
            self._selector.unregister(running)
        running.signal_group(signal.SIGKILL)
        how = signal.Signals(-status).name if status < 0 else f"exit status {status}"
        delay = running.crashed()
        self._tell()
        self._console.say(f"{running.part.name} has ended ({how}); it starts again in {delay:g} s.")
