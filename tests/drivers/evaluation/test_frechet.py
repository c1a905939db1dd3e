"""Fréchet distance: closed forms of normal distributions, and a plain implementation by a matrix root."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import sqrtm

from drivers.evaluation.metrics.frechet import between_gaussians, frechet_distance, moments


def distance(real, fake):
    return frechet_distance(real, fake, resamples=10, random=np.random.default_rng(0)).value


def textbook(real, fake):
    """As it is usually written: the root of a product of covariances, its imaginary part dropped."""
    root = sqrtm(np.cov(real.T) @ np.cov(fake.T)).real
    shift = real.mean(0) - fake.mean(0)
    return shift @ shift + np.trace(np.cov(real.T) + np.cov(fake.T) - 2 * root)


def test_gaussians_on_a_line():
    """(μ₁ - μ₂)² + (σ₁ - σ₂)²: 3² + (2 - 5)²."""
    assert between_gaussians(np.zeros(1), np.eye(1) * 4, np.full(1, 3.0), np.eye(1) * 25) == pytest.approx(18)


def test_gaussians_with_crossed_axes():
    """For diagonal covariances the axes add up: (1 - 3)² + (3 - 1)² = 8."""
    assert between_gaussians(np.zeros(2), np.diag([1.0, 9.0]), np.zeros(2), np.diag([9.0, 1.0])) == pytest.approx(8)


def test_gaussians_turned_together_are_as_far_apart():
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.normal(size=(3, 3)))[0]
    a, b = np.diag([1.0, 2.0, 3.0]), np.diag([4.0, 1.0, 0.5])
    straight = between_gaussians(np.zeros(3), a, np.ones(3), b)
    turned = between_gaussians(np.zeros(3), turn @ a @ turn.T, turn @ np.ones(3), turn @ b @ turn.T)
    assert turned == pytest.approx(straight)


@pytest.mark.parametrize(("count", "size"), [(400, 6), (30, 40)])
def test_as_the_textbook_formula_also_with_fewer_points_than_features(count, size):
    random = np.random.default_rng(1)
    mix = random.normal(size=(size, size))
    real, fake = random.normal(size=(count, size)), random.normal(0.2, 1, size=(count, size)) @ mix
    assert distance(real, fake) == pytest.approx(textbook(real, fake), rel=1e-3)


def test_equal_sets_are_at_no_distance_and_order_does_not_matter():
    random = np.random.default_rng(2)
    x, y = random.normal(size=(100, 5)), random.normal(1, 2, size=(80, 5))
    assert distance(x, x) == pytest.approx(0, abs=1e-10)
    assert distance(x, y) == pytest.approx(distance(y, x))


def test_one_point_over_and_over_is_as_far_as_the_spread_of_the_real():
    """μ equal, Σ_f = 0: tr Σ_r."""
    x = np.random.default_rng(3).normal(size=(500, 4))
    assert distance(x, np.tile(x.mean(0), (50, 1))) == pytest.approx(np.trace(np.cov(x.T)))


def test_weights_count_points_several_times():
    x = np.array([[0.0], [1.0], [5.0]])
    mean, covariance = moments(x, np.array([2, 0, 1]))
    assert (mean[0], covariance[0, 0]) == (pytest.approx(5 / 3), pytest.approx(np.var([0, 0, 5], ddof=1)))


def test_one_point_has_no_covariance():
    with pytest.raises(ValueError, match="at least 2 points each, got 1 and 9"):
        distance(np.zeros((1, 2)), np.zeros((9, 2)))


def test_without_resamples_there_is_no_interval_and_of_wide_features_there_are_few():
    random = np.random.default_rng(4)
    x, y = random.normal(size=(20, 3)), random.normal(size=(20, 3))
    bare = frechet_distance(x, y, resamples=0, random=np.random.default_rng(0))
    assert bare.value == distance(x, y)
    assert np.isnan([bare.low, bare.high]).all()
    wide = frechet_distance(np.tile(x, 171), np.tile(y, 171), resamples=50, random=np.random.default_rng(0))
    assert wide.interval == "bootstrap over images, 10 resamples"
    assert wide.value == pytest.approx(171 * bare.value, rel=1e-4)  # most of its eigenvalues are rounding
