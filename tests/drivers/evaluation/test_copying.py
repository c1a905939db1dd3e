"""Copying: told apart from new images, blurred ones, and data with near-duplicates."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.data import load
from drivers.evaluation.metrics.copying import copying, distance_ratios


@pytest.fixture(scope="module")
def digits():
    """Digits in a random order: 1,200 to train on, the others never seen."""
    images = load({"choice": "digits", "image_size": 8, "channels": 1}).images
    images = images[np.random.default_rng(0).permutation(len(images))]
    return images[:1200], images[1200:]


def share(fake, training, **parameters):
    return copying(fake, None, np.arange(500), training, **parameters)


def test_ratios_by_hand():
    """Training 0, 1, 3 on a line: 1.5 is 0.5, 1.5, 1.5 away; 1 itself is 1 and 2 away from the others."""
    training = np.array([[0.0], [1.0], [3.0]])
    ratios, at = distance_ratios(np.array([[1.5]]), training, 2)
    assert (ratios[0], at[0]) == (pytest.approx(0.5 / 1.0), 1)
    ratios, at = distance_ratios(np.array([[1.0]]), training, 2, itself=np.array([1]))
    assert (ratios[0], at[0]) == (pytest.approx(1 / 1.5), 0)


def test_an_image_equal_to_all_its_neighbours_counts_as_new():
    assert distance_ratios(np.zeros((1, 2)), np.zeros((5, 2)), 3)[0].tolist() == [1]


def test_new_images_fall_below_the_threshold_as_often_as_expected(digits):
    training, unseen = digits
    found = share(unseen, training)
    assert found.low <= 0.01 + 0.01
    assert found.value < 0.03
    assert found.details["expected"] == 0.01


def test_copies_are_found_and_named(digits):
    training, unseen = digits
    fake = np.concatenate([unseen[:270], training[[5, 900, 7] * 10]])
    found = share(fake, training)
    assert found.value == pytest.approx(0.1, abs=0.02)
    assert found.low > found.details["expected"]
    suspects = found.details["suspects"]
    assert {suspect["nearest"] for suspect in suspects} <= {5, 900, 7}
    assert all(suspect["image"] >= 270 and suspect["ratio"] == 0 for suspect in suspects)


def test_a_copy_with_a_little_noise_is_still_a_copy(digits):
    training, _ = digits
    noise = np.random.default_rng(1).normal(0, 8, (300, *training.shape[1:]))
    assert share(np.clip(training[:300] + noise, 0, 255).astype(np.uint8), training).value > 0.9


def test_blur_is_near_to_everything_and_copies_nothing(digits):
    training, unseen = digits
    mean = training.mean(0)
    assert share((0.3 * unseen + 0.7 * mean).astype(np.uint8), training).value < 0.01


def test_noise_copies_nothing(digits):
    training, _ = digits
    assert share(np.random.default_rng(2).integers(0, 256, (300, 8, 8, 1), np.uint8), training).value == 0


def test_the_real_images_themselves_are_not_their_own_copies(digits):
    training, _ = digits
    at = np.arange(600, 1200)
    assert copying(training[at], at, np.arange(600), training).value < 0.03


def test_two_training_images_leave_nothing_to_compare():
    with pytest.raises(ValueError, match="at least 4 training images, got 3"):
        copying(np.zeros((5, 2)), None, np.arange(3), np.zeros((3, 2)))
