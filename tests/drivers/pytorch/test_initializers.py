"""Initial weights have the spread that Keras gives them."""

from __future__ import annotations

import math

import pytest
import torch

from drivers.pytorch.initializers import fans, initialize

# A 3x3 kernel from 20 to 40 channels: fan_in = 180, fan_out = 360.
KERNEL = (3, 3, 20, 40)


def draw(choice, **parameters):
    return initialize({"choice": choice, **parameters}, KERNEL, torch.Generator().manual_seed(0))


def test_fans_count_the_receptive_field():
    assert fans(KERNEL) == (180, 360)
    assert fans((7, 5)) == (7, 5)
    assert fans((6,)) == (6, 6)


@pytest.mark.parametrize(
    ("choice", "variance"),
    [("glorot_uniform", 2 / 540), ("glorot_normal", 2 / 540), ("he_uniform", 2 / 180), ("he_normal", 2 / 180)],
)
def test_variance_scaling(choice, variance):
    weights = draw(choice)
    assert weights.mean().item() == pytest.approx(0, abs=5 * math.sqrt(variance / weights.numel()))
    assert weights.var().item() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(
    ("choice", "limit"), [("glorot_uniform", math.sqrt(6 / 540)), ("he_uniform", math.sqrt(6 / 180))]
)
def test_uniform_limits(choice, limit):
    assert draw(choice).abs().max().item() == pytest.approx(limit, rel=0.01)


def test_scaled_normals_are_cut_at_two_standard_deviations_before_their_rescaling():
    assert draw("he_normal").abs().max().item() <= 2 * math.sqrt(2 / 180) / 0.8796 + 1e-6


def test_plain_distributions():
    normal = draw("random_normal", mean=0.5, stddev=0.02)
    assert normal.mean().item() == pytest.approx(0.5, abs=0.002)
    assert normal.std().item() == pytest.approx(0.02, rel=0.05)
    uniform = draw("random_uniform", minval=-0.1, maxval=0.3)
    assert uniform.min().item() == pytest.approx(-0.1, abs=0.001)
    assert uniform.max().item() == pytest.approx(0.3, abs=0.001)
    assert (draw("zeros") == 0).all()
    assert (draw("ones") == 1).all()
