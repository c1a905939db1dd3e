"""Work on files from strangers, in a child process that may take only so much memory and time.

The child is a module that is run as a program: its main calls `serve`, which binds the process to its limits, reads a
request and answers. Both are JSON. `run` is the parent's side.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

PACKAGE_ROOT = Path(__file__).parents[1]
START_SECONDS = 30.0
"""What the start of the child, and a machine with other work, may add to its time."""
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")
"""What the child sees of the parent's environment."""
OUT_OF_TIME = (-9, -24)
"""What a child ends with that the kernel has stopped: SIGKILL, SIGXCPU."""

CHILDREN = threading.BoundedSemaphore(2)
"""Children of this process at the same time."""


@dataclass(frozen=True)
class Limits:
    """What a child may take.

    Attributes:
        seconds: of the processor's time, and as many and `START_SECONDS` on the clock.
        memory_bytes: beyond what it has once its libraries are loaded.
    """

    seconds: float
    memory_bytes: int


class OverLimitError(Exception):
    """The child took more than it may.

    Attributes:
        limit: Which of `Limits` it was.
    """

    def __init__(self, limit: Literal["seconds", "memory_bytes"]) -> None:
        self.limit = limit
        super().__init__(limit)


class CrashedError(Exception):
    """The child ended without an answer; the message says how."""


def run(
    module: str, *arguments: str, request: Mapping[str, Any], limits: Limits, environ: Mapping[str, str] | None = None
) -> Any:
    """What the child answers.

    Args:
        module: what `python -m` runs.
        arguments: handed to the work of `serve`.
        environ: what it sees besides `KEPT`.

    Raises:
        OverLimitError: it took too much.
        CrashedError: it ended without an answer.
    """
    environment = {name: value for name, value in os.environ.items() if name in KEPT}
    environment |= {"PYTHONPATH": str(PACKAGE_ROOT), "OPENBLAS_NUM_THREADS": "1", **(environ or {})}
    with CHILDREN:
        try:
            done = subprocess.run(
                [sys.executable, "-m", module, str(limits.seconds), str(limits.memory_bytes), *arguments],
                input=json.dumps(request).encode(),
                capture_output=True,
                timeout=limits.seconds + START_SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise OverLimitError("seconds") from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        if done.returncode in OUT_OF_TIME:
            raise OverLimitError("seconds") from error
        if b"bad_alloc" in done.stderr:  # a library in C++ that got no memory
            raise OverLimitError("memory_bytes") from error
        last_words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise CrashedError(f"its reader ended with status {done.returncode} {last_words}") from error
    if answer["over"]:
        raise OverLimitError("memory_bytes")
    return answer["result"]


def serve(work: Callable[..., Any]) -> NoReturn:
    """The child's main: `work` gets the request and the arguments, and what it returns is the answer."""
    seconds, memory_bytes, *arguments = sys.argv[1:]
    _confine(Limits(float(seconds), int(memory_bytes)))
    request = json.load(sys.stdin)
    try:
        answer = {"over": False, "result": work(request, *arguments)}
    except MemoryError:
        answer = {"over": True}
    json.dump(answer, sys.stdout)
    sys.stdout.flush()
    os._exit(0)  # with memory short, an orderly end may fail


def _confine(limits: Limits) -> None:
    seconds = int(limits.seconds) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + limits.memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
