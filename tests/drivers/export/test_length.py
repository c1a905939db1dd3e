"""A program of a DCGAN can be read in one sitting: on every data set, at every size, on every runtime."""

from __future__ import annotations

import pytest

import spec
from drivers.export import write_script

LONGEST = 190
"""Lines."""
KERAS = ("jax", "tensorflow", "torch")


def dcgan(data, **modules):
    return spec.resolve({"data": data, "generator": "dcgan", "discriminator": "dcgan", **modules})


@pytest.mark.parametrize("data", ["digits", "mnist", "fashion_mnist", "cifar10"])
@pytest.mark.parametrize("size", [16, 28, 32, 64])
def test_a_dcgan(data, size):
    given = {"choice": data, "image_size": size}
    lengths = {"pytorch": len(write_script(dcgan(given)).splitlines())}
    for backend in KERAS:
        text = write_script(dcgan(given, driver="keras", backend=backend), library="keras")
        lengths[backend] = len(text.splitlines())
    assert max(lengths.values()) <= LONGEST, lengths
