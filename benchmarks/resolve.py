"""How long `spec.resolve` takes: the editor asks for it at every wire that is drawn.

python benchmarks/resolve.py
"""

import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import spec

ROUNDS = 50


def drawn_discriminator(layers: int) -> dict[str, Any]:
    """A chain of convolutions with batch normalization and LeakyReLU, `layers` long in all."""
    chain: list[dict[str, Any]] = [{"id": "image", "type": "Input", "source": "image", "inputs": []}]
    block = [
        {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"},
        {"type": "BatchNormalization"},
        {"type": "LeakyReLU", "negative_slope": 0.2},
    ]
    while len(chain) < layers - 2:
        chain.append({"id": f"l{len(chain)}", "inputs": [chain[-1]["id"]], **block[len(chain) % 3]})
    chain.append({"id": "row", "type": "Flatten", "inputs": [chain[-1]["id"]]})
    chain.append({"id": "score", "type": "Dense", "units": 1, "inputs": ["row"]})
    return {"choice": "custom", "layers": chain}


def milliseconds(task: Callable[[], Any]) -> float:
    """Processor time of a run, median of `ROUNDS`."""
    times = []
    for _ in range(ROUNDS):
        start = process_time()
        task()
        times.append(1000 * (process_time() - start))
    return median(times)


def main() -> None:
    """Print one line a case."""
    cases = {"dcgan on digits": {"choice": "dcgan"}}
    cases |= {f"{count} drawn layers": drawn_discriminator(count) for count in (10, 100, 1000)}
    for name, discriminator in cases.items():
        document = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": discriminator}
        resolved = spec.resolve(document)
        again = milliseconds(lambda resolved=resolved: spec.resolve(resolved))
        first = milliseconds(lambda document=document: spec.resolve(document))
        print(
            f"{name:20} {first:7.2f} ms   resolved again {again:7.2f} ms   hash {milliseconds(resolved.sha256):6.2f} ms"
        )


if __name__ == "__main__":
    main()
