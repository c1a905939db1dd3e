"""What it costs a training to measure accuracy, gradient norms and learning rates at every so many steps.

Two sessions of the same GAN take turns, one that measures every step and one that never does; of each burst the
processor time counts, so that whatever else the machine does falls on neither. What a measured step costs more is
spread over the steps from one to the next, as a training does it.

    python benchmarks/measuring.py [--rounds 9]
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import drivers
import spec as specs
from drivers import state
from drivers.data import load

WANTED_SHARE = 0.01
NEVER = 10**9
# By name: family, size of the images, steps in a burst.
GANS = {"gan, 8x8": ("gan", 8, 200), "dcgan, 16x16": ("dcgan", 16, 10)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    for name, (family, size, steps) in GANS.items():
        data = {"choice": "digits", "image_size": size}
        networks = {"generator": {"choice": family}, "discriminator": {"choice": family}}
        # So short that a step may be measured each time.
        resolved = specs.resolve({"data": data, "training": {"epochs": 10}, **networks})
        sessions = [drivers.open_session(resolved, load(resolved["data"]), threads=1) for _ in range(2)]
        often = state.MEASURE_EVERY
        ratios = []
        for _ in range(arguments.rounds + 1):
            used = []
            for session, every in zip(sessions, (1, NEVER), strict=True):
                state.MEASURE_EVERY = every
                used.append(burst(session, steps))
            ratios.append(1 + (used[0] / used[1] - 1) / often)
        state.MEASURE_EVERY = often
        low, middle, high = statistics.quantiles(ratios[1:], n=4)  # the first round warms up
        print(
            f"{name:14} processor time with measuring to without: {middle:.4f} ({low:.4f} to {high:.4f}); "
            f"wanted: under {1 + WANTED_SHARE}"
        )


def burst(session: drivers.Session, steps: int) -> float:
    """Processor seconds of so many steps, and of reading what came of them."""
    start = time.process_time()
    for _ in range(steps):
        session.train_step()
    session.read_losses()
    session.read_measurements()
    return time.process_time() - start


if __name__ == "__main__":
    main()
