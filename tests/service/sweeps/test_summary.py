"""How far a sweep is, and who is best."""

import pytest

from service.db.models import Job
from service.sweeps.summary import eta_seconds, progress, state, states
from service.values import best, describe, names, seconds_per_epoch, values_of


def job(state="succeeded", **progress):
    return Job(id="j", state=state, progress=progress or None, losses=None)


def test_one_word_for_all():
    assert state([job(), job("running"), job("queued")]) == "running"
    assert state([job(), job("queued"), job("paused")]) == "queued"
    assert state([job(), job("failed")]) == "failed"
    assert state([job(), job()]) == "succeeded"
    assert states([job("queued"), job(), job("queued")]) == {"queued": 2, "succeeded": 1}


def test_progress_is_the_mean_of_the_jobs():
    jobs = [job(), job("failed", step=3, total=10), job("running", step=5, total=10), job("queued")]
    assert progress(jobs, 1) == {"jobs": 4, "ended": 2, "fraction": pytest.approx(2.5 / 4), "eta_seconds": None}


def test_what_waits_needs_as_long_as_what_has_trained():
    """One job took 100 s, one that runs will take 60 s in all and has 30 s left: two that wait take 80 s each."""
    jobs = [
        job(seconds=100.0),
        job("running", eta_seconds=30.0, total=600, steps_per_second=10.0),
        job("queued"),
        job("queued"),
    ]
    assert eta_seconds(jobs, 1) == pytest.approx(30 + 160)
    assert eta_seconds(jobs, 2) == pytest.approx(95)
    assert eta_seconds(jobs, 100) == 30
    assert eta_seconds([job(), job("paused")], 1) is None
    assert eta_seconds([job("queued")], 1) is None


def test_seconds_per_epoch_leave_out_what_is_not_trained_yet():
    """40 steps took 20 s; an epoch is 10 steps."""
    assert seconds_per_epoch({"seconds": 20.0, "step": 40, "total": 100, "epochs": 10}) == 5.0
    assert seconds_per_epoch({"seconds": 0.0, "step": 0, "total": 100, "epochs": 10}) is None
    assert seconds_per_epoch({}) is None


def test_the_numbers_of_a_job():
    row = job(seconds=20.0, step=40, total=100, epochs=10)
    row.losses = {"generator": 1.5, "discriminator": None}
    assert values_of(row, {"kid": 0.1, "recall": None}) == {"generator_loss": 1.5, "seconds_per_epoch": 5.0, "kid": 0.1}
    assert names([{"kid": 1.0}, {"generator_loss": 1.0, "coverage": 1.0}]) == ["generator_loss", "coverage", "kid"]


def test_best_goes_by_the_direction_of_each_number_and_losses_have_none():
    jobs = [
        ("a", {"frechet_distance": 30.0, "recall": 0.5, "generator_loss": 1.0}),
        ("b", {"frechet_distance": 20.0, "recall": 0.4, "generator_loss": 0.1}),
        ("c", {"frechet_distance": 20.0}),
    ]
    assert best(jobs) == {
        "frechet_distance": {"job": "b", "value": 20.0, "better": "lower"},
        "recall": {"job": "a", "value": 0.5, "better": "higher"},
    }
    assert describe("frechet_distance").title == "Fréchet distance"
    assert (describe("my_number").title, describe("my_number").better) == ("my number", None)
