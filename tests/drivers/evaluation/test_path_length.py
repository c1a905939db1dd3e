"""Perceptual path length: of generators whose path is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.evaluation.metrics.path_length import path_steps, perceptual_path_length


def test_steps_have_their_length():
    """On a great circle of radius r over the angle φ, a step ε is a chord of about r·φ·ε."""
    start, end = path_steps(2000, (100,), 0.01, np.random.default_rng(2))
    steps = np.linalg.norm(end - start, axis=1)
    assert steps.mean() == pytest.approx(10 * math.pi / 2 * 0.01, rel=0.05)


def test_a_generator_that_hands_its_noise_through_has_the_squared_angle_times_radius():
    """|dz/dt|² = (φ·r)², in 400 dimensions about (π/2)²·400, whatever the step."""
    for step in (0.01, 0.05):
        start, end = path_steps(1000, (400,), step, np.random.default_rng(3))
        found = perceptual_path_length(start, end, step=step)
        assert found.value == pytest.approx((math.pi / 2) ** 2 * 400, rel=0.02)
        assert found.low < found.value < found.high


def test_a_generator_twice_as_steep_has_four_times_the_length_and_a_constant_one_none():
    start, end = path_steps(200, (10,), 0.05, np.random.default_rng(4))
    plain = perceptual_path_length(start, end, step=0.05).value
    assert perceptual_path_length(2 * start, 2 * end, step=0.05).value == pytest.approx(4 * plain)
    assert perceptual_path_length(0 * start, 0 * end, step=0.05).value == 0
