"""How a worker and the process it started talk: JSON lines, commands on stdin, answers on a pipe of their own.

stdout and stderr stay free for whatever libraries print; nothing they say can be mistaken for a message.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from service.supervisor.guard import die_with_parent

PROJECT = Path(__file__).parent.parent.parent
CHUNK_BYTES = 1 << 16
KILL_WAIT_SECONDS = 10.0

EXIT_ORPHANED = 70


class Lines:
    """Splits what arrives on a non-blocking file descriptor into JSON messages."""

    def __init__(self, descriptor: int):
        self._descriptor = descriptor
        self._rest = b""
        self.ended = False
        os.set_blocking(descriptor, False)

    def read(self) -> list[dict[str, Any]]:
        """All messages that have arrived whole. Sets `ended` when the other side has closed the pipe."""
        while not self.ended:
            try:
                chunk = os.read(self._descriptor, CHUNK_BYTES)
            except BlockingIOError:
                break
            self.ended = not chunk
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return [json.loads(line) for line in lines]


class Child:
    """A process that this one started, at the parent's end of the pipes. It dies when the starting thread ends.

    Args:
        module: What `python -m` runs; its main opens a `Channel`.
        arguments: Further arguments.
    """

    def __init__(self, module: str, *arguments: str, environ: Mapping[str, str] | None = None):
        self._events, child_events = os.pipe()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", module, str(os.getpid()), str(child_events), *arguments],
                stdin=subprocess.PIPE,
                pass_fds=[child_events],
                cwd=PROJECT,
                env={**os.environ, **(environ or {})},
            )
        finally:
            os.close(child_events)
        self._lines = Lines(self._events)
        self._closed = False

    @property
    def ended(self) -> bool:
        """Whether everything the process said has been read and it will say no more."""
        return self._lines.ended

    def fileno(self) -> int:
        """For `select`: readable when there are messages, or the end."""
        return self._events

    def send(self, message: Mapping[str, Any]) -> bool:
        """Send a command; False when the process is gone, which its exit status then explains."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(json.dumps(message).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return False
        return True

    def read(self) -> list[dict[str, Any]]:
        """The messages that have arrived; never waits."""
        return self._lines.read()

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End it at once, wherever it is."""
        if self.is_alive():
            self.process.kill()

    def close(self) -> int:
        """Make sure that it has ended, and return its exit status (negative: the signal that ended it)."""
        if self._closed:
            return self.process.wait()
        self._closed = True
        try:
            self.process.wait(KILL_WAIT_SECONDS if self.ended else 0)
        except subprocess.TimeoutExpired:
            self.process.kill()
        status = self.process.wait()
        assert self.process.stdin is not None
        with suppress(BrokenPipeError):  # a command it did not live to read
            self.process.stdin.close()
        os.close(self._events)
        return status


class Channel:
    """The child's end. Commands are read by a thread, so that the end of the parent ends this process at any moment.

    Args:
        descriptor: Where messages to the parent go.
    """

    def __init__(self, descriptor: int):
        self._messages = os.fdopen(descriptor, "wb")
        self._lock = threading.Lock()
        self._commands: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._saved = threading.Semaphore(0)
        # Libraries that read stdin find it empty instead of eating commands.
        self._input = os.fdopen(os.dup(0), "rb")
        with open(os.devnull, "rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        threading.Thread(target=self._read_commands, name="commands", daemon=True).start()

    def send(self, message: Mapping[str, Any]) -> None:
        """Tell the parent something. The end of the parent ends this process too."""
        with self._lock:
            self._messages.write(json.dumps(message).encode() + b"\n")
            self._messages.flush()

    def receive(self, timeout: float | None = None) -> dict[str, Any] | None:
        """The next command; waits up to `timeout` seconds, None: without limit. None when there is none."""
        try:
            return self._commands.get(timeout != 0, timeout)
        except queue.Empty:
            return None

    def wait_until_saved(self) -> None:
        """Return when the parent has written to the database what it was told so far."""
        self.send({"type": "save"})
        self._saved.acquire()

    def _read_commands(self) -> None:
        for line in self._input:
            command = json.loads(line)
            if command["action"] == "saved":
                self._saved.release()
            else:
                self._commands.put(command)
        os._exit(EXIT_ORPHANED)  # no clean-up: whoever takes over must find nobody here


def open_channel() -> tuple[Channel, list[str]]:
    """What a child's main does first: tie its life to the parent's, open the channel; returns further arguments."""
    parent, descriptor, *arguments = sys.argv[1:]
    die_with_parent(int(parent))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then tells us
    return Channel(int(descriptor)), arguments
