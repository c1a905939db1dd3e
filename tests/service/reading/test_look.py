"""What tells noise and emptiness from pictures, by hand, and what real images and a real generator look like."""

import numpy as np
import pytest
import torch

import drivers
import spec
from drivers.data import load
from service.reading import Training
from service.reading.finding import NotJudgedError
from service.reading.look import look_of
from service.reading.rules import blank, noise

STEPS = np.arange(1.0, 301)


def training(*grids, real):
    """Of which only the samples matter: a grid every hundred steps, the first before there was any training."""
    looks = [(100 * index, look_of(grid)) for index, grid in enumerate(grids)]
    return Training(STEPS, STEPS, STEPS, "hinge", looks=looks, real=None if real is None else look_of(real))


def as_images(samples):
    return np.asarray(samples, np.float32) / 255


@pytest.fixture(scope="module")
def digits():
    """A thousand real ones, in no order."""
    samples = load({"choice": "digits", "image_size": 16, "channels": 1}).samples
    return as_images(samples[np.random.default_rng(0).permutation(len(samples))[:1000]])


def test_by_hand():
    # Two images of two pixels each, one of them the other turned: what is left of them is half up, half down.
    turned = look_of(np.array([[[[0.0], [1.0]]], [[[1.0], [0.0]]]]))
    assert (turned.contrast, turned.variation, turned.correlation) == (0.5, 0.5, -1)
    flat = look_of(np.array([np.zeros((2, 2, 1)), np.ones((2, 2, 1))]))
    assert (flat.contrast, flat.variation, flat.correlation) == (0.5, 0.5, 1)
    same = look_of(np.tile([[[0.0], [1.0]]], (3, 1, 1, 1)))
    assert (same.contrast, same.variation) == (0.5, 0)
    assert np.isnan(same.correlation)


def test_pixels_of_noise_are_independent_under_whatever_mean_image(digits):
    draw = np.random.default_rng(1)
    assert look_of(draw.random((64, 16, 16, 3))).correlation == pytest.approx(0, abs=0.02)
    shaded = digits.mean(axis=0) + draw.normal(0, 0.2, (64, 16, 16, 1))
    assert look_of(shaded).correlation == pytest.approx(0, abs=0.03)


def test_real_images_against_others_are_neither_noise_nor_blank(digits):
    for start in range(0, 1000, 200):
        others = [digits[start + at : start + at + 64] for at in (0, 64)]
        found = training(*others, others[0], real=digits[-64:])
        assert noise(found) is None
        assert blank(found) is None


@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_nor_are_those_of_other_data(real_data, name):
    samples = as_images(
        load(
            spec.resolve(
                {
                    "data": {"choice": name, "count": 400},
                    "generator": {"choice": "gan"},
                    "discriminator": {"choice": "gan"},
                }
            )["data"]
        ).samples
    )
    found = training(samples[:64], samples[64:128], samples[128:192], real=samples[192:256])
    assert noise(found) is None
    assert blank(found) is None
    pixels = samples[:64].reshape(64, -1)
    shuffled = pixels[:, np.random.default_rng(2).permutation(pixels.shape[1])].reshape(samples[:64].shape)
    assert noise(training(shuffled, shuffled, shuffled, real=samples[192:256])).since == 0


def test_noise_is_told_with_the_step_from_which_it_is(digits):
    rough = np.random.default_rng(3).random((64, 16, 16, 1))
    found = noise(training(digits[:64], digits[64:128], rough, rough, real=digits[-64:]))
    assert found.since == 200
    assert found.evidence["correlation"] == pytest.approx(0, abs=0.03)
    assert found.evidence["correlation_real"] == pytest.approx(0.83, abs=0.03)
    assert "correlate by 0.0" in found.message.replace("-", "")
    # One odd grid is none, and neither is what varies too little to be seen: that is blank, or always the same.
    assert noise(training(digits[:64], rough, digits[64:128], real=digits[-64:])) is None
    faint = 0.5 + 0.05 * rough
    assert noise(training(faint, faint, faint, real=digits[-64:])) is None


def test_what_is_nearly_of_one_colour_is_blank(digits):
    faint = 0.5 + 0.05 * digits[:64]
    found = blank(training(digits[:64], faint, faint, real=digits[-64:]))
    assert found.since == 100
    assert found.evidence["contrast"] == pytest.approx(0.05 * found.evidence["contrast_real"], rel=0.1)
    half = 0.5 * digits[:64]
    assert blank(training(half, half, half, real=digits[-64:])) is None


def test_what_there_is_nothing_to_compare_with_is_not_judged(digits):
    rough = np.random.default_rng(4).random((64, 16, 16, 1))
    with pytest.raises(NotJudgedError, match="not on this machine"):
        noise(training(digits[:64], rough, rough, real=None))
    with pytest.raises(NotJudgedError, match="1 grids"):
        blank(training(digits[:64], rough, real=digits[-64:]))
    with pytest.raises(NotJudgedError, match="hardly correlate"):
        noise(training(digits[:64], rough, rough, real=rough))


def test_a_fully_connected_generator_draws_noise_until_it_has_learned_that_pixels_have_neighbours(digits):
    torch.set_num_threads(1)
    resolved = spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 16},
            "generator": {"choice": "gan"},
            "discriminator": {"choice": "gan"},
            "training": {"epochs": 12},
        }
    )
    session = drivers.open_session(resolved, load(resolved["data"]), device="cpu", threads=1)
    grids = {}
    for step in range(1, session.total_steps + 1):
        session.train_step()
        if step in (30, 60, 300) or step == session.total_steps:
            grids[step] = as_images(session.sample(64))
    first, second, *rest = grids.values()
    early = training(first, first, second, real=digits[:64])
    late = training(first, *rest, real=digits[:64])
    assert noise(early).evidence["correlation"] < 0.1
    assert noise(late) is None
    assert blank(late) is None
