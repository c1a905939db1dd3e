"""Scores while a training runs: when they are taken, how they are told, and what becomes of them at its ends."""

from __future__ import annotations

import threading
import time

import pytest

from drivers.errors import DriverError
from drivers.evaluation.background import Background
from drivers.evaluation.evaluation import Evaluation
from drivers.evaluation.extractors import Identity
from drivers.training import train

EVALUATION = {"metrics": ["precision", "kid"], "sample_count": 40, "every_epochs": 2}


@pytest.fixture
def session(open_small):
    """Ten steps an epoch, five epochs."""
    return open_small(training={"epochs": 5, "sample_every_epochs": 0}, evaluation=EVALUATION)


@pytest.fixture
def evaluation(session, digits):
    return Evaluation(session.spec, digits(session.spec), lambda progress: Identity())


def run(session, folder, background, commands=()):
    """Train; commands are given at the steps they come with, or when the loop waits for one."""
    events, waiting = [], list(commands)

    def next_command(timeout):
        if waiting and (session.step >= waiting[0][0]):
            return waiting.pop(0)[1]
        if timeout:
            time.sleep(0.002)
        assert timeout is not None, "paused without a command to come"
        return None

    outcome = train(
        session,
        emit=events.append,
        next_command=next_command,
        checkpoint_folder=folder,
        save_sample=lambda step, images: {},
        evaluation=background,
    )
    return outcome, events


def of(events, type_):
    return [event for event in events if event["type"] == type_]


def test_scores_come_every_so_many_epochs_and_at_the_end(session, evaluation, tmp_path):
    outcome, events = run(session, tmp_path, Background(evaluation, 2))
    metrics = of(events, "metric")
    assert outcome == "finished"
    assert [(event["step"], event["name"]) for event in metrics] == [
        (step, name) for step in (20, 40, 50) for name in ("precision", "kid")
    ]
    assert set(metrics[0]) == {
        *("type", "step", "name", "value", "low", "high", "interval", "floor", "extractor", "count", "seed", "details")
    }
    assert metrics[0]["floor"] == metrics[2]["floor"]
    assert metrics[0]["count"] == 40


def test_a_last_epoch_that_is_due_is_scored_once(session, evaluation, tmp_path):
    _, events = run(session, tmp_path, Background(evaluation, 5))
    assert [event["step"] for event in of(events, "metric")] == [50, 50]


def test_the_scores_are_of_the_model_at_that_step_however_long_they_take(session, evaluation, tmp_path):
    """The samples are drawn before the training goes on, so waiting for the scores changes nothing."""
    quick = of(run(session, tmp_path / "a", Background(evaluation, 1))[1], "metric")
    assert len({event["value"] for event in quick if event["name"] == "kid"}) > 1
    alone = evaluation.score(evaluation.draw(session))
    assert [score.value for score in alone] == [event["value"] for event in quick[-2:]]


class Held(Background):
    """An evaluation that takes until it is let go."""

    def __init__(self, evaluation, every_epochs):
        self.let_go = threading.Event()
        score = evaluation.score

        def held(drawn, progress):
            assert self.let_go.wait(30)
            return score(drawn, progress)

        evaluation.score = held
        super().__init__(evaluation, every_epochs)


def test_the_training_goes_on_meanwhile_and_tells_of_it(session, evaluation, tmp_path):
    background = Held(evaluation, 4)
    steps, train_step = [], session.train_step

    def step(update=None):
        train_step(update)
        if background.running:
            steps.append(session.step)
        if session.step == 45:
            background.let_go.set()

    session.train_step = step
    _, events = run(session, tmp_path, background)
    assert steps[:5] == [41, 42, 43, 44, 45]
    running = [event["evaluating"] for event in of(events, "progress") if event["evaluating"]]
    assert running[0] == {"step": 40, "what": "starting", "done": 0, "total": 1}
    assert of(events, "progress")[0]["evaluating"] is None


def test_scores_that_come_in_a_pause_are_told_in_the_pause(session, evaluation, tmp_path):
    background = Held(evaluation, 2)
    events_at_resume = []

    def resume_when_told(events):
        background.let_go.set()
        while not of(events, "metric"):
            yield None
        events_at_resume.extend(event["type"] for event in events)
        yield {"action": "resume"}

    events = []
    commands = None

    def next_command(timeout):
        nonlocal commands
        if session.step == 22 and commands is None:
            commands = resume_when_told(events)
            return {"action": "pause"}
        if timeout != 0:
            time.sleep(0.002)
            return next(commands, None)
        return None

    train(
        session,
        emit=events.append,
        next_command=next_command,
        checkpoint_folder=tmp_path,
        save_sample=lambda step, images: {},
        evaluation=background,
    )
    assert events_at_resume.index("state") < events_at_resume.index("metric")


def test_a_stop_does_not_wait_for_scores(session, evaluation, tmp_path):
    background = Held(evaluation, 2)
    outcome, events = run(session, tmp_path, background, [(25, {"action": "stop"})])
    assert outcome == "stopped"
    assert of(events, "metric") == []
    assert of(events, "log")[-1]["message"] == "Stopped before the scores of step 20 were there."
    background.let_go.set()
    background.wait()


def test_a_stop_while_the_last_scores_are_waited_for_ends_a_finished_training(session, evaluation, tmp_path):
    background = Held(evaluation, 5)
    outcome, events = run(session, tmp_path, background, [(50, {"action": "stop"})])
    assert outcome == "finished"
    assert of(events, "log")[-1]["message"] == "Stopped before the scores of step 50 were there."
    background.let_go.set()
    background.wait()


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (DriverError("metric_failed", "'kid' cannot be computed: too few."), "warning", "'kid' cannot be computed"),
        (ZeroDivisionError("by zero"), "error", "ZeroDivisionError: by zero"),
    ],
)
def test_scores_that_fail_are_told_and_the_training_goes_on(session, evaluation, tmp_path, error, level, said):
    def fail(drawn, progress):
        raise error

    evaluation.score = fail
    outcome, events = run(session, tmp_path, Background(evaluation, 5))
    assert outcome == "finished"
    (log,) = of(events, "log")
    assert log["level"] == level
    assert said in log["message"]
    assert "step 50" in log["message"]


def test_evaluations_to_come_are_part_of_the_remaining_time(session, evaluation, tmp_path):
    """Each evaluation still to come costs what the last one held the training up, and the last one all of its time."""
    now = 0.0

    def train_step(update=None, step=session.train_step):
        nonlocal now
        now += 0.6
        step(update)

    class Slow(Background):
        def begin(self, session):
            nonlocal now
            now += 7.0
            super().begin(session)
            self.wait()
            self.seconds = 11.0

    session.train_step = train_step
    events = []
    train(
        session,
        emit=events.append,
        next_command=lambda timeout: None,
        checkpoint_folder=tmp_path,
        save_sample=lambda step, images: {},
        evaluation=Slow(evaluation, 2),
        clock=lambda: now,
    )
    eta = {event["step"]: event["eta_seconds"] for event in of(events, "progress") if event["eta_seconds"]}
    assert eta[15] == pytest.approx(35 * 0.6)
    assert eta[25] == pytest.approx(25 * 0.6 + 2 * 7.0 + 11.0)
