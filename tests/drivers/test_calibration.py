"""Scores to probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from drivers.calibration import Calibration, fit_logistic


def test_a_logit_becomes_its_sigmoid():
    probabilities = Calibration().probability(np.array([0.0, np.log(3), -np.log(3), 1e4, -1e4], np.float32))
    assert probabilities == pytest.approx([0.5, 0.75, 0.25, 1.0, 0.0])


def test_the_fitted_curve_is_that_of_a_logistic_regression():
    draw = np.random.default_rng(0)
    real, fake = draw.normal(40, 10, 3000), draw.normal(25, 10, 3000)
    scores, targets = np.concatenate([real, fake])[:, None], np.repeat([1, 0], 3000)
    expected = LogisticRegression(C=1e6).fit(scores, targets).predict_proba(scores)[:, 1]
    assert fit_logistic(real, fake).probability(scores[:, 0]) == pytest.approx(expected, abs=2e-3)


def test_scores_far_from_zero_with_a_small_spread_are_told_apart():
    draw = np.random.default_rng(0)
    calibration = fit_logistic(draw.normal(1000.2, 0.1, 500), draw.normal(1000.0, 0.1, 500))
    low, middle, high = calibration.probability(np.array([999.9, 1000.1, 1000.3]))
    assert low < 0.1 < 0.4 < middle < 0.6 < 0.9 < high


def test_scores_that_separate_perfectly_stay_finite():
    calibration = fit_logistic(np.full(50, 7.0), np.full(50, -7.0))
    assert np.isfinite(calibration.slope)
    assert calibration.probability(np.array([7.0, -7.0])) == pytest.approx([1, 0], abs=0.05)


def test_equal_scores_say_nothing():
    assert fit_logistic(np.ones(50), np.ones(50)).probability(np.array([1.0])) == pytest.approx([0.5])


def test_json_round_trip():
    calibration = fit_logistic(np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0]))
    assert Calibration.from_json(calibration.to_json()) == calibration
