"""Sums and differences of latent vectors, by hand."""

from __future__ import annotations

import numpy as np
import pytest

import drivers
from drivers.latent.arithmetic import combine, noise_of_class, on_shell, variations


def test_one_minus_another_plus_a_third():
    vectors = np.array([[1.0, 5.0], [2.0, 1.0], [0.0, 3.0]])
    np.testing.assert_allclose(combine(vectors, [1, -1, 1]), [-1, 7])


def test_what_is_only_added_is_averaged():
    np.testing.assert_allclose(combine(np.array([[2.0, 0.0], [0.0, 4.0]]), [1, 1]), [1, 2])


def test_a_mean_is_brought_back_to_the_length_of_noise():
    np.testing.assert_allclose(on_shell(np.array([0.3, 0.0, 0.4, 0.0])), [1.2, 0, 1.6, 0], rtol=1e-6)


def test_terms_that_cancel_are_told():
    with pytest.raises(drivers.DriverError, match="cancel each other") as caught:
        on_shell(np.zeros(5))
    assert caught.value.code == "terms_cancel"


def test_variations_are_near_the_vector_and_as_long_as_noise():
    vector = on_shell(np.random.default_rng(0).normal(size=400))
    found = variations(vector, 50, seed=1)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 20, rtol=1e-5)
    # cos of the angle between v and v + 0.25 ε, where ε is orthogonal and as long as v
    np.testing.assert_allclose((found @ vector / 400).mean(), 1 / np.sqrt(1 + 0.25**2), atol=0.01)


@pytest.fixture
def session(make_spec):
    return drivers.open_session(make_spec("gan"), None, threads=1)


def by_brightness(samples):
    """Class 1: brighter than the middle of the first samples."""
    brightness = samples.reshape(len(samples), -1).mean(1)
    bright = (brightness > 127.5).astype(float)
    return np.stack([1 - bright, bright], axis=1)


def test_the_noise_of_a_class_draws_that_class(session):
    told = []
    noise = noise_of_class(session, by_brightness, 1, 20, seed=4, most=500, progress=told.append)
    assert noise.shape == (20, 8)
    assert (by_brightness(session.sample(noise=noise))[:, 1] == 1).all()
    assert told[-1] == 20
    drawn = session.draw(500, seed=4)
    assert all((row == drawn).all(1).any() for row in noise)


def test_a_class_that_is_not_drawn_is_told(session):
    def never(samples):
        return np.tile([1.0, 0.0], (len(samples), 1))

    with pytest.raises(drivers.DriverError, match="Of 300 samples the classifier takes 0 for class 1, and 5") as caught:
        noise_of_class(session, never, 1, 5, seed=0, most=300, progress=lambda found: None)
    assert caught.value.code == "class_not_drawn"
