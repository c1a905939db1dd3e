"""What it takes to draw 64 images of a trained 32x32 DCGAN: from the request to the last byte of the PNG.

The whole system runs. The same request is sent again and again: while nothing else is asked of the
system, while another training runs, and while that training runs and an evaluation is being made; in short turns, so
that whatever else the machine does falls on all of them alike. Beside the clock stands the processor time that one
request costs in each process, which a busy machine lengthens far less.

    python benchmarks/sampling.py [--rounds 5] [--requests 40] [--threads N]
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.service import System, _processor_seconds, _wait

COUNT = 64
EXPLORED = "one image moved by sliders, alone"
GOAL_MS = {"alone": 50.0, EXPLORED: 50.0, "beside a training": 150.0, "beside a training and an evaluation": None}
MAX_TRAINING_SECONDS = 300.0
EVALUATION_SECONDS = 600.0


def draw(system: System, job_id: str, seed: int) -> float:
    """Milliseconds from the request, on a connection of its own, to the last byte of the PNG."""
    return _post(system, job_id, "sample", {"count": COUNT, "seed": seed})


def explore(system: System, job_id: str, position: int) -> float:
    """The same for one image of the noise explorer, moved along a direction by thousandths of a standard deviation."""
    return _post(system, job_id, "explore", {"seed": 7, "amounts": {"0": position / 1000}})


def _post(system: System, job_id: str, what: str, question: dict[str, Any]) -> float:
    body = json.dumps(question)
    headers = {"Content-Type": "application/json", "Accept": "image/png"}
    start = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", system.settings.port, timeout=60)
    connection.request("POST", f"/v1/models/{job_id}/{what}", body, headers)
    response = connection.getresponse()
    content = response.read()
    seconds = time.perf_counter() - start
    connection.close()
    if response.status != 200 or not content.startswith(b"\x89PNG"):
        raise SystemExit(f"{response.status}: {content[:500]!r}")
    return 1000 * seconds


def spec(epochs: int, **more: Any) -> dict[str, Any]:
    """A DCGAN on MNIST if it is found, else on the embedded digits, in 32x32."""
    choice = "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits"
    return {
        "data": {"choice": choice, "image_size": 32, "count": 1500},
        "generator": {"choice": "dcgan"},
        "discriminator": {"choice": "dcgan"},
        "training": {"epochs": epochs},
        **more,
    }


def start(system: System, body: dict[str, Any]) -> str:
    """Submit a job; its id, once it trains."""
    job_id = system.ask("POST", "/v1/jobs", body)["id"]
    _wait(lambda: system.ask("GET", f"/v1/jobs/{job_id}")["losses"], MAX_TRAINING_SECONDS)
    return job_id


def evaluate(system: System, job_id: str, until: threading.Event) -> None:
    """Have a model scored again and again."""
    while not until.is_set():
        body = {"metrics": ["frechet_distance", "kid", "precision", "recall"], "count": 500, "extractor": "identity"}
        connection = http.client.HTTPConnection("127.0.0.1", system.settings.port, timeout=EVALUATION_SECONDS)
        path = f"/v1/models/{job_id}/evaluate"
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
        connection.getresponse().read()


def costs(system: System) -> dict[int, float]:
    return {pid: _processor_seconds([pid]) for pid in system.processes()}


def report(title: str, times: list[float], goal: float | None) -> None:
    cuts = statistics.quantiles(times, n=100)
    wanted = "" if goal is None else f"   wanted: under {goal:g} ms: {'reached' if cuts[94] < goal else 'MISSED'}"
    print(f"{title:<38}median {cuts[49]:6.1f} ms   95th percentile {cuts[94]:6.1f} ms{wanted}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=40, help="in each turn")
    parser.add_argument("--threads", type=int, default=0, help="of the training")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder), arguments.threads)
        try:
            measure(system, arguments.rounds, arguments.requests)
        finally:
            system.close()


def measure(system: System, rounds: int, requests: int) -> None:
    trained = start(system, spec(1))
    _wait(lambda: system.ask("GET", f"/v1/jobs/{trained}")["state"] == "succeeded", MAX_TRAINING_SECONDS)
    seeds = itertools.count()

    def draws() -> list[float]:
        return [draw(system, trained, next(seeds)) for _ in range(requests)]

    draw(system, trained, 0)  # loads the model
    explore(system, trained, 0)  # finds the directions
    times: dict[str, list[float]] = {title: [] for title in GOAL_MS}
    spent: dict[int, float] = {}
    load = []
    for _ in range(rounds):
        system.rest()
        load.append(os.getloadavg()[0])
        before = costs(system)
        times["alone"] += draws()
        for pid, seconds in costs(system).items():
            spent[pid] = spent.get(pid, 0.0) + seconds - before.get(pid, seconds)
        times[EXPLORED] += [explore(system, trained, next(seeds)) for _ in range(requests)]
        training = start(system, spec(1000))
        times["beside a training"] += draws()
        over = threading.Event()
        evaluation = threading.Thread(target=evaluate, args=(system, trained, over))
        evaluation.start()
        time.sleep(1.0)
        times["beside a training and an evaluation"] += draws()
        over.set()
        evaluation.join()
        system.stop(training)
    low, high = min(load), max(load)
    print(f"\n{COUNT} images, {rounds} x {requests} requests each; {os.cpu_count()} processors")
    print(f"load average before each turn {low:.1f} to {high:.1f} (of others too)")
    for title, goal in GOAL_MS.items():
        report(title, times[title], goal)
    each = 1000 / (rounds * requests)
    print("processor time of one request, alone:")
    for pid, seconds in sorted(spent.items(), key=lambda item: -item[1]):
        if seconds * each >= 0.1:
            print(f"  {seconds * each:6.1f} ms  {_command(pid)}")


def _command(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().split()
    return " ".join(word for word in words if "/" not in word)[:70]


if __name__ == "__main__":
    main()
