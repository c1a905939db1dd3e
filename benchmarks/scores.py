"""Scores of 10,000 images: ours beside the same scores written the plain way.

    python benchmarks/scores.py [--count 10000] [--rounds 3] [--threads 1]

Ours are Fréchet distance, kernel distance, precision and recall as an evaluation gives them: with confidence intervals
and, the first time, the floors of real against real. The plain way computes the bare values from whole matrices of
distances and kernels. Both see the same features; the extractor is trained before, and its training is not timed.
Ours multiply matrices on one thread, however many there are; two would wait for each other most of the time.
Times are processor seconds of all threads, which a busy machine lengthens far less than the clock's. Data are MNIST if
it is found (AUTHORGAN_DATA), else the embedded digits, of which there are fewer.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

METRICS = ["frechet_distance", "kid", "precision", "recall"]
GOAL_SECONDS = 20.0
SUBSETS, SUBSET_SIZE, NEIGHBOURS = 100, 1000, 3


def main() -> None:
    arguments = _arguments()
    for library in ("OMP", "OPENBLAS"):
        os.environ[f"{library}_NUM_THREADS"] = str(arguments.threads)
    import numpy as np

    import spec
    from drivers.data import DataSettings, load
    from drivers.evaluation.evaluation import Drawn, Evaluation
    from drivers.evaluation.extractors import open_extractor

    choice = "mnist" if os.environ.get("AUTHORGAN_DATA") else "digits"
    resolved = spec.resolve(
        {
            "data": {"choice": choice},
            "generator": {"choice": "dcgan"},
            "discriminator": {"choice": "dcgan"},
            "evaluation": {"metrics": METRICS, "sample_count": arguments.count},
        }
    )
    data = load(resolved["data"])
    with tempfile.TemporaryDirectory() as home:
        extractor = open_extractor("classifier", data, DataSettings(home=Path(home)), _told)
    evaluation = Evaluation(resolved, data, lambda progress: extractor)
    random = np.random.default_rng(0)
    # Stand for a generator: real images with a little noise.
    chosen = data.samples[random.integers(len(data.samples), size=evaluation.count)].astype(float)
    drawn = Drawn(np.clip(chosen + random.normal(0, 20, chosen.shape), 0, 255).astype(np.uint8), None, None)

    print(f"\n{choice}, {evaluation.count} images of each kind, {arguments.threads} threads, {arguments.rounds} rounds")
    first, ours = _timed(lambda: {score.name: score.value for score in evaluation.score(drawn)})
    reached = "reached" if first < GOAL_SECONDS else "MISSED"
    print(f"the first time, with floors: {first:.1f} processor seconds; goal {GOAL_SECONDS:.0f} s: {reached}")
    real = data.samples[np.random.default_rng(evaluation.seed).permutation(len(data.samples))[: evaluation.count]]
    times: dict[str, list[float]] = {"ours": [], "plain": []}
    plain: dict[str, float] = {}
    for _ in range(arguments.rounds):
        seconds, ours = _timed(lambda: {score.name: score.value for score in evaluation.score(drawn)})
        times["ours"].append(seconds)
        seconds, plain = _timed(lambda: _plain(extractor.features(real), extractor.features(drawn.samples)))
        times["plain"].append(seconds)
    print(f"{'':18} {'ours':>10} {'plain':>10}")
    for name in METRICS:
        print(f"{name:18} {ours[name]:10.4g} {plain[name]:10.4g}")
    print(
        f"{'processor seconds':18} {statistics.median(times['ours']):10.1f} {statistics.median(times['plain']):10.1f}"
    )
    ratio = statistics.median(b / a for a, b in zip(times["ours"], times["plain"], strict=True))
    print(f"the plain way takes {ratio:.2f} times as long, without intervals")


def _plain(real: Any, fake: Any) -> dict[str, float]:
    """The four values as they are usually written."""
    import numpy as np
    from scipy.linalg import sqrtm
    from scipy.spatial.distance import cdist

    real, fake = real.astype(float), fake.astype(float)
    covariances = np.cov(real.T), np.cov(fake.T)
    shift = real.mean(0) - fake.mean(0)
    frechet = shift @ shift + np.trace(sum(covariances) - 2 * sqrtm(covariances[0] @ covariances[1]).real)

    random = np.random.default_rng(0)
    size = min(SUBSET_SIZE, len(real) // 2)
    distances = []
    for _ in range(SUBSETS):
        x = real[random.choice(len(real), size, replace=False)]
        y = fake[random.choice(len(fake), size, replace=False)]
        xx, yy, xy = ((a @ b.T / a.shape[1] + 1) ** 3 for a, b in ((x, x), (y, y), (x, y)))
        within = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / (size * (size - 1))
        distances.append(within - 2 * xy.mean())

    real_radii = np.sort(cdist(real, real), axis=1)[:, NEIGHBOURS]
    fake_radii = np.sort(cdist(fake, fake), axis=1)[:, NEIGHBOURS]
    between = cdist(real, fake)
    return {
        "frechet_distance": float(frechet),
        "kid": float(np.mean(distances)),
        "precision": float((between <= real_radii[:, None]).any(0).mean()),
        "recall": float((between <= fake_radii[None]).any(1).mean()),
    }


def _timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds: of all threads, and unlike the clock's the same on a busy machine."""
    start = time.process_time()
    result = function()
    return time.process_time() - start, result


def _told(what: str, done: int, total: int) -> None:
    print(f"\r{what}: {done / total:4.0%}", end="", flush=True)


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1, help="of the plain way, and of the extractor")
    return parser.parse_args()


if __name__ == "__main__":
    main()
