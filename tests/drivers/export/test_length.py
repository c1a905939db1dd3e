"""A program of a DCGAN can be read in one sitting: on every data set, at every size, on every runtime."""

from __future__ import annotations

import pytest

import spec
from drivers.export import write_script

LONGEST, LONGEST_WITH_OPTIONS = 199, 210
"""Lines: of a plain DCGAN; where it trains on part of the data, has a penalty, keeps an average or changes its learning
rate, on the runtimes that `ENLARGE` in a convolution of a dozen lines. The others stay within the first bound."""
ENLARGE = ("pytorch", "tensorflow")
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
    reduced = write_script(dcgan({"choice": data, "image_size": size}, precision="bfloat16"))
    assert len(reduced.splitlines()) == found["pytorch"] + 3


@pytest.mark.parametrize("training", [{}, {"ema_decay": 0.99}, {"learning_rate_schedule": "cosine"}])
@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "least_squares", "minimax"])
def test_options(training, loss):
    data = {"choice": "mnist", "image_size": 64, **({} if training else {"count": 6000})}
    assert_short(lengths(data, training=training, loss=loss))


@pytest.mark.parametrize(
    "part", [{"count": 6000}, {"include_classes": [1, 7]}, {"count": 600, "include_classes": [1, 7]}]
)
def test_a_part_of_the_data(part):
    assert_short(lengths({"choice": "cifar10", "image_size": 64, **part}))


@pytest.mark.parametrize("data", ["mnist", "cifar10"])
def test_a_penalty(data):
    loss = {"choice": "non_saturating", "regularizers": ["r1"]}
    assert_short(lengths({"choice": data, "image_size": 64}, loss=loss))


def test_the_critic_of_another_family():
    assert_short(lengths({"choice": "mnist"}, discriminator="wgan_gp"))


def assert_short(found):
    for runtime, count in found.items():
        assert count <= (LONGEST_WITH_OPTIONS if runtime in ENLARGE else LONGEST), found
