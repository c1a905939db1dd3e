"""A program of a DCGAN can be read in one sitting: on every data set, at every size, on every runtime."""

from __future__ import annotations

import pytest

import spec
from drivers.export import write_script

LONGEST, LONGEST_WITH_OPTIONS = 190, 199
"""Lines: of a plain DCGAN, and where it trains on part of the data, keeps an average or changes its learning rate."""
KERAS = ("jax", "tensorflow", "torch")


def dcgan(data, **modules):
    return spec.resolve({"data": data, "generator": "dcgan", "discriminator": "dcgan", **modules})


def lengths(data, **modules):
    """Of the programs for each library and backend."""
    found = {"pytorch": len(write_script(dcgan(data, **modules)).splitlines())}
    for backend in KERAS:
        text = write_script(dcgan(data, driver="keras", backend=backend, **modules), library="keras")
        found[backend] = len(text.splitlines())
    return found


@pytest.mark.parametrize("data", ["digits", "mnist", "fashion_mnist", "cifar10"])
@pytest.mark.parametrize("size", [16, 28, 32, 64])
def test_a_dcgan(data, size):
    found = lengths({"choice": data, "image_size": size})
    assert max(found.values()) <= LONGEST, found


@pytest.mark.parametrize("training", [{}, {"ema_decay": 0.99}, {"learning_rate_schedule": "cosine"}])
@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "least_squares", "minimax"])
def test_options(training, loss):
    data = {"choice": "mnist", "image_size": 64, **({} if training else {"count": 6000})}
    found = lengths(data, training=training, loss=loss)
    assert max(found.values()) <= LONGEST_WITH_OPTIONS, found
