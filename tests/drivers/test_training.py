"""The loop: commands between steps, events, samples, checkpoints."""

from __future__ import annotations

import itertools
from collections import deque

import numpy as np
import pytest

from drivers import training
from drivers.errors import DivergedError
from drivers.training import train


class Clock:
    """Seconds that pass only as the test says."""

    now = 0.0

    def __call__(self):
        return self.now


class Run:
    """One run of the loop, and everything that came out of it.

    Args:
        commands: (step, command): given when that step is done. While paused, the next one is given at once.
        step_seconds: how long a training step takes.
        sample_seconds: how long it takes to save a sheet of samples.
    """

    def __init__(self, session, folder, commands=(), *, step_seconds=0.0, sample_seconds=0.0):
        self.session, self.folder, self.clock = session, folder, Clock()
        self.commands = deque(commands)
        self.sample_seconds = sample_seconds
        self.events, self.times, self.sheets, self.polls = [], [], {}, []
        step = session.train_step

        def train_step(update=None):
            self.clock.now += step_seconds
            step(update)

        session.train_step = train_step

    def __call__(self):
        return train(
            self.session,
            emit=self.emit,
            next_command=self.next_command,
            checkpoint_folder=self.folder,
            save_sample=self.save_sample,
            clock=self.clock,
        )

    def emit(self, event):
        self.events.append(event)
        self.times.append(self.clock.now)

    def next_command(self, timeout):
        self.polls.append(timeout)
        if self.commands and (timeout is None or self.session.step >= self.commands[0][0]):
            return self.commands.popleft()[1]
        assert timeout == 0, "paused without a command to come"
        return None

    def save_sample(self, step, images):
        self.sheets[step] = images
        self.clock.now += self.sample_seconds
        return {"url": f"/{step}.png", "count": len(images)}

    def of(self, type_):
        return [event for event in self.events if event["type"] == type_]

    def points(self):
        return [tuple(point) for event in self.of("loss") for point in event["points"]]


def losses_of(session):
    for _ in range(session.total_steps):
        session.train_step()
    return [tuple(point.values()) for point in session.read_losses()]


def test_a_whole_training(open_small, tmp_path):
    run = Run(open_small(), tmp_path)
    assert run() == "finished"
    assert run.points() == losses_of(open_small())
    assert [event["type"] for event in run.events[:4]] == ["progress", "loss", "measurement", "sample"]
    assert run.of("loss")[0]["step"] == 1
    assert set(run.of("loss")[0]) == {"type", "step", "generator", "discriminator", "seconds", "points"}
    assert run.of("loss")[-1]["points"][-1] == list(run.of("loss")[-1].values())[1:4]
    last = run.of("progress")[-1]
    assert (last["step"], last["total"], last["epoch"], last["epochs"]) == (20, 20, 2, 2)
    assert list(run.sheets) == [0, 20]


def test_a_step_that_is_compiled_first_is_said_to_be_until_its_loss_is_there(open_small, tmp_path):
    session = open_small()
    session.compiles = True
    run = Run(session, tmp_path)
    run()
    told = [(event["type"], event.get("compiling")) for event in run.events if event["type"] in ("progress", "loss")]
    assert told[:3] == [("progress", True), ("loss", None), ("progress", False)]
    assert not any(compiling for _, compiling in told[2:])
    # Before there are steps to measure it by, no rate is made up.
    assert run.of("progress")[1]["steps_per_second"] is None
    again = Run(open_small(), tmp_path / "again")
    again()
    assert not any(event["compiling"] for event in again.of("progress"))


def test_losses_are_sent_at_most_ten_times_a_second_and_none_is_left_out(open_small, tmp_path):
    session = open_small(training={"epochs": 20, "sample_every_epochs": 0})
    run = Run(session, tmp_path, step_seconds=0.013)
    run()
    assert [point[0] for point in run.points()] == list(range(1, 201))
    sent = [when for event, when in zip(run.events, run.times, strict=True) if event["type"] == "loss"]
    between = [b - a for a, b in itertools.pairwise(sent)]
    assert all(gap >= training.LOSS_EVERY for gap in between[:-1])
    assert max(between) < 2 * training.LOSS_EVERY


def test_accuracy_gradient_norms_and_rates_are_measured_at_every_so_many_steps(open_small, tmp_path):
    run = Run(
        open_small(training={"epochs": 5, "sample_every_epochs": 0}),
        tmp_path,
        [(10, {"action": "pause"}), (10, {"action": "resume"})],
    )
    run()
    measured = run.of("measurement")
    assert [event["step"] for event in measured] == [1, 21, 41]
    names = {
        f"{kind}/{network}" for kind in ("gradient_norm", "learning_rate") for network in ("generator", "discriminator")
    }
    assert all(set(event["values"]) == names | {"accuracy/real", "accuracy/fake"} for event in measured)


def test_a_long_training_is_measured_at_about_a_thousand_steps(open_small):
    session = open_small(training={"epochs": 10_000})
    assert session.total_steps == 100_000
    for _ in range(101):
        session.train_step()
    assert [found["step"] for found in session.read_measurements()] == [1, 101]
    assert session.read_measurements() == []


def test_rate_and_remaining_time(open_small, tmp_path):
    session = open_small(training={"epochs": 20, "sample_every_epochs": 0})
    run = Run(session, tmp_path, step_seconds=0.25)
    run()
    first, *rest = run.of("progress")
    assert (first["step"], first["steps_per_second"], first["eta_seconds"]) == (0, None, None)
    for event in rest[1:]:
        assert event["steps_per_second"] == pytest.approx(4)
        assert event["images_per_second"] == pytest.approx(64)
        assert event["eta_seconds"] == pytest.approx((200 - event["step"]) / 4)


def test_samples_show_the_same_noise_at_start_every_epoch_and_end(open_small, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SAMPLE_EVERY", 0.0)
    session = open_small(training={"epochs": 3, "sample_count": 5, "seed": 11})
    untrained = session.sample(5, seed=11)
    run = Run(session, tmp_path)
    run()
    assert list(run.sheets) == [0, 10, 20, 30]
    np.testing.assert_array_equal(run.sheets[0], untrained)
    np.testing.assert_array_equal(run.sheets[30], session.sample(5, seed=11))
    assert [(event["step"], event["epoch"], event["url"]) for event in run.of("sample")] == [
        (0, 0, "/0.png"),
        (10, 1, "/10.png"),
        (20, 2, "/20.png"),
        (30, 3, "/30.png"),
    ]


def test_samples_every_so_many_steps(open_small, tmp_path, monkeypatch):
    monkeypatch.setattr(training, "SAMPLE_EVERY", 0.0)
    run = Run(open_small(training={"sample_every_steps": 7, "sample_every_epochs": 0}), tmp_path)
    run()
    assert list(run.sheets) == [0, 7, 14, 20]


@pytest.mark.parametrize(("seconds", "at_least"), [(0.0, 1.0), (0.1, 5.0)])
def test_a_fast_training_does_not_drown_in_samples(open_small, tmp_path, seconds, at_least):
    """Sheets that are due wait for a second, and until all take no more than 2 % of the time."""
    session = open_small(training={"epochs": 20, "sample_every_steps": 1})
    run = Run(session, tmp_path, step_seconds=0.1, sample_seconds=seconds)
    run()
    between = [(b - a) * 0.1 for a, b in itertools.pairwise(list(run.sheets)[:-1])]
    assert len(between) >= 2
    assert all(gap >= at_least - 0.11 for gap in between)


def test_pause_and_resume(open_small, tmp_path):
    run = Run(open_small(), tmp_path, [(4, {"action": "pause"}), (4, {"action": "resume"})])
    assert run() == "finished"
    assert run.points() == losses_of(open_small())
    assert [event["state"] for event in run.of("state")] == ["paused", "running"]
    before_pause = run.events[: run.events.index({"type": "state", "state": "paused"})]
    assert before_pause[-1]["type"] == "sample"
    assert [event for event in before_pause if event["type"] == "loss"][-1]["step"] == 4
    assert run.polls.count(None) == 1


def test_a_pause_is_no_part_of_the_rate(open_small, tmp_path):
    session = open_small(training={"epochs": 10, "sample_every_epochs": 0})
    run = Run(session, tmp_path, [(40, {"action": "pause"}), (40, {"action": "resume"})], step_seconds=0.25)
    poll = run.next_command

    def next_command(timeout):
        if timeout is None:
            run.clock.now += 3600
        return poll(timeout)

    run.next_command = next_command
    run()
    assert run.of("progress")[-1]["steps_per_second"] == pytest.approx(4)


def test_stop(open_small, tmp_path):
    run = Run(open_small(), tmp_path, [(4, {"action": "stop"})])
    assert run() == "stopped"
    assert run.points() == losses_of(open_small())[:4]
    assert list(run.sheets)[-1] == 4
    again = open_small()
    again.load_checkpoint(tmp_path)
    assert again.step == 4


def test_stop_while_paused(open_small, tmp_path):
    run = Run(open_small(), tmp_path, [(4, {"action": "pause"}), (4, {"action": "stop"})])
    assert run() == "stopped"
    assert list(run.sheets).count(4) == 1


def test_single_steps_of_chosen_networks(open_small, tmp_path):
    commands = [
        (4, {"action": "step", "update": ["discriminator"], "count": 2}),
        (6, {"action": "step", "update": ["generator"]}),
        (7, {"action": "step"}),
        (8, {"action": "stop"}),
    ]
    run = Run(open_small(), tmp_path, commands)
    assert run() == "stopped"
    *_, d1, d2, g, both = run.points()
    assert [point[0] for point in (d1, d2, g, both)] == [5, 6, 7, 8]
    assert d1[1] is None
    assert d1[2] is not None
    assert g[1] is not None
    assert g[2] is None
    assert None not in both
    # each command shows its result
    assert [step for step in run.sheets if step >= 4] == [4, 6, 7, 8]


def test_single_steps_end_with_the_training(open_small, tmp_path):
    run = Run(open_small(), tmp_path, [(18, {"action": "step", "count": 10})])
    assert run() == "finished"
    assert run.points()[-1][0] == 20


def test_what_happened_is_marked_at_its_step_and_pauses_take_no_time(open_small, tmp_path):
    changes = {"learning_rate": {"generator": 0.001}}
    commands = [
        (3, {"action": "update", "changes": changes}),
        (4, {"action": "pause"}),
        (4, {"action": "step", "update": ["discriminator"], "count": 2}),
        (6, {"action": "resume"}),
    ]
    run = Run(open_small(), tmp_path, commands, step_seconds=0.5, sample_seconds=0.0)
    run()
    assert [{name: value for name, value in event.items() if name != "type"} for event in run.of("marker")] == [
        {"step": 3, "kind": "changed", "changes": changes},
        {"step": 4, "kind": "paused"},
        {"step": 4, "kind": "stepped", "update": ["discriminator"], "count": 2},
        {"step": 6, "kind": "resumed"},
    ]
    seconds = {event["step"]: event["seconds"] for event in run.of("loss")}
    last = run.session.total_steps
    assert (seconds[4], seconds[6], seconds[last]) == (2.0, 2.0, 2.0 + (last - 6) / 2)
    assert run.of("progress")[-1]["seconds"] == seconds[last]


def test_changes_take_effect_and_are_told(open_small, tmp_path):
    changes = {"learning_rate": {"generator": 0.0}}
    run = Run(open_small(), tmp_path, [(5, {"action": "update", "changes": changes})])
    run()
    plain = losses_of(open_small())
    assert run.points()[:5] == plain[:5]
    assert run.points()[8:] != plain[8:]
    assert run.of("log")[-1] == {
        "type": "log",
        "level": "info",
        "message": "Changed learning_rate to {'generator': 0.0}.",
    }


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ({"action": "update", "changes": {"batch_size": 1}}, "'batch_size' cannot be changed during a training."),
        ({"action": "step", "update": ["critic"]}, "A step updates some of generator, discriminator; got critic."),
        ({"action": "dance"}, "'dance' is not a command of a training."),
    ],
)
def test_a_command_that_cannot_be_obeyed_is_told_and_the_training_goes_on(open_small, tmp_path, command, message):
    run = Run(open_small(), tmp_path, [(4, command), (4, {"action": "resume"})])
    assert run() == "finished"
    assert {"type": "log", "level": "warning", "message": message} in run.events
    assert run.points() == losses_of(open_small())


def test_checkpoints_are_written_every_so_many_seconds(open_small, tmp_path):
    session = open_small(training={"checkpoint_every_seconds": 3, "sample_every_epochs": 0})
    saved, save = [], session.save_checkpoint
    session.save_checkpoint = lambda folder: (saved.append(session.step), save(folder))
    Run(session, tmp_path, step_seconds=0.5)()
    assert saved == [6, 12, 18, 20]


@pytest.mark.parametrize("killed_after", [1, 7, 13])
def test_a_killed_training_goes_on_from_its_checkpoint_without_gap_or_doubled_point(open_small, tmp_path, killed_after):
    class Killed(BaseException):
        pass

    first = Run(open_small(), tmp_path, [(killed_after, {"action": "checkpoint"})])
    poll = first.next_command

    def next_command(timeout):
        if first.session.step == killed_after + 3:
            raise Killed
        return poll(timeout)

    first.next_command = next_command
    with pytest.raises(Killed):
        first()
    second = Run(open_small(), tmp_path)
    assert second() == "finished"
    assert second.of("progress")[0]["step"] == killed_after
    known = [point for point in first.points() if point[0] <= killed_after]
    assert known + second.points() == losses_of(open_small())
    assert 0 not in second.sheets


def test_a_finished_training_that_is_run_again_is_finished(open_small, tmp_path):
    Run(open_small(), tmp_path)()
    again = Run(open_small(), tmp_path)
    assert again() == "finished"
    assert again.points() == []


def test_a_training_that_diverges_tells_the_losses_before_and_keeps_its_checkpoint(open_small, tmp_path):
    modules = {
        "loss": {"choice": "wasserstein", "regularizers": []},
        "optimizer": {"choice": "sgd", "learning_rate": 0.001},
        "training": {"epochs": 10, "discriminator_steps": 1},
    }
    commands = [(5, {"action": "checkpoint"}), (6, {"action": "update", "changes": {"learning_rate": 10}})]
    run = Run(open_small(**modules), tmp_path, commands)
    with pytest.raises(DivergedError) as told:
        run()
    assert [point[0] for point in run.points()] == list(range(1, told.value.step))
    assert all(np.isfinite(point).all() for point in run.points())
    again = open_small(**modules)
    again.load_checkpoint(tmp_path)
    assert again.step == 5
