"""What a training process uses of the machine, looked at from outside so that it costs the training nothing."""

from __future__ import annotations

import logging
import shutil
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress

import psutil

log = logging.getLogger(__name__)

PREFIX = "usage/"
"""What the names of these measurements begin with, to tell them from those of an evaluation."""

GPU_QUERY = ("nvidia-smi", "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits")
GPU_LOAD_QUERY = ("nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")
GPU_TIMEOUT_SECONDS = 5.0
MIB = 1024 * 1024


class Usage:
    """Looks at a process every so often, in a thread of its own, until it is closed or the process is gone.

    Args:
        tell: given ``usage/cpu_percent`` (of one processor, since the last look), ``usage/memory_bytes`` and, where
            the process is on a card that `nvidia-smi` knows, ``usage/gpu_memory_bytes`` and ``usage/gpu_percent``
            (of the card, whoever uses it).
    """

    def __init__(self, pid: int, seconds: float, tell: Callable[[dict[str, float]], None]):
        self._pid = pid
        self._seconds = seconds
        self._tell = tell
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._watch, name=f"usage of {pid}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._thread.join()

    def _watch(self) -> None:
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._pid)
            process.cpu_percent()  # the first look only starts the clock
            gpu = shutil.which(GPU_QUERY[0]) is not None
            while not self._closing.wait(self._seconds):
                with process.oneshot():
                    used = {
                        f"{PREFIX}cpu_percent": process.cpu_percent(),
                        f"{PREFIX}memory_bytes": float(process.memory_info().rss),
                    }
                if gpu:
                    used |= gpu_usage(self._pid)
                self._tell(used)


def gpu_usage(pid: int) -> dict[str, float]:
    """Memory of the cards that a process holds, in bytes, and how busy they are; empty when it is on none."""
    try:
        apps, loads = (_ask(query) for query in (GPU_QUERY, GPU_LOAD_QUERY))
        held = [float(mib) * MIB for owner, mib in (line.split(", ") for line in apps) if owner == str(pid)]
        busiest = max(map(float, loads))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.debug("nvidia-smi gives no usage: %s", error)
        return {}
    return {f"{PREFIX}gpu_memory_bytes": sum(held), f"{PREFIX}gpu_percent": busiest} if held else {}


def _ask(query: tuple[str, ...]) -> list[str]:
    answer = subprocess.run(query, capture_output=True, text=True, timeout=GPU_TIMEOUT_SECONDS, check=True)
    return answer.stdout.split("\n")[:-1]
