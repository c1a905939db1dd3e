"""What it costs to read a long curve: the answer of `GET /v1/jobs/{id}/metrics` for 100,000 steps, thinned.

Beside it, each with its ratio: all points sent as they are, what a service that does not thin would do; and only the
reading from the database, below which no answer can be. They take turns, so that whatever else the machine does falls
on all of them.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import spec as specs
from service.api import create_app
from service.api.context import KEY
from service.config import Settings

WANTED_SECONDS = 0.5

SPEC = {"data": {"choice": "digits"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # The broker is never asked for here.
        settings = Settings(home=Path(folder), redis_url=f"unix://{folder}/none", max_metric_points=10**9)
        app = create_app(settings)
        services, client = app.extensions[KEY], app.test_client()
        job = services.store.submit(specs.resolve(SPEC)).id
        fill(services.store, job, arguments.steps)

        def ask(query: str) -> Callable[[], int]:
            return lambda: len(client.get(f"/v1/jobs/{job}/metrics?{query}", headers={"Host": "localhost"}).data)

        contestants = {
            "thinned to 2,000 points": ask("max_points=2000"),
            "thinned to 1,000 bands": ask("max_points=1000&bands=true"),
            "by seconds, 1,000 bands": ask("max_points=1000&bands=true&x=seconds"),
            "a tenth of it, 2,000 points": ask(f"max_points=2000&from={arguments.steps * 9 // 10}"),
            "read in words": lambda: len(client.get(f"/v1/jobs/{job}/reading", headers={"Host": "localhost"}).data),
            "only read from the database": lambda: services.store.history.curve(job).nbytes,
            "all points, not thinned": ask(""),
        }
        compare(contestants, arguments.rounds)
        services.watch.close()
        services.store.close()


def fill(store, job: str, steps: int) -> None:
    """A curve with noise and a few spikes."""
    claim = store.claim(job, "worker")
    draw = np.random.default_rng(0)
    losses = draw.normal(1.0, 0.2, (steps, 2))
    losses[draw.integers(0, steps, 20)] = 50.0
    points = [(step + 1, *map(float, losses[step]), step / 100) for step in range(steps)]
    progress = {"step": steps, "total": steps, "epochs": 100, "seconds": steps / 100}
    store.write(claim, metrics=points, progress=progress)


def compare(contestants: dict[str, Callable[[], int]], rounds: int) -> None:
    """Run all in turn; prints the median time and processor time of each, its size, and its ratio to the last."""
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    processor: dict[str, list[float]] = {name: [] for name in contestants}
    sizes = {name: run() for name, run in contestants.items()}  # also the first time, which warms up
    for _ in range(rounds):
        for name, run in contestants.items():
            start, used = time.perf_counter(), time.process_time()
            run()
            seconds[name].append(time.perf_counter() - start)
            processor[name].append(time.process_time() - used)
    last = statistics.median(seconds[list(contestants)[-1]])
    for name, times in seconds.items():
        middle, used = statistics.median(times), statistics.median(processor[name])
        print(
            f"{name:<30}median {1000 * middle:6.0f} ms   processor {1000 * used:6.0f} ms   "
            f"{sizes[name] / 1024:6.0f} KiB   ratio {middle / last:5.2f}   wanted: under {1000 * WANTED_SECONDS:.0f} ms"
        )


if __name__ == "__main__":
    main()
