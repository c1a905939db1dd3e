"""Work on files from strangers, in a child process that may take only so much memory and time."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from drivers.data.errors import DataError
from drivers.data.settings import DataSettings

PACKAGE_ROOT = Path(__file__).parents[2]
START_SECONDS = 30.0
"""What the start of the child may add to its time."""

CHILDREN = threading.BoundedSemaphore(2)
"""Children of this process at the same time."""


def run(command: Sequence[str], settings: DataSettings, *, request: Mapping[str, Any]) -> Any:
    """Run ``python -m drivers.data COMMAND`` with a JSON request on its standard input; its JSON answer.

    Raises:
        DataError: the child's, or `too_large` if it ran out of memory or time, or `corrupt` if it crashed.
    """
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "LANG", "LD_LIBRARY_PATH", "TMPDIR")},
        "PYTHONPATH": str(PACKAGE_ROOT),
        "OPENBLAS_NUM_THREADS": "1",
        **settings.environ(),
    }
    with CHILDREN:
        try:
            done = subprocess.run(
                [sys.executable, "-m", "drivers.data", *command],
                input=json.dumps(request).encode(),
                capture_output=True,
                timeout=settings.reader_seconds + START_SECONDS,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise _too_long(settings) from error
    try:
        answer = json.loads(done.stdout)
    except ValueError as error:
        if done.returncode in (-9, -24):  # SIGKILL, SIGXCPU
            raise _too_long(settings) from error
        last_words = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise DataError(
            "corrupt", f"The file cannot be read: its reader ended with status {done.returncode} {last_words}."
        ) from error
    if "error" in answer:
        raise DataError(**answer["error"])
    return answer["result"]


def _too_long(settings: DataSettings) -> DataError:
    return DataError(
        "too_large", f"Reading took longer than AUTHORGAN_READER_SECONDS={settings.reader_seconds:g}; use less data."
    )


def limit(settings: DataSettings) -> None:
    """In the child: bind this process to its memory and time."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(settings.reader_seconds) + 1, int(settings.reader_seconds) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":  # elsewhere the address space cannot be limited
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        most = pages * resource.getpagesize() + settings.reader_bytes
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
