"""Starts a process a backend and collects what they found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

BACKENDS = ("tensorflow", "jax", "torch")
SETTINGS = {
    "OMP_NUM_THREADS": "1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    # What runs once is not worth optimizing. Most of the time went into programs that fuse operations.
    "XLA_FLAGS": " ".join(
        (
            "--xla_backend_optimization_level=0",
            "--xla_llvm_disable_expensive_passes=true",
            "--xla_cpu_use_fusion_emitters=false",
        )
    ),
}
Found = dict[str, tuple[dict[str, np.ndarray], dict[str, str]]]


def on_every_backend(program: str, folder: Path) -> Found:
    """Runs `python -m PROGRAM FOLDER` on each backend.

    Returns:
        By backend, the arrays of `found-BACKEND.npz` and the tracebacks of `errors-BACKEND.json`, which it left there.
    """
    children = [
        subprocess.Popen(
            [sys.executable, "-m", program, str(folder)],
            # Keras reads its settings from its home, and else writes them into the user's.
            env={**os.environ, **SETTINGS, "KERAS_HOME": str(folder), "KERAS_BACKEND": backend},
        )
        for backend in BACKENDS
    ]
    assert [child.wait() for child in children] == [0] * len(BACKENDS)
    return {
        backend: (
            dict(np.load(folder / f"found-{backend}.npz")),
            json.loads((folder / f"errors-{backend}.json").read_text()),
        )
        for backend in BACKENDS
    }


def write(folder: Path, backend: str, found: dict[str, np.ndarray], errors: dict[str, str]) -> None:
    """What a child leaves for `on_every_backend`."""
    np.savez(folder / f"found-{backend}.npz", **found)
    (folder / f"errors-{backend}.json").write_text(json.dumps(errors))
