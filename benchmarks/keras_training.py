"""Training steps a second: the Keras driver on JAX and TensorFlow beside the same GAN written by hand in Keras.

All sides run in processes of their own and take turns in short bursts, as in `benchmarks/training.py`; the ratio is
taken burst by burst. The PyTorch driver and Keras on PyTorch stand in the table too, for comparison of the runtimes.
Beside each runtime in float32 stands the same in bfloat16.

    python benchmarks/keras_training.py [--rounds 9] [--burst 1.0] [--threads N] [--networks dcgan wgan_gp]

``--networks keras_example`` is Keras's own example of a GAN with a ``train_step``
(`benchmarks/yardsticks/keras_example.py`): 64x64 colour images, batches of 32, trained by ``fit`` on TensorFlow. Its
steps take seconds; a burst is one of them at least.
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
WARM_UP_SECONDS = 0.5
# JAX queues steps faster than it does them; after so many the losses are waited for.
STEPS_AHEAD = 5
GOAL = 1.0
BY_HAND, REDUCED = "by hand", "in bfloat16"
# Each runtime next to what it is compared with.
SIDES = (
    *("jax by hand", "jax", "jax in bfloat16"),
    *("tensorflow by hand", "tensorflow", "tensorflow in bfloat16"),
    *("torch", "torch in bfloat16"),
    *("pytorch", "pytorch in bfloat16"),
)

EXAMPLE, EXAMPLE_BATCH = "keras_example", 32
EXAMPLE_SIDES = ("tensorflow by hand", "tensorflow", "pytorch")


def main() -> None:
    arguments = _arguments()
    if arguments.side:
        _serve(arguments.network, arguments.side, arguments.threads)
        return
    print(
        f"{SIZE}x{SIZE}, batch {BATCH}, {arguments.threads} threads, {arguments.rounds} rounds of {arguments.burst} s"
    )
    for network in arguments.networks:
        _compare(network, arguments)


def _compare(network: str, arguments: Any) -> None:
    sides = EXAMPLE_SIDES if network == EXAMPLE else SIDES
    processes = {side: _start(network, side, arguments.threads) for side in sides}
    rates: dict[str, list[float]] = {side: [] for side in sides}
    for _ in range(arguments.rounds):
        for side, process in processes.items():
            rates[side].append(_ask(process, arguments.burst))
    for process in processes.values():
        process.stdin.close()
        process.wait()
    print(f"\n{network:8} {'side':24} {'steps/s':>8}   ratio (quartiles)")
    for side in sides:
        print(f"{'':8} {side:24} {statistics.median(rates[side]):8.2f}{_compared(side, rates)}")


def _compared(side: str, rates: dict[str, list[float]]) -> str:
    """A runtime's ratio to the one by hand, or that of bfloat16 to float32."""
    plain, _, how = side.partition(" ")
    if how == REDUCED:
        return f"   {_ratio(rates[side], rates[plain])[1]} of float32"
    if how or f"{side} {BY_HAND}" not in rates:
        return ""
    middle, text = _ratio(rates[side], rates[f"{side} {BY_HAND}"])
    return f"   {text} of that by hand, goal {GOAL}: {'reached' if middle >= GOAL else 'MISSED'}"


def _ratio(ours: list[float], theirs: list[float]) -> tuple[float, str]:
    """The median of one rate divided by the other burst by burst, and with it, in words, the quartiles."""
    low, middle, high = statistics.quantiles([a / b for a, b in zip(ours, theirs, strict=True)], n=4)
    return middle, f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _start(network: str, side: str, threads: int) -> subprocess.Popen:
    command = [sys.executable, __file__, "--side", side, "--network", network, "--threads", str(threads)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    json.loads(process.stdout.readline())  # ready
    return process


def _ask(process: subprocess.Popen, seconds: float) -> float:
    process.stdin.write(f"{seconds}\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def _serve(network: str, side: str, threads: int) -> None:
    """Trains for as many seconds as each line of input says, and answers with steps a second."""
    runtime, _, how = side.partition(" ")
    if how == BY_HAND:
        train = _by_hand(network, runtime, threads)
    else:
        train = _driver(_spec(network, runtime, "bfloat16" if how == REDUCED else "float32"), threads)
    train(WARM_UP_SECONDS)
    print("0", flush=True)
    for line in sys.stdin:
        print(json.dumps(train(float(line))), flush=True)


def _spec(network: str, runtime: str, precision: str = "float32") -> Any:
    import spec

    choice = "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits"
    keys = {"driver": "pytorch"} if runtime == "pytorch" else {"driver": "keras", "backend": runtime}
    if network == EXAMPLE:
        from benchmarks.yardsticks import keras_example

        data = {"choice": choice, "image_size": 64, "channels": 3}
        training = {"batch_size": EXAMPLE_BATCH}
        return spec.resolve({**keras_example.spec(data, training=training, **keys), "precision": precision})
    return spec.resolve(
        {
            "data": {"choice": choice, "image_size": SIZE},
            "generator": {"choice": network},
            "discriminator": {"choice": network},
            "training": {"batch_size": BATCH},
            "precision": precision,
            **keys,
        }
    )


def _driver(resolved: Any, threads: int) -> Callable[[float], float]:
    import drivers
    from drivers.data import load

    session = drivers.open_session(resolved, load(resolved["data"]), threads=threads)
    session.train_step()
    session.read_losses()
    ahead = STEPS_AHEAD if resolved["training"]["batch_size"] == BATCH else 1

    def train(seconds: float) -> float:
        start, steps = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            for _ in range(ahead):
                session.train_step()
            session.read_losses()
            steps += ahead
        return steps / (time.perf_counter() - start)

    return train


def _by_hand(network: str, runtime: str, threads: int) -> Callable[[float], float]:
    from drivers.data import load
    from drivers.keras.runtime import start

    start(runtime, "cpu", threads)
    from benchmarks.yardsticks import keras_gan

    resolved = _spec(network, runtime)
    if network == EXAMPLE:
        from benchmarks.yardsticks import keras_example

        return keras_example.trained_by_fit(load(resolved["data"]).images, EXAMPLE_BATCH)
    steps = resolved["training"]["discriminator_steps"]
    if runtime == "jax":
        return keras_gan.on_jax(network, load(resolved["data"]).images, BATCH, steps, ahead=STEPS_AHEAD)
    return keras_gan.on_tensorflow(network, load(resolved["data"]).images, BATCH, steps)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--burst", type=float, default=1.0, metavar="SECONDS")
    parser.add_argument("--threads", type=int, default=max(1, len(os.sched_getaffinity(0)) - 1))
    parser.add_argument("--networks", nargs="+", default=["dcgan", "wgan_gp"])
    parser.add_argument("--side", choices=SIDES, help=argparse.SUPPRESS)
    parser.add_argument("--network", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
