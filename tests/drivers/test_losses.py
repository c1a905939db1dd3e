"""Losses against values computed by hand, over NumPy: the formulas need no learning library."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from drivers.losses import LOSSES, build

OPS = SimpleNamespace(
    mean=np.mean,
    square=np.square,
    relu=lambda x: np.maximum(x, 0),
    softplus=lambda x: np.logaddexp(0, x),
    uniform_per_sample=lambda x: np.array([0.5, 0.25]),
)
LN2, LN3 = np.log(2), np.log(3)
# Scores whose softplus is easy: sp(0) = ln 2, sp(ln 2) = ln 3, sp(-ln 2) = ln 3 - ln 2.
REAL, FAKE = np.array([0.0, LN2]), np.array([-LN2, 0.0])


@pytest.mark.parametrize(
    ("module", "discriminator", "generator"),
    [
        # D: E sp(-r) = (ln 2 + ln 3/2)/2 = ln 3 / 2, and E sp(f) the same.
        ({"choice": "minimax"}, LN3, -LN3 / 2),
        # G: E sp(-f) = (ln 3 + ln 2)/2.
        ({"choice": "non_saturating"}, LN3, (LN3 + LN2) / 2),
        # + s·E r = 0.1 · ln 2 / 2.
        ({"choice": "non_saturating", "label_smoothing": 0.1}, LN3 + 0.05 * LN2, (LN3 + LN2) / 2),
        # + n·(E u·r + E u·f) with u = ½, ¼: 0.2 · (ln 2 / 8 - ln 2 / 4).
        ({"choice": "non_saturating", "label_noise": 0.2}, LN3 - 0.025 * LN2, (LN3 + LN2) / 2),
        ({"choice": "minimax", "label_smoothing": 0.1}, LN3 + 0.05 * LN2, -LN3 / 2),
    ],
)
def test_cross_entropies(module, discriminator, generator):
    loss = build(module)
    assert loss.discriminator(OPS, REAL, FAKE) == pytest.approx(discriminator)
    assert loss.generator(OPS, FAKE) == pytest.approx(generator)


@pytest.mark.parametrize(
    ("module", "discriminator", "generator"),
    [
        # ½(0 + 4)/2 + ½(1 + 9)/2 and ½(4 + 4)/2
        ({"choice": "least_squares"}, 3.5, 2.0),
        # a = -1, b = 1, c = 0: ½(0 + 4)/2 + ½(0 + 16)/2 and ½(1 + 9)/2
        ({"choice": "least_squares", "fake_target": -1, "real_target": 1, "generator_target": 0}, 5.0, 2.5),
        # (0 + 2)/2 + (0 + 4)/2 and -(-1 + 3)/2
        ({"choice": "hinge"}, 3.0, -1.0),
        # (-1 + 3)/2 - (1 - 1)/2 and -(-1 + 3)/2
        ({"choice": "wasserstein"}, 1.0, -1.0),
    ],
)
def test_losses_of_scores_that_are_not_logits(module, discriminator, generator):
    loss, real, fake = build(module), np.array([1.0, -1.0]), np.array([-1.0, 3.0])
    assert loss.discriminator(OPS, real, fake) == pytest.approx(discriminator)
    assert loss.generator(OPS, fake) == pytest.approx(generator)


@pytest.mark.parametrize("choice", LOSSES)
def test_generator_and_discriminator_pull_fakes_in_opposite_directions(choice):
    """A Wasserstein loss without the critic's sign, for one, would let both minimise the same thing."""
    loss, real, fake, rise = build({"choice": choice}), np.array([0.5]), np.array([0.25]), 1e-3
    discriminator = loss.discriminator(OPS, real, fake + rise) - loss.discriminator(OPS, real, fake - rise)
    generator = loss.generator(OPS, fake + rise) - loss.generator(OPS, fake - rise)
    assert discriminator > 0 > generator


@pytest.mark.parametrize("choice", LOSSES)
def test_a_discriminator_wants_higher_scores_of_reals(choice):
    loss, real, fake, rise = build({"choice": choice}), np.array([0.5]), np.array([0.25]), 1e-3
    assert loss.discriminator(OPS, real + rise, fake) < loss.discriminator(OPS, real - rise, fake)


@pytest.mark.parametrize("choice", LOSSES)
def test_a_map_of_patch_scores_is_averaged_like_a_batch(choice):
    loss, scores = build({"choice": choice}), np.linspace(-2, 2, 12)
    patches = scores.reshape(2, 3, 2)
    assert loss.discriminator(OPS, patches, -patches) == pytest.approx(loss.discriminator(OPS, scores, -scores))
    assert loss.generator(OPS, patches) == pytest.approx(loss.generator(OPS, scores))


@pytest.mark.parametrize("choice", ["minimax", "non_saturating"])
def test_large_scores_do_not_overflow(choice):
    loss, far = build({"choice": choice}), np.array([1e4])
    assert loss.discriminator(OPS, far, -far) == 0
    assert np.isfinite(loss.generator(OPS, -far))


def test_the_saddle_of_the_original_game():
    """Where the discriminator cannot tell, σ = ½, its loss is 2 ln 2 (Goodfellow et al. 2014, theorem 1)."""
    undecided = np.zeros(3)
    assert build({"choice": "minimax"}).discriminator(OPS, undecided, undecided) == pytest.approx(2 * LN2)
