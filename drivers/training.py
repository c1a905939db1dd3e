"""The loop that every driver's training runs in: commands, events, samples, checkpoints.

It knows a `Session` and four callables, and no library, service or file format.
"""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drivers.errors import DivergedError, DriverError
from drivers.interface import Session

if TYPE_CHECKING:
    from drivers.evaluation.background import Background

Event = dict[str, Any]
Command = Mapping[str, Any]

# Seconds between two events of a kind. Losses of every step travel in the next loss event's points.
LOSS_EVERY = 0.1
PROGRESS_EVERY = 0.5
# A sheet of samples that is due waits until this long after the one before, and until all sheets together
# have taken no more than this share of the time.
SAMPLE_EVERY = 1.0
SAMPLE_SHARE = 0.02
# Seconds between two looks at an evaluation that is waited for, while commands are obeyed.
EVALUATION_POLL = 0.2
# Seconds over which the rate is measured.
RATE_WINDOW = 5.0


def train(
    session: Session,
    *,
    emit: Callable[[Event], None],
    next_command: Callable[[float | None], Command | None],
    checkpoint_folder: Path,
    save_sample: Callable[[int, np.ndarray], dict[str, Any]],
    evaluation: Background | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> str:
    """Trains ``session`` to its end, from the checkpoint in ``checkpoint_folder`` if there is one.

    Args:
        emit: receives every event, see ARCHITECTURE.md section 4.
        next_command: the next command, or None when none came within so many seconds; with None as its argument it
            waits until one comes. Commands are ``{"action": "pause"}``, ``"resume"``, ``"stop"``, ``"checkpoint"``,
            ``{"action": "step", "update": ["discriminator"], "count": 5}`` (pauses, then does so many steps of those
            roles; all roles and 1 by default) and ``{"action": "update", "changes": {…}}`` (see `Session.change`).
        checkpoint_folder: where checkpoints go: every so often, at a pause, at a stop, and at the end.
        save_sample: keeps a sheet of images uint8 (N, H, W, C) of a step and returns what its event says of it.
        evaluation: scores the model every so many epochs and at the end.
        clock: seconds that only go forward.

    Returns:
        ``"finished"``, or ``"stopped"`` after a stop command.

    Raises:
        DivergedError: a loss became NaN or infinite; the losses before it were emitted.
    """
    return _Training(session, emit, next_command, checkpoint_folder, save_sample, evaluation, clock).run()


class _Training:
    def __init__(
        self,
        session: Session,
        emit: Callable[[Event], None],
        next_command: Callable[[float | None], Command | None],
        checkpoint_folder: Path,
        save_sample: Callable[[int, np.ndarray], dict[str, Any]],
        evaluation: Background | None,
        clock: Callable[[], float],
    ) -> None:
        self.session = session
        self.emit = emit
        self.next_command = next_command
        self.checkpoint_folder = checkpoint_folder
        self.save_sample = save_sample
        self.evaluation = evaluation
        self.clock = clock
        self.settings = session.spec["training"]
        self.paused = False
        self.stopping = False
        self.compiling = False
        now = clock()
        self.last_loss = self.last_progress = self.last_checkpoint = now
        self.next_sample = now
        self.sample_is_due = False
        self.sampled_step: int | None = None
        self.rate_marks: deque[tuple[float, int]] = deque()
        self.evaluated_step: int | None = None
        # Seconds that the training stood still for the last evaluation.
        self.evaluation_halt = 0.0
        self.trained = 0.0  # seconds until the last pause
        self.training_since: float | None = now

    def run(self) -> str:
        self._resume_from_checkpoint()
        is_to_train = self.session.step < self.session.total_steps
        self.compiling = is_to_train and self.session.compiles
        self._emit_progress()
        if is_to_train:
            self._first_step()
        while self.session.step < self.session.total_steps:
            command = self.next_command(self._patience())
            if command is not None:
                self._obey(command)
            if self.stopping:
                break
            if not self.paused:
                self._advance()
            self._emit_scores()
        self._flush_losses()
        self._emit_progress()
        self._sample_now()
        self._checkpoint()
        outcome = "stopped" if self.stopping else "finished"
        self._finish_evaluation()
        return outcome

    def _patience(self) -> float | None:
        """Seconds to wait for a command: none in a training, without end in a pause, unless scores are to come."""
        if not self.paused:
            return 0
        return EVALUATION_POLL if self.evaluation and self.evaluation.running else None

    def _resume_from_checkpoint(self) -> None:
        try:
            self.session.load_checkpoint(self.checkpoint_folder)
        except DriverError as error:
            if error.code != "no_checkpoint":
                raise
        else:
            self._log("info", f"Goes on after step {self.session.step}.")
            self._mark("continued")

    def _first_step(self) -> None:
        """The first loss goes out before the picture of the beginning is saved: whoever pressed start waits for it."""
        step = self.session.step
        if self.compiling:
            self._log("info", "Compiling the training step; this takes some seconds, once.")
        images = self._draw() if step == 0 else None
        self.session.train_step()
        self.compiling = False
        self._flush_losses()
        if images is not None:
            self._keep_sample(step, images)
        self._mark_sample_due()
        self._start_rate()
        self._emit_progress()
        self._evaluate_if_due()

    def _advance(self) -> None:
        self.session.train_step()
        now = self.clock()
        if now - self.last_loss >= LOSS_EVERY:
            self._flush_losses()
        if now - self.last_progress >= PROGRESS_EVERY:
            self._emit_progress()
        self._mark_sample_due()
        if self.sample_is_due and now >= self.next_sample:
            self._flush_losses()
            self._sample_now()
        self._evaluate_if_due()
        if now - self.last_checkpoint >= self.settings["checkpoint_every_seconds"]:
            self._checkpoint()

    def _obey(self, command: Command) -> None:
        action = command["action"]
        if action == "pause":
            self._pause()
        elif action == "resume":
            self._resume()
        elif action == "stop":
            self.stopping = True
        elif action == "step":
            self._step(command)
        elif action == "update":
            self._change(command["changes"])
        elif action == "checkpoint":
            self._checkpoint()
        else:
            self._log("warning", f"'{action}' is not a command of a training.")

    def _pause(self) -> None:
        if self.paused:
            return
        self.paused = True
        self.trained, self.training_since = self._seconds(), None
        self._flush_losses()
        self._mark("paused")
        self._emit_progress()
        self._sample_now()
        self._checkpoint()
        self.emit({"type": "state", "state": "paused"})

    def _resume(self) -> None:
        if not self.paused:
            return
        self.paused = False
        self._start_rate()
        self.last_checkpoint = self.training_since = self.clock()
        self._mark("resumed")
        self.emit({"type": "state", "state": "running"})

    def _step(self, command: Command) -> None:
        self._pause()
        self._mark("stepped", update=command.get("update"), count=command.get("count", 1))
        for _ in range(min(command.get("count", 1), self.session.total_steps - self.session.step)):
            try:
                self.session.train_step(command.get("update"))
            except DriverError as error:
                self._log("warning", error.message)
                return
        self._flush_losses()
        self._emit_progress()
        self._sample_now()

    def _change(self, changes: Mapping[str, Any]) -> None:
        try:
            self.session.change(changes)
        except DriverError as error:
            self._log("warning", error.message)
        else:
            self._mark("changed", changes=dict(changes))
            self._log("info", "Changed " + ", ".join(f"{name} to {value}" for name, value in changes.items()) + ".")

    def _flush_losses(self) -> None:
        try:
            losses = self.session.read_losses()
        except DivergedError as error:
            self._emit_losses(error.before)
            self._emit_measurements()
            raise
        self._emit_losses(losses)
        self._emit_measurements()
        self.last_loss = self.clock()

    def _emit_losses(self, losses: list[dict[str, Any]]) -> None:
        if losses:
            points = [list(point.values()) for point in losses]
            self.emit({"type": "loss", **losses[-1], "seconds": self._seconds(), "points": points})

    def _emit_measurements(self) -> None:
        for measured in self.session.read_measurements():
            self.emit({"type": "measurement", **measured})

    def _emit_progress(self) -> None:
        session, now = self.session, self.clock()
        rate = self._rate(now)
        self.emit(
            {
                "type": "progress",
                "step": session.step,
                "total": session.total_steps,
                "epoch": self._epoch(session.step),
                "epochs": self.settings["epochs"],
                "seconds": self._seconds(),
                "images_per_second": None if rate is None else rate * session.images_per_step,
                "steps_per_second": rate,
                "eta_seconds": None
                if not rate
                else (session.total_steps - session.step) / rate + self._halts_to_come(),
                "compiling": self.compiling,
                "evaluating": self.evaluation.running if self.evaluation else None,
            }
        )
        self.last_progress = now

    def _seconds(self) -> float:
        """How long this run has trained, pauses left out."""
        return self.trained + (0.0 if self.training_since is None else self.clock() - self.training_since)

    def _start_rate(self) -> None:
        """A pause is no part of the rate."""
        self.rate_marks.clear()
        self.rate_marks.append((self.clock(), self.session.step))

    def _rate(self, now: float) -> float | None:
        """Steps a second over the last seconds; None before there is one."""
        if not self.rate_marks:
            return None
        while len(self.rate_marks) > 1 and now - self.rate_marks[1][0] >= RATE_WINDOW:
            self.rate_marks.popleft()
        then, step = self.rate_marks[0]
        self.rate_marks.append((now, self.session.step))
        return (self.session.step - step) / (now - then) if now > then and self.session.step > step else None

    def _epoch(self, step: int) -> int:
        return math.ceil(step / self.session.steps_per_epoch)

    def _mark_sample_due(self) -> None:
        every_steps = self.settings["sample_every_steps"]
        every_epochs = self.settings["sample_every_epochs"] * self.session.steps_per_epoch
        step = self.session.step
        if (every_steps and step % every_steps == 0) or (every_epochs and step % every_epochs == 0):
            self.sample_is_due = True

    def _evaluate_if_due(self) -> None:
        if self.evaluation and self.session.step % (self.evaluation.every_epochs * self.session.steps_per_epoch) == 0:
            self._evaluate(self.evaluation)

    def _evaluate(self, evaluation: Background) -> None:
        start = self.clock()
        self._flush_losses()
        evaluation.begin(self.session)
        self._emit_scores()
        self.evaluated_step = self.session.step
        self._emit_progress()
        self.evaluation_halt = self.clock() - start
        self._start_rate()

    def _emit_scores(self) -> None:
        for event in self.evaluation.take_events() if self.evaluation else ():
            self.emit(event)

    def _finish_evaluation(self) -> None:
        """The finished model is scored and waited for, unless a command says stop; a stopped one is not."""
        evaluation = self.evaluation
        if evaluation is None:
            return
        if not self.stopping and self.evaluated_step != self.session.step:
            self._evaluate(evaluation)
        while evaluation.running and not self.stopping:
            self._emit_progress()
            command = self.next_command(EVALUATION_POLL)
            if command is not None and command["action"] in ("stop", "checkpoint"):
                self._obey(command)
        self._emit_scores()
        if unfinished := evaluation.running:
            self._log("warning", f"Stopped before the scores of step {unfinished['step']} were there.")

    def _halts_to_come(self) -> float:
        """Seconds that evaluations will take from the training, as far as the last one tells."""
        if self.evaluation is None or self.evaluation.seconds is None:
            return 0.0
        between = self.evaluation.every_epochs * self.session.steps_per_epoch
        left = math.ceil((self.session.total_steps - self.session.step) / between)
        return left * self.evaluation_halt + self.evaluation.seconds

    def _draw(self) -> np.ndarray:
        """The same noise every time, so that one sees it become an image."""
        return self.session.sample(self.settings["sample_count"], seed=self.settings["seed"])

    def _sample_now(self) -> None:
        step = self.session.step
        if self.sampled_step == step:
            return
        self._keep_sample(step, self._draw)

    def _keep_sample(self, step: int, images: np.ndarray | Callable[[], np.ndarray]) -> None:
        start = self.clock()
        saved = self.save_sample(step, images() if callable(images) else images)
        self.emit({"type": "sample", "step": step, "epoch": self._epoch(step), **saved})
        now = self.clock()
        self.next_sample = now + max(SAMPLE_EVERY, (now - start) / SAMPLE_SHARE)
        self.sample_is_due = False
        self.sampled_step = step

    def _checkpoint(self) -> None:
        """Losses go out first, so that a resumed training neither repeats a point nor leaves one out."""
        self._flush_losses()
        self.session.save_checkpoint(self.checkpoint_folder)
        self.last_checkpoint = self.clock()

    def _mark(self, kind: str, **details: Any) -> None:
        """Something that whoever reads the curves will want to see on them."""
        self.emit({"type": "marker", "step": self.session.step, "kind": kind, **details})

    def _log(self, level: str, message: str) -> None:
        self.emit({"type": "log", "level": level, "message": message})
