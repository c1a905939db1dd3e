"""KID and MMD: by hand, unbiased, and as written with loops."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.evaluation.metrics.kid import kid, polynomial
from drivers.evaluation.metrics.mmd import median_distance, mmd, over_subsets, unbiased_mmd


def by_loops(x, y, kernel):
    n, m = len(x), len(y)
    within_x = sum(kernel(x[i], x[j]) for i in range(n) for j in range(n) if i != j) / (n * (n - 1))
    within_y = sum(kernel(y[i], y[j]) for i in range(m) for j in range(m) if i != j) / (m * (m - 1))
    return within_x + within_y - 2 * sum(kernel(a, b) for a in x for b in y) / (n * m)


def test_two_points_each_by_hand():
    """Kernel (xy + 1)³ on a line, x = {0, 1}, y = {1, 2}: k(0,1) = 1, k(1,2) = 27, cross (1 + 1 + 8 + 27) / 4."""
    x, y = np.array([[0.0], [1.0]]), np.array([[1.0], [2.0]])
    assert unbiased_mmd(x, y, polynomial(3)) == pytest.approx(1 + 27 - 2 * 37 / 4)


def test_as_written_with_loops():
    random = np.random.default_rng(0)
    x, y = random.normal(size=(7, 4)), random.normal(size=(5, 4))
    assert unbiased_mmd(x, y, polynomial(3)) == pytest.approx(by_loops(x, y, lambda a, b: (a @ b / 4 + 1) ** 3))


def test_kid_is_the_mean_over_subsets():
    random = np.random.default_rng(1)
    x, y = random.normal(size=(60, 3)), random.normal(0.5, 1, size=(50, 3))
    found = kid(x, y, subset_size=20, subsets=30, random=np.random.default_rng(5))
    values, size = over_subsets(x, y, polynomial(3), 20, 30, np.random.default_rng(5))
    assert (found.value, size) == (pytest.approx(values.mean()), 20)
    assert found.low < found.value < found.high


def test_kid_of_equal_distributions_is_0_on_average_and_as_often_below():
    """200 pairs of samples of 40 points: the mean is 0 within three standard errors; a biased one is not."""
    random = np.random.default_rng(2)
    found = np.array([unbiased_mmd(*random.normal(size=(2, 40, 3)), polynomial(3)) for _ in range(200)])
    error = found.std() / math.sqrt(len(found))
    assert abs(found.mean()) < 3 * error
    assert 0.3 < np.mean(found < 0) < 0.8
    # What the terms of each point with itself, left in, would add.
    bias = np.mean([(np.sum(x**2) / 3 + 1) ** 3 for x in random.normal(size=(2000, 3))]) / 40
    assert bias > 6 * error


def test_kid_does_not_depend_on_the_count():
    """Means over samples of 20 and of 200 of the same two distributions agree."""
    random = np.random.default_rng(3)

    def mean(count, times):
        found = [
            unbiased_mmd(random.normal(size=(count, 2)), random.normal(1, 1, size=(count, 2)), polynomial(3))
            for _ in range(times)
        ]
        return np.mean(found), np.std(found) / math.sqrt(times)

    (small, small_error), (large, large_error) = mean(20, 300), mean(200, 60)
    assert abs(small - large) < 3 * math.hypot(small_error, large_error)


def test_mmd_of_gaussians_in_closed_form():
    """N(0, 1) and N(2, 1) with σ = 1: 2√(1/3) - 2√(1/3)·exp(-2² / 6) in closed form."""
    random = np.random.default_rng(4)
    x, y = random.normal(size=(3000, 1)), random.normal(2, 1, size=(3000, 1))
    found = mmd(x, y, bandwidth=1.0, subset_size=500, subsets=40, random=random)
    exact = 2 * math.sqrt(1 / 3) * (1 - math.exp(-4 / 6))
    assert found.value == pytest.approx(exact, abs=0.03)
    assert found.low <= exact <= found.high


def test_mmd_of_sets_without_anything_in_common_is_2():
    x = np.tile([[0.0], [1e-4]], (20, 1))
    assert mmd(x, x + 1000, bandwidth=1.0, random=np.random.default_rng(0)).value == pytest.approx(2, abs=1e-6)


def test_the_bandwidth_is_the_median_distance_of_real_points():
    """Points 0, 1, 3: distances 1, 2, 3."""
    assert median_distance(np.array([[0.0], [1.0], [3.0]]), np.random.default_rng(0)) == pytest.approx(2)
    x = np.random.default_rng(0).normal(size=(50, 2))
    assert mmd(x, x, random=np.random.default_rng(0)).details["bandwidth"] == pytest.approx(
        median_distance(x, np.random.default_rng(0))
    )


def test_equal_points_have_no_scale():
    with pytest.raises(ValueError, match="give a bandwidth"):
        mmd(np.zeros((10, 2)), np.ones((10, 2)), random=np.random.default_rng(0))


def test_subsets_are_at_most_half_of_the_smaller_set():
    _, size = over_subsets(np.zeros((9, 1)), np.zeros((100, 1)), polynomial(1), 1000, 2, np.random.default_rng(0))
    assert size == 4
    with pytest.raises(ValueError, match="at least 4 points each, got 3 and 100"):
        over_subsets(np.zeros((3, 1)), np.zeros((100, 1)), polynomial(1), 1000, 2, np.random.default_rng(0))
