"""The judge of digits knows digits from noise and from one digit over and over."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.data import load
from drivers.evaluation.digits_judge import classify, judge, passes


@pytest.fixture(scope="module", params=[8, 16, 28])
def real(request):
    return load({"choice": "digits", "image_size": request.param, "channels": 1})


def test_real_digits_pass(real):
    verdict = judge(real.images[:500])
    assert verdict["classes_found"] == 10
    assert verdict["mean_confidence"] > 0.9
    assert passes(verdict)


def test_noise_fails(real):
    draw = np.random.default_rng(0)
    shape = (500, *real.images.shape[1:])
    normal = np.clip(draw.normal(real.images.mean(), real.images.std(), shape), 0, 255).astype(np.uint8)
    for noise in (draw.integers(0, 256, shape, np.uint8), normal):
        assert judge(noise)["classes_found"] <= 3
        assert not passes(judge(noise))


def test_shuffled_pixels_and_blurred_means_fail(real):
    draw = np.random.default_rng(0)
    shuffled = draw.permuted(real.images[:500].reshape(500, -1), axis=1).reshape(real.images[:500].shape)
    mean = np.clip(real.images.mean(0) + draw.normal(0, 10, real.images[:500].shape), 0, 255).astype(np.uint8)
    assert not passes(judge(shuffled))
    assert not passes(judge(mean))


@pytest.mark.parametrize("kinds", [1, 3, 7])
def test_a_generator_that_collapsed_fails(real, kinds):
    chosen = [np.flatnonzero(real.labels == digit)[0] for digit in range(kinds)]
    collapsed = real.images[np.resize(chosen, 500)]
    assert judge(collapsed)["classes_found"] == kinds
    assert not passes(judge(collapsed))


def test_a_black_image_fails(real):
    assert not passes(judge(np.zeros_like(real.images[:500])))


def test_classify_names_the_digit(real):
    assert (classify(real.images[:200]) == real.labels[:200]).mean() > 0.97


@pytest.mark.parametrize(
    "images", [np.zeros((5, 8, 8, 3), np.uint8), np.zeros((5, 8, 8, 1)), np.zeros((5, 8, 9, 1), np.uint8)]
)
def test_what_is_no_image_of_a_digit_is_refused(images):
    with pytest.raises(ValueError, match=r"images must be uint8 \(N, S, S, 1\)"):
        judge(images)
