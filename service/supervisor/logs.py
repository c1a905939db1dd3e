"""What the parts say: each line on the terminal with the name of its part, and in a file of its own."""

from __future__ import annotations

import logging
import sys
from collections import deque
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_BYTES = 10 * 1024 * 1024
LOG_BACKUPS = 2
LAST_LINES = 10
NAME_WIDTH = 11
COLOURS = (36, 35, 34, 33, 32, 96, 95)  # of the terminal: one a part, none of them red


class Console:
    """The terminal that the supervisor was started from."""

    def __init__(self) -> None:
        self._gone = False
        self._coloured = sys.stderr.isatty()
        self._colour_of: dict[str, int] = {}

    def line(self, name: str, text: str) -> None:
        """One line of one part."""
        prefix = f"{name:<{NAME_WIDTH}}|"
        if self._coloured:
            colour = self._colour_of.setdefault(name, COLOURS[len(self._colour_of) % len(COLOURS)])
            prefix = f"\x1b[{colour}m{prefix}\x1b[0m"
        self.say(f"{prefix} {text}")

    def say(self, text: str) -> None:
        """A word of the supervisor itself."""
        if self._gone:
            return
        try:
            print(text, file=sys.stderr, flush=True)
        except OSError:
            self._gone = True  # somebody closed the terminal; the files still have everything


class PartLog:
    """The lines of one part, taken from its output as they come.

    Args:
        folder: Where the log file `{name}.log` goes; old ones are kept as `.1` and `.2`.
        on_terminal: Whether they go to the terminal, too.

    Attributes:
        last_lines: The newest few.
    """

    def __init__(self, name: str, folder: Path, console: Console, *, on_terminal: bool):
        folder.mkdir(parents=True, exist_ok=True)
        self._name = name
        self._console = console
        self._on_terminal = on_terminal
        self.last_lines: deque[str] = deque(maxlen=LAST_LINES)
        self._rest = b""
        self.path = folder / f"{name}.log"
        self._file = RotatingFileHandler(self.path, maxBytes=LOG_BYTES, backupCount=LOG_BACKUPS, encoding="utf-8")
        self._file.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def feed(self, output: bytes) -> None:
        """Take a piece of output; whole lines are passed on."""
        *lines, self._rest = (self._rest + output).split(b"\n")
        for line in lines:
            text = line.decode("utf-8", "replace").rstrip()
            if text:
                self._file.emit(logging.makeLogRecord({"msg": text}))
                self.last_lines.append(text)
                if self._on_terminal:
                    self._console.line(self._name, text)

    def close(self) -> None:
        self.feed(b"\n")
        self._file.close()
