"""Training steps a second: the PyTorch driver beside a plain hand-written loop of the same GAN.

Each side runs in a process of its own; they take turns in short bursts, so that whatever else the machine does falls
on both. Ratios are taken burst by burst; their median and quartiles are printed, and the ratio of each side's fastest
burst, which is what a machine that does nothing else would give. Both sides get as many threads; on a busy machine
--threads 1 gives the steadier comparison.

    python benchmarks/training.py [--rounds 15] [--burst 1.0] [--threads N] [--device cpu]

Data are MNIST if it is found (AUTHORGAN_DATA), else the embedded digits.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZE = 32
BATCH = 64
WARM_UP_STEPS = 5
# By network and precision: at least so many times the plain loop's rate.
GOALS: dict[str, dict[str, float | None]] = {
    "dcgan": {"auto": 2.5, "float32": 1.5},
    "gan": {"auto": 1.7, "float32": None},
}


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        _serve(arguments.network, arguments.side, arguments.threads, arguments.device)
        return
    print(
        f"{SIZE}x{SIZE}, batch {BATCH}, {arguments.threads} threads, {arguments.rounds} rounds of {arguments.burst} s"
    )
    for network, goals in GOALS.items():
        _compare(network, ["plain", *goals], goals, arguments)


def _compare(network: str, sides: list[str], goals: dict[str, float | None], arguments: Any) -> None:
    processes = {side: _start(network, side, arguments) for side in sides}
    rates: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(arguments.rounds):
        for side, process in processes.items():
            rates[side].append(_ask(process, arguments.burst))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    print(f"\n{network:8} {'side':8} {'steps/s':>8} {'fastest':>8}   {'ratio to plain (quartiles)':30} of the fastest")
    for side in sides:
        print(f"{'':8} {side:8} {statistics.median(rates[side]):8.2f} {max(rates[side]):8.2f}", end="")
        print("" if side == "plain" else _verdict(rates[side], rates["plain"], goals[side]))


def _verdict(ours: list[float], plain: list[float], goal: float | None) -> str:
    low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, plain, strict=True)], n=4)
    reached = "" if goal is None else f"   goal {goal}: {'reached' if middle >= goal else 'MISSED'}"
    return f"   {f'{middle:.2f} ({low:.2f} to {high:.2f})':30} {max(ours) / max(plain):.2f}{reached}"


def _start(network: str, side: str, arguments: Any) -> subprocess.Popen:
    command = [sys.executable, __file__, "--side", side, "--network", network]
    command += ["--threads", str(arguments.threads), "--device", arguments.device]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    json.loads(process.stdout.readline())  # ready
    return process


def _ask(process: subprocess.Popen, seconds: float) -> float:
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def _serve(network: str, side: str, threads: int, device: str) -> None:
    """Trains for as many seconds as each line of input says, and answers with steps a second."""
    step, finish = (_plain if side == "plain" else _driver)(network, side, threads, device)
    for _ in range(WARM_UP_STEPS):
        step()
    finish()
    print("0", flush=True)
    for line in sys.stdin:
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < float(line):
            step()
            steps += 1
        finish()
        print(json.dumps(steps / (time.perf_counter() - start)), flush=True)


def _data(size: int) -> Any:
    import spec
    from drivers.data import load

    choice = "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits"
    return load(spec.resolve({"data": {"choice": choice, "image_size": size}, **_networks("gan")})["data"])


def _networks(network: str) -> dict[str, Any]:
    return {"generator": {"choice": network}, "discriminator": {"choice": network}}


def _plain(network: str, side: str, threads: int, device: str) -> tuple[Callable[[], Any], Callable[[], None]]:
    import torch

    from benchmarks.yardsticks import plain_gan

    torch.set_num_threads(threads)
    torch.set_default_device(device)
    dataset = plain_gan.ImageDataset(_data(28).images, SIZE)
    generator, discriminator = getattr(plain_gan, network)(SIZE)
    losses = plain_gan.train(
        generator,
        discriminator,
        (batch.to(device) for batch in plain_gan.batches_without_end(dataset, BATCH)),
        noise=lambda count: torch.randn(count, 100),
    )
    return lambda: next(losses), lambda: None


def _driver(network: str, side: str, threads: int, device: str) -> tuple[Callable[[], Any], Callable[[], None]]:
    import drivers
    import spec

    choice = "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits"
    data = {"choice": choice, "image_size": SIZE}
    resolved = spec.resolve(
        {"data": data, "training": {"batch_size": BATCH}, "precision": side, "device": device, **_networks(network)}
    )
    session = drivers.open_session(resolved, _data(SIZE), threads=threads)
    return session.train_step, lambda: (session.read_losses(), None)[1]


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--burst", type=float, default=1.0, help="seconds a side trains in one turn")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="of each side; default: all")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--side", help=argparse.SUPPRESS)
    parser.add_argument("--network", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
