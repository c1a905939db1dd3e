"""Scores by a classifier's word, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.evaluation.metrics.class_conditional import conditional_accuracy, gan_test, gan_train
from drivers.evaluation.metrics.class_histogram import class_divergence, divergence, modes
from drivers.evaluation.metrics.inception_score import inception_score


def sure(*classes, of=4):
    """A classifier's probabilities when it is sure."""
    return np.eye(of)[list(classes)]


@pytest.fixture
def random():
    return np.random.default_rng(0)


def test_inception_score_of_sure_even_classes_is_their_number():
    assert inception_score(sure(*range(4)), splits=1).value == pytest.approx(4)
    assert inception_score(sure(0, 1), splits=1).value == pytest.approx(2)


@pytest.mark.parametrize("probabilities", [sure(*[2] * 40), np.full((40, 4), 0.25)])
def test_inception_score_of_one_class_or_of_no_opinion_is_1(probabilities):
    found = inception_score(probabilities)
    assert found.value == pytest.approx(1)
    assert found.low == pytest.approx(1)


def test_inception_score_of_two_unsure_images():
    """p = (0.8, 0.2) and (0.2, 0.8): KL to (0.5, 0.5) is 0.8 ln 1.6 + 0.2 ln 0.4 for both."""
    expected = math.exp(0.8 * math.log(1.6) + 0.2 * math.log(0.4))
    found = inception_score(np.array([[0.8, 0.2], [0.2, 0.8]]), splits=10)
    assert found.value == pytest.approx(expected)
    assert math.isnan(found.low)
    assert found.interval == "none: one split only"


def test_inception_score_is_the_mean_over_splits():
    found = inception_score(sure(0, 1, 2, 3, 0, 0, 0, 0), splits=2)
    assert found.value == pytest.approx((4 + 1) / 2)


def test_inception_score_of_one_image_is_refused():
    with pytest.raises(ValueError, match="at least 2 images, got 1"):
        inception_score(sure(0))


def test_modes_are_classes_with_a_tenth_of_their_share(random):
    real = sure(*[0, 1, 2, 3] * 25)
    fake = sure(*[0] * 60, *[1] * 37, *[2] * 3)
    found = modes(real, fake, random=random)
    assert found.value == 3  # a tenth of a quarter is 2.5 of a hundred
    assert found.details["missing"] == [3]
    assert found.low <= 3 <= found.high
    assert modes(real, sure(*[0] * 98, *[1] * 2), random=random).value == 1
    assert modes(real, sure(*[0] * 98, *[1] * 2), least_share=0, random=random).value == 2


def test_a_class_that_the_data_lacks_is_not_missing(random):
    assert modes(sure(0, 1), sure(0, 0), random=random).details["missing"] == [1]


def test_divergence_by_hand():
    """(3.5, 0.5) of 4 against (1.5, 2.5) of 4."""
    expected = 7 / 8 * math.log(7 / 3) + 1 / 8 * math.log(1 / 5)
    assert divergence(np.array([3, 0]), np.array([1, 2])) == pytest.approx(expected)


def test_divergence_of_equal_classes_is_0_and_of_one_of_four_near_log_4(random):
    real = sure(*[0, 1, 2, 3] * 500)
    same = class_divergence(real, real, random=random)
    assert (same.value, same.low) == (0, 0)
    one = class_divergence(real, sure(*[0] * 2000), random=random)
    assert one.value == pytest.approx(math.log(4), abs=0.01)
    assert one.details["shares_generated"] == [1, 0, 0, 0]


def test_gan_test_counts_what_was_asked_for():
    found = gan_test(sure(0, 1, 2, 3), np.array([0, 1, 2, 0]))
    assert found.value == 0.75


def test_conditional_accuracy_counts_every_class_alike():
    """Class 0: 9 of 9, class 1: 0 of 1. GAN-test says 0.9, the mean over classes 0.5."""
    found = conditional_accuracy(sure(*[0] * 10), np.array([0] * 9 + [1]))
    assert found.value == 0.5
    assert found.details == {"per_class": {"0": 1.0, "1": 0.0}, "worst_class": 1}
    assert gan_test(sure(*[0] * 10), np.array([0] * 9 + [1])).value == 0.9


def test_gan_train_learns_from_generated_and_is_tested_on_real():
    """A classifier that says of everything the class that it saw most."""

    def learn(images, labels):
        most = np.bincount(labels).argmax()
        return lambda tested: sure(*[most] * len(tested))

    fake, real = np.zeros((3, 2, 2, 1), np.uint8), np.zeros((5, 2, 2, 1), np.uint8)
    found = gan_train(learn, fake, np.array([1, 1, 0]), real, np.array([1, 1, 1, 0, 2]))
    assert found.value == 0.6
