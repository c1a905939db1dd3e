"""Initial weights have the spread that Keras gives them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.initializers import fans, initialize

# A 3x3 kernel from 20 to 40 channels: fan_in = 180, fan_out = 360.
KERNEL = (3, 3, 20, 40)


def draw(choice, **parameters):
    return initialize({"choice": choice, **parameters}, KERNEL, np.random.default_rng(0))


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
    assert weights.mean() == pytest.approx(0, abs=5 * math.sqrt(variance / weights.size))
    assert weights.var() == pytest.approx(variance, rel=0.05)


@pytest.mark.parametrize(
    ("choice", "limit"), [("glorot_uniform", math.sqrt(6 / 540)), ("he_uniform", math.sqrt(6 / 180))]
)
def test_uniform_limits(choice, limit):
    assert np.abs(draw(choice)).max() == pytest.approx(limit, rel=0.01)


def test_scaled_normals_are_cut_at_two_standard_deviations_before_their_rescaling():
    assert np.abs(draw("he_normal")).max() <= 2 * math.sqrt(2 / 180) / 0.8796 + 1e-6


@pytest.mark.parametrize("shape", [(3, 3, 2, 8), (4, 9), (9, 4), (6,)])
def test_orthogonal_columns_or_rows(shape):
    matrix = initialize({"choice": "orthogonal", "gain": 2.0}, shape, np.random.default_rng(0)).reshape(-1, shape[-1])
    product = matrix.T @ matrix if matrix.shape[0] >= matrix.shape[1] else matrix @ matrix.T
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-5)


def test_plain_distributions():
    normal = draw("random_normal", mean=0.5, stddev=0.02)
    assert normal.mean() == pytest.approx(0.5, abs=0.002)
    assert normal.std() == pytest.approx(0.02, rel=0.05)
    uniform = draw("random_uniform", minval=-0.1, maxval=0.3)
    assert uniform.min() == pytest.approx(-0.1, abs=0.001)
    assert uniform.max() == pytest.approx(0.3, abs=0.001)
    assert (draw("zeros") == 0).all()
    assert (draw("ones") == 1).all()
