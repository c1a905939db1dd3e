"""Seconds from a job to its first loss in each runtime, as the service runs it: DCGAN, 32x32, batches of 64.

A cold start has no warm spare: the training process is started for the job. Where a step is compiled, a second cold
start finds on the disk what the first one compiled. Seconds of processor time are what a start costs a machine that
has other work too.

    python benchmarks/first_loss.py [--rounds 3] [--threads N] [--runtimes keras:jax …]
"""

from __future__ import annotations

import argparse
import os
import select
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import spec as specs
from service.config import Settings
from service.trainer.pipes import Child
from service.trainer.runtimes import spec_keys
from service.trainer.spare import Spare

RUNTIMES = ("keras:jax", "keras:tensorflow", "keras:torch", "pytorch")
STARTS = ("cold", "cold again", "warm spare")
GOAL_SECONDS = 10.0
SIZE = 32
BATCH = 64


def main() -> None:
    arguments = _arguments()
    print(f"{SIZE}x{SIZE}, batch {BATCH}, {arguments.threads} threads, medians of {arguments.rounds} rounds")
    print(f"{'':18} {'start':12} {'seconds':>8} {'processor':>10}   goal")
    for runtime in arguments.runtimes:
        rounds = [_starts(runtime, arguments.threads) for _ in range(arguments.rounds)]
        for start, found in zip(STARTS, zip(*rounds, strict=True), strict=True):
            seconds, processor = (statistics.median(column) for column in zip(*found, strict=True))
            verdict = f"{GOAL_SECONDS:g}: {'reached' if seconds <= GOAL_SECONDS else 'MISSED'}"
            print(f"{runtime:18} {start:12} {seconds:8.1f} {processor:10.1f}   {verdict}", flush=True)


def _starts(runtime: str, threads: int) -> list[tuple[float, float]]:
    """Seconds to the first loss, and processor seconds, of each of `STARTS` on a machine that begins with nothing."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder), training_threads=threads)
        spec, spare = _spec(runtime), Spare(settings)
        found = [_first_loss(spare, spec, settings, job_id) for job_id in ("cold", "again")]
        return [*found, _first_loss(spare, spec, settings, "warm", is_ready=True)]


def _first_loss(
    spare: Spare, spec: Mapping[str, Any], settings: Settings, job_id: str, *, is_ready: bool = False
) -> tuple[float, float]:
    start = time.perf_counter()
    child = spare.take(spec)
    if is_ready:
        _wait_for(child, "ready")
        start = time.perf_counter()
    process = psutil.Process(child.process.pid)
    before = _processor_seconds(process)
    child.send(
        {
            "action": "train",
            "job_id": job_id,
            "spec": spec,
            "storage_url": settings.storage_url,
            "home": str(settings.home),
            "threads": settings.training_threads,
            "lock_seconds": settings.lease_seconds,
            "stamp": None,
        }
    )
    try:
        _wait_for(child, "loss")
        return time.perf_counter() - start, _processor_seconds(process) - before
    finally:
        child.kill()
        child.close()


def _wait_for(child: Child, kind: str) -> None:
    """Reads what the process tells until there is such an event.

    Raises:
        RuntimeError: it ended before that.
    """
    while not child.ended:
        select.select([child], [], [])
        for message in child.read():
            if message["type"] == kind:
                return
            if message["type"] == "end":
                raise RuntimeError(str(message["problem"]))
    raise RuntimeError("The training process ended without a word.")


def _processor_seconds(process: psutil.Process) -> float:
    used = process.cpu_times()
    return used.user + used.system


def _spec(runtime: str) -> Mapping[str, Any]:
    return specs.resolve(
        {
            "data": {"choice": "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits", "image_size": SIZE},
            "generator": {"choice": "dcgan"},
            "discriminator": {"choice": "dcgan"},
            "training": {"batch_size": BATCH},
            **spec_keys(runtime),
        }
    )


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=max(1, len(os.sched_getaffinity(0)) - 1))
    parser.add_argument("--runtimes", nargs="+", choices=RUNTIMES, default=RUNTIMES)
    return parser.parse_args()


if __name__ == "__main__":
    main()
