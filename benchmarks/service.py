"""What the service costs: the rate of a training through the whole system beside the driver alone, and latencies.

The whole system runs, Node-RED included, and the training is started by the button of the first flow, which follows it,
as does a client of this benchmark. The driver alone is `drivers.training.train` in a process of its own. The two take
turns in short bursts, the other side frozen (SIGSTOP), so that whatever else the machine does falls on both. Ratios are
taken burst by burst.

    python benchmarks/service.py [--rounds 10] [--burst 5] [--presses 5] [--threads N]
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))

from service.config import Settings  # noqa: E402
from service.supervisor.node_red import NodeRed, first_flow  # noqa: E402

REST_SHARE = 0.05
"""The system is at rest, and its spare warm, when for a second it has used less than this share of a processor."""
IDLE_SECONDS = 10.0
LATENCY_SECONDS = 30.0
LONG = 100_000  # epochs that nobody waits for

ALONE = """
import json, os, sys, tempfile, time
from pathlib import Path
from drivers import open_session
from drivers.data import load
from drivers.training import train
spec, threads = json.loads(sys.argv[1]), int(sys.argv[2]) or None
session = open_session(spec, load(spec["data"]), threads=threads)
def emit(event):
    if event["type"] == "loss":
        print(time.time(), event["step"], flush=True)
with tempfile.TemporaryDirectory() as folder:
    train(session, emit=emit, next_command=lambda timeout: None, checkpoint_folder=Path(folder),
          save_sample=lambda step, images: {})
"""


class System:
    """`python -m service up` on ports and a home of its own, with a first flow that trains for ever."""

    def __init__(self, home: Path, threads: int):
        self.settings = Settings(home=home, port=_free_port(), node_red_port=_free_port(), training_threads=threads)
        folder = home / "node-red"
        folder.mkdir(parents=True)
        flow = first_flow()
        for node in flow:
            if node["type"] == "authorgan-training":
                node["parameters"]["epochs"] = LONG
            if node["type"] == "authorgan-service":
                node["url"] = f"http://127.0.0.1:{self.settings.port}"
        (folder / "flows.json").write_text(json.dumps(flow))
        trains = {node["id"] for node in flow if node["type"] == "authorgan-train"}
        self._button = next(
            node["id"]
            for node in flow
            if node["type"] == "inject" and trains & {to for out in node["wires"] for to in out}
        )
        self.node_red = NodeRed(self.settings, folder)
        self._log = home / "up.log"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service", "up"],
            cwd=PROJECT,
            env={**os.environ, **self.settings.environ()},
            stderr=self._log.open("wb"),
            start_new_session=True,
        )
        _wait(lambda: "Ctrl-C stops everything" in self._log.read_text() or self.process.poll() is not None)
        if self.process.poll() is not None:
            raise SystemExit(self._log.read_text())

    def press(self) -> tuple[float, str]:
        """Press the flow's button; when that was, and the job that it started."""
        before = self._newest()
        pressed = time.time()
        self.node_red.request("POST", f"/inject/{self._button}", {})
        return pressed, _wait(lambda: (newest := self._newest()) != before and newest)

    def _newest(self) -> str | None:
        jobs = self.ask("GET", "/v1/jobs?limit=1")["jobs"]
        return jobs[0]["id"] if jobs else None

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request to the API; its JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.settings.port, timeout=30)
        headers = {"Content-Type": "application/json"} if body is not None else {}
        connection.request(method, path, json.dumps(body) if body is not None else None, headers)
        return json.loads(connection.getresponse().read())

    def stop(self, job_id: str) -> None:
        """Stop a job and wait until it has."""
        self.ask("POST", f"/v1/jobs/{job_id}/actions", {"action": "stop"})
        _wait(lambda: self.ask("GET", f"/v1/jobs/{job_id}")["state"] == "stopped")

    def rest(self) -> None:
        """Wait until nothing is being prepared any more."""
        while True:
            before = {pid: _processor_seconds([pid]) for pid in self.processes()}
            time.sleep(1.0)
            after = {pid: _processor_seconds([pid]) for pid in self.processes()}
            if before.keys() == after.keys() and sum(after.values()) - sum(before.values()) < REST_SHARE:
                return

    def processes(self) -> list[int]:
        """The supervisor and everything it has started."""
        return [self.process.pid, *_descendants(self.process.pid)]

    def training_process(self) -> int:
        """The process that has used most processor time: nothing else here computes."""
        return max(self.processes(), key=lambda pid: _processor_seconds([pid]))

    def close(self) -> None:
        self.process.send_signal(signal.SIGCONT)
        self.process.terminate()
        self.process.wait(60)


class Follower(threading.Thread):
    """A client that follows a job's events: for each the time it was put into the stream, and the time it arrived."""

    def __init__(self, system: System, job_id: str):
        super().__init__(daemon=True)
        self._connection = http.client.HTTPConnection("127.0.0.1", system.settings.port, timeout=600)
        self._connection.request("GET", f"/v1/jobs/{job_id}/events", headers={"Accept": "text/event-stream"})
        self.losses: list[tuple[float, int]] = []  # (when it was emitted, step)
        self.latencies: list[float] = []
        self.start()

    def run(self) -> None:
        fields: dict[str, str] = {}
        for raw in self._connection.getresponse():
            arrived = time.time()
            name, _, value = raw.decode().rstrip().partition(": ")
            fields[name] = value
            if name == "" and "id" in fields:  # the empty line that ends an event
                emitted = float(fields["id"].split("-")[0]) / 1000
                self.latencies.append(arrived - emitted)
                if fields["event"] == "loss":
                    self.losses.append((emitted, json.loads(fields["data"])["step"]))
                fields = {}


@dataclass(frozen=True)
class Burst:
    """Some seconds of a training: when they were, and the processor time that it took meanwhile."""

    start: float
    end: float
    processor: float

    @classmethod
    def of(cls, pid: int, seconds: float) -> Burst:
        """Let the process run for so long."""
        start, used = time.time(), _processor_seconds([pid])
        time.sleep(seconds)
        return cls(start, time.time(), _processor_seconds([pid]) - used)

    def rates(self, losses: list[tuple[float, int]]) -> tuple[float, float]:
        """Steps a second, between the first and the last loss event of the burst, and a second of processor time."""
        inside = [loss for loss in losses if self.start <= loss[0] <= self.end]
        (first, first_step), (last, last_step) = inside[0], inside[-1]
        steps_a_second = (last_step - first_step) / (last - first)
        return steps_a_second, steps_a_second * (self.end - self.start) / self.processor


@contextmanager
def alone(spec: dict[str, Any], threads: int) -> Iterator[tuple[subprocess.Popen[str], list[tuple[float, int]]]]:
    """The driver alone, training for ever; its process and its losses."""
    process = subprocess.Popen(
        [sys.executable, "-c", ALONE, json.dumps(spec), str(threads)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    losses: list[tuple[float, int]] = []

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            when, step = line.split()
            losses.append((float(when), int(step)))

    threading.Thread(target=read, daemon=True).start()
    try:
        yield process, losses
    finally:
        process.kill()
        process.wait()


def compare_rates(system: System, rounds: int, burst: float, threads: int) -> None:
    """Bursts in turn; prints both rates and their ratio.

    Who watches the training is the flow. This benchmark reads the events' own times afterwards.
    """
    system.rest()
    _, job_id = system.press()
    spec = system.ask("GET", f"/v1/jobs/{job_id}")["spec"]
    with alone(spec, threads) as (process, losses):
        _wait(lambda: losses and system.ask("GET", f"/v1/jobs/{job_id}")["losses"])
        turns, beside = [], 0.0
        for _ in range(rounds):
            _signal([process.pid], signal.SIGSTOP)
            everything, training = system.processes(), system.training_process()
            others = [pid for pid in everything if pid != training]
            before = _processor_seconds(others)
            through = Burst.of(training, burst)
            beside += _processor_seconds(others) - before
            _signal(everything, signal.SIGSTOP)
            _signal([process.pid], signal.SIGCONT)
            by_itself = Burst.of(process.pid, burst)
            _signal(reversed(everything), signal.SIGCONT)
            turns.append((through, by_itself))
    follower = Follower(system, job_id)
    _wait(lambda: follower.losses and follower.losses[-1][0] > turns[-1][0].end)
    pairs = [(through.rates(follower.losses), by_itself.rates(losses)) for through, by_itself in turns]
    for which, what in enumerate(("steps a second", "steps a second of processor time")):
        ours, theirs = ([pair[side][which] for pair in pairs] for side in (0, 1))
        low, middle, high = statistics.quantiles([one / other for one, other in zip(ours, theirs, strict=True)], n=4)
        print(
            f"{what:<36}system {statistics.median(ours):7.2f}   driver alone {statistics.median(theirs):7.2f}   "
            f"ratio {middle:.3f} (quartiles {low:.3f} to {high:.3f})   wanted 0.97"
        )
    print(f"processor used beside the training  {100 * beside / (rounds * burst):6.1f} % of one")
    measure_latencies(follower)
    system.stop(job_id)


def measure_latencies(follower: Follower) -> None:
    """From the worker's putting an event into the stream to its arrival at a client that follows."""
    follower.latencies.clear()
    time.sleep(LATENCY_SECONDS)
    cuts = statistics.quantiles(follower.latencies, n=100)
    print(
        f"event emitted to event at a client  median {1000 * cuts[49]:6.1f} ms   "
        f"99th percentile {1000 * cuts[98]:.1f} ms   wanted: under 100 ms"
    )


def measure_presses(system: System, presses: int) -> None:
    """From the button to the first loss, with a warm spare."""
    seconds = []
    for _ in range(presses):
        system.rest()
        pressed, job_id = system.press()
        follower = Follower(system, job_id)
        _wait(lambda: follower.losses)  # noqa: B023
        seconds.append(follower.losses[0][0] - pressed)
        system.stop(job_id)
    print(
        f"button pressed to first loss        median {1000 * statistics.median(seconds):6.0f} ms   "
        f"worst {1000 * max(seconds):.0f} ms   wanted: under 1000 ms"
    )


def measure_rest(system: System) -> None:
    """Memory of the API and processor time of everything, while nothing is asked of it."""
    system.rest()
    before = _processor_seconds(system.processes())
    time.sleep(IDLE_SECONDS)
    used = _processor_seconds(system.processes()) - before
    print(f"processor used by everything, idle  {100 * used / IDLE_SECONDS:6.1f} % of one")
    for pid in system.processes():
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        name = next((word for word in _NAMES if word in command), command[:40])
        print(f"  {name:<34}{_resident_mib(pid):6.0f} MiB")


_NAMES = (
    "service up", "valkey", "worker training", "worker interactive", "gunicorn", "reaper", "node-red",
    "service.trainer.models", "service.trainer",
)  # fmt: skip


def _wait(condition: Callable[[], Any], seconds: float = 120.0) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise SystemExit("The system does not do what the benchmark waits for.")
        time.sleep(0.005)
    return answer


def _signal(pids: Any, number: int) -> None:
    for pid in pids:
        os.kill(pid, number)


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [found for child in map(int, children) for found in (child, *_descendants(child))]


def _processor_seconds(pids: list[int]) -> float:
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _resident_mib(pid: int) -> float:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--burst", type=float, default=5.0, help="seconds")
    parser.add_argument("--presses", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="of the training, in the system and alone")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder), arguments.threads)
        try:
            measure_rest(system)
            measure_presses(system, arguments.presses)
            compare_rates(system, arguments.rounds, arguments.burst, arguments.threads)
        finally:
            system.close()


if __name__ == "__main__":
    main()
