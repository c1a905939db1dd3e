"""The child of `drivers.imports.confining`: reads one file, never with more than its limits.

The request is ``{"path", "weights"}``, weights null or where they are to be put, as safetensors; the argument is the
suffix. The answer is ``{"layers"}`` or ``{"problems"}``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from drivers import confined
from drivers.imports.reading import UnreadableError, read_network
from drivers.weights import save


def answer(request: dict[str, Any], suffix: str) -> dict[str, Any]:
    target = request["weights"]
    try:
        network = read_network(Path(request["path"]), suffix, with_weights=target is not None)
    except UnreadableError as error:
        return {"problems": error.problems}
    if target is not None:
        save(Path(target), network.weights)
    return {"layers": network.layers}


if __name__ == "__main__":
    confined.serve(answer)
