"""Small GANs on real digits, for every test of the drivers."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from typing import Any

import pytest
import torch

import spec
from drivers.data import Dataset, load

# In this process Keras runs on PyTorch. It reads its settings when it is imported, and else writes them into the user's
# home; here it finds an empty one. Other backends have processes of their own.
KERAS_HOME = tempfile.TemporaryDirectory(prefix="keras-")
os.environ.update(KERAS_HOME=KERAS_HOME.name, KERAS_BACKEND="torch", KERAS_TORCH_DEVICE="cpu")

SMALL: dict[str, dict[str, Any]] = {
    "gan": {"generator": {"latent_dim": 8, "widths": [16, 32]}, "discriminator": {"widths": [32, 16]}},
    "cgan": {
        "generator": {"latent_dim": 8, "widths": [16, 32], "embedding_dim": 4},
        "discriminator": {"widths": [32, 16], "embedding_dim": 4},
    },
    "dcgan": {"generator": {"latent_dim": 8, "filters": 4}, "discriminator": {"filters": 4}},
}
SMALL["wgan"] = SMALL["wgan_gp"] = SMALL["gan"]


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """What a test draws from PyTorch's own stream is the same each time: one draw of hundreds rounds beyond a bound."""
    torch.manual_seed(0)


def small_spec(generator: str = "gan", discriminator: Any = None, **modules: Any) -> spec.ResolvedSpec:
    """A resolved spec of small networks on 8x8 digits (16x16 for DCGAN) in batches of 16, in float32, on the processor.

    Args:
        generator: a family.
        discriminator: a family, by default the same, or a whole module.
        modules: further keys of the spec; ``training`` and ``data`` are merged into the ones here.
    """
    if not isinstance(discriminator, dict):
        discriminator = {"choice": discriminator or generator, **SMALL[discriminator or generator]["discriminator"]}
    return spec.resolve(
        {
            "generator": {"choice": generator, **SMALL[generator]["generator"]},
            "discriminator": discriminator,
            "device": "cpu",
            "precision": "float32",
            **modules,
            "data": {
                "choice": "digits",
                "image_size": 16 if "dcgan" in (generator, discriminator["choice"]) else 8,
                "count": 160,
                **modules.get("data", {}),
            },
            "training": {"epochs": 2, "batch_size": 16, **modules.get("training", {})},
        }
    )


@pytest.fixture(scope="session")
def make_spec() -> Callable[..., spec.ResolvedSpec]:
    return small_spec


@pytest.fixture(scope="session")
def digits() -> Callable[[spec.ResolvedSpec], Dataset]:
    """The data of a spec, loaded once."""
    loaded: dict[str, Dataset] = {}

    def of(resolved: spec.ResolvedSpec) -> Dataset:
        key = repr(sorted(resolved["data"].items()))
        if key not in loaded:
            loaded[key] = load(resolved["data"])
        return loaded[key]

    return of


@pytest.fixture
def open_small(digits: Callable[[spec.ResolvedSpec], Dataset]) -> Callable[..., Any]:
    """Opens a session of `small_spec` with its data."""
    import drivers

    def open_(*choices: str, **modules: Any) -> drivers.Session:
        resolved = small_spec(*choices, **modules)
        return drivers.open_session(resolved, digits(resolved), threads=1)

    return open_
