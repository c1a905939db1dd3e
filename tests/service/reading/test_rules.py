"""Curves made to be told apart, each by the numbers that its rule names."""

import numpy as np
import pytest

from service.reading import Training, read
from service.reading.rules import RULES
from service.reading.training import WINDOWS, Windows

STEPS = np.arange(1, 2001)
PLACE = STEPS / 2000  # 0 to 1


def noise(seed, size=0.1):
    return np.random.default_rng(seed).normal(0, size, len(STEPS))


def training(generator=0.9, discriminator=1.25, loss="non_saturating", **more):
    """By default a healthy one: both losses near balance, with the noise of batches."""
    full = np.ones(len(STEPS))
    return Training(STEPS, full * generator + noise(1), full * discriminator + noise(2), loss, **more)


def codes(reading):
    return [rule.code for rule, _ in reading.findings]


def grids(*values):
    return [(index * 100, value) for index, value in enumerate(values)]


GOOD_SAMPLES = grids(0.02, 0.2, 0.25, 0.3, 0.31, 0.29, 0.3)


def test_a_healthy_training_moves_and_is_called_so():
    reading = read(training(generator=1.3 - 0.5 * PLACE, diversity=GOOD_SAMPLES))
    assert (reading.verdict, codes(reading)) == ("healthy", [])
    # No scores were taken, and there are no samples to look at.
    assert set(reading.not_judged) == {"noise", "blank", "low_precision", "missing_modes", "copying"}
    assert reading.judged == [rule.code for rule in RULES if rule.code not in reading.not_judged]


def test_the_discriminator_has_won():
    reading = read(training(generator=1.0 + 5 * PLACE, discriminator=1.3 * np.exp(-9 * PLACE) + 0.02))
    assert reading.verdict == "discriminator_won"
    (_, finding), *_ = reading.findings
    assert finding.evidence["discriminator_loss"] == pytest.approx(0.02, abs=0.02)
    assert finding.evidence["undecided"] == pytest.approx(1.386, abs=0.001)
    assert finding.evidence["generator_loss"] == pytest.approx(5.5, abs=0.1)
    # 1.3·exp(-9t) + 0.02 = 0.1386 at t = 0.266
    assert finding.since == pytest.approx(532, abs=2000 / WINDOWS + 1)
    assert finding.advice


def test_a_low_loss_alone_is_no_victory_while_the_generator_follows():
    assert "discriminator_won" not in codes(read(training(generator=2.0 - PLACE, discriminator=0.08)))


def test_a_discriminator_whose_penalty_holds_its_loss_up_has_won_when_it_tells_all_right():
    right = {kind: [(step, share) for step in range(1, 2001, 20)] for kind, share in (("real", 0.995), ("fake", 1.0))}
    rising = {"generator": 1.0 + 5 * PLACE, "discriminator": 0.5}
    assert "discriminator_won" not in codes(read(training(**rising)))
    (_, finding), *_ = read(training(**rising, accuracy=right)).findings
    assert "tells 99.5% of real and 100.0% of generated samples right" in finding.message
    assert (finding.evidence["accuracy_real"], finding.evidence["accuracy_fake"]) == pytest.approx((0.995, 1.0))
    assert finding.since is None
    unsure = {**right, "fake": [(step, 0.9) for step, _ in right["fake"]]}
    assert "discriminator_won" not in codes(read(training(**rising, accuracy=unsure)))


def test_the_saturating_loss_rises_towards_zero_when_the_discriminator_wins():
    reading = read(training(-0.75 * np.exp(-5 * PLACE), 1.3 * np.exp(-9 * PLACE) + 0.02, loss="minimax"))
    assert reading.verdict == "discriminator_won"


def test_a_critic_cannot_win_and_it_is_said_why():
    reading = read(training(generator=5 * PLACE, discriminator=-0.01, loss="wasserstein"))
    assert "critic" in reading.not_judged["discriminator_won"]


def test_samples_that_have_become_alike():
    reading = read(training(diversity=grids(0.9, 0.2, 0.3, 0.32, 0.3, 0.28, 0.1, 0.09)))
    assert reading.verdict == "mode_collapse"
    (_, finding), *_ = reading.findings
    assert finding.evidence == {"diversity": 0.1, "diversity_peak": 0.3}
    assert finding.since == 600


def test_one_odd_grid_is_no_collapse_and_too_few_are_not_judged():
    assert "mode_collapse" not in codes(read(training(diversity=grids(0.0, 0.2, 0.9, 0.3, 0.3, 0.1, 0.3))))
    assert "mode_collapse" in read(training(diversity=grids(0.1, 0.3, 0.1))).not_judged


def test_a_swing_is_seen_with_its_period():
    reading = read(training(discriminator=1.2 + 0.4 * np.sin(2 * np.pi * STEPS / 400), diversity=GOOD_SAMPLES))
    assert reading.verdict == "oscillation"
    (_, finding), *_ = reading.findings
    assert finding.evidence["period_steps"] == pytest.approx(400, abs=60)
    assert finding.evidence["swing"] == pytest.approx(0.4, abs=0.1)


def test_a_swing_that_is_clear_but_tiny_is_none():
    calm = Training(
        STEPS, np.full(len(STEPS), 0.7), 1.39 + 0.01 * np.sin(2 * np.pi * STEPS / 400) + noise(0, 0.001), "hinge"
    )
    assert "oscillation" not in codes(read(calm))


@pytest.mark.parametrize("seed", range(10))
def test_noise_and_a_random_walk_of_a_trend_are_no_swing(seed):
    full = np.ones(len(STEPS))
    flat = Training(STEPS, full + noise(seed), full + noise(seed + 100), "hinge")
    trend = Training(STEPS, 2 - PLACE + noise(seed), 1 + PLACE**2 + noise(seed + 100), "hinge")
    assert "oscillation" not in codes(read(flat))
    assert "oscillation" not in codes(read(trend))


def test_a_loss_that_grows_without_end():
    reading = read(training(discriminator=-0.1 * np.exp(9 * PLACE), loss="wasserstein"))
    assert reading.verdict == "diverging"
    assert "discriminator" in reading.message


def test_a_training_that_ended_in_nan_is_read_however_short_it_is():
    short = Training(STEPS[:20], np.ones(20), np.ones(20), "hinge", diverged=True)
    reading = read(short)
    assert reading.verdict == "diverging"
    assert set(reading.not_judged) == {rule.code for rule in RULES} - {"diverging"}


def test_losses_that_stand_still_are_told_but_are_no_illness():
    reading = read(training(diversity=GOOD_SAMPLES))
    assert (reading.verdict, codes(reading)) == ("healthy", ["plateau"])
    assert "balance" in reading.message


def test_scores_say_more_than_losses():
    better = {"frechet_distance": "lower", "recall": "higher"}
    falling = [(step, 100.0 - step) for step in range(0, 90, 10)]
    stuck = [(step, 50.0 + abs(step - 20)) for step in range(0, 90, 10)]
    high = [(step, 0.5 - step / 1000) for step in range(0, 90, 10)]
    improving = training(metrics={"frechet_distance": falling, "recall": high}, better=better)
    assert "plateau" not in codes(read(improving))
    reading = read(training(metrics={"frechet_distance": stuck, "recall": high}, better=better))
    assert codes(reading) == ["plateau"]
    assert reading.findings[0][1].evidence == {"frechet_distance": 20.0, "recall": 0.0}


def test_too_early():
    reading = read(Training(STEPS[:150], np.ones(150), np.ones(150), "hinge"))
    assert (reading.verdict, reading.judged) == ("too_early", [])
    assert "150 of 200 steps" in reading.message


def test_a_network_that_was_not_trained_is_not_judged():
    reading = read(training(generator=np.nan))
    assert "not trained" in reading.not_judged["discriminator_won"]


def test_every_rule_says_what_it_goes_by():
    assert all(len(rule.text) > 80 and "\n" not in rule.text for rule in RULES)


def test_windows_by_hand():
    windows = Windows.of(np.arange(1, 81), np.repeat(np.arange(40.0), 2) + np.tile([-0.5, 0.5], 40))
    assert windows.means.tolist() == list(range(40))
    assert windows.steps.tolist() == list(range(2, 81, 2))
    np.testing.assert_allclose(windows.errors, 0.5)
    assert windows.last(0.1).means.tolist() == [36, 37, 38, 39]
