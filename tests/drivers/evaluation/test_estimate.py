"""Intervals hold the true value about as often as they promise."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.evaluation.estimate import bootstrap, mean, mean_over_subsets, proportion
from drivers.evaluation.metrics.frechet import frechet_distance
from drivers.evaluation.metrics.mmd import over_subsets


def test_wilson_as_computed_by_hand():
    """8 of 10: (0.8 + z²/20 ± z√(0.016 + z²/400)) / (1 + z²/10) with z² = 3.8415."""
    found = proportion(np.arange(10) < 8)
    assert found.value == 0.8
    assert (found.low, found.high) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


@pytest.mark.parametrize("hits", [np.zeros(50, bool), np.ones(50, bool)])
def test_wilson_at_the_ends_has_a_width_and_holds_the_value(hits):
    found = proportion(hits)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.high - found.low == pytest.approx(0.0714, abs=1e-3)


def test_the_mean_of_four_numbers():
    found = mean(np.array([1.0, 2.0, 3.0, 4.0]))
    error = 1.959964 * math.sqrt(5 / 3) / 2
    assert (found.value, found.low, found.high) == (2.5, pytest.approx(2.5 - error), pytest.approx(2.5 + error))


def test_subsets_of_all_but_the_count_promise_no_more_than_the_samples_hold():
    random = np.random.default_rng(0)
    inside = []
    for _ in range(200):
        sample = random.normal(size=200)
        subsets = np.array([random.choice(sample, 50, replace=False).mean() for _ in range(60)])
        found = mean_over_subsets(subsets, 50, 200)
        inside.append(found.low <= 0 <= found.high)
    assert 0.85 <= np.mean(inside) <= 1


def test_the_bootstrap_of_a_mean_holds_the_truth():
    random = np.random.default_rng(1)
    inside = []
    for _ in range(200):
        sample = random.normal(size=50)
        found = bootstrap(sample.mean(), lambda s=sample: random.choice(s, 50).mean(), 100)
        inside.append(found.low <= 0 <= found.high)
    assert 0.88 <= np.mean(inside) <= 1


def test_the_bootstrap_of_a_frechet_distance_holds_what_other_samples_give():
    """Two normal distributions a distance apart: one sample's interval against the values of other samples."""
    random = np.random.default_rng(2)

    def draw():
        return random.normal(size=(300, 4)), random.normal(0.5, 1.0, size=(300, 4))

    others = [frechet_distance(*draw(), resamples=10, random=random).value for _ in range(60)]
    found = frechet_distance(*draw(), resamples=100, random=random)
    inside = np.mean([found.low <= value <= found.high for value in others])
    assert 0.6 <= inside <= 1
    assert found.high - found.low < 3 * np.ptp(others)


def test_more_images_make_a_narrower_interval():
    random = np.random.default_rng(3)
    widths = []
    for count in (200, 3200):
        x, y = random.normal(size=(count, 3)), random.normal(0.3, 1, size=(count, 3))
        values, size = over_subsets(x, y, lambda a, b: a @ b.T, 100, 50, random)
        found = mean_over_subsets(values, size, count)
        widths.append(found.high - found.low)
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.4)
