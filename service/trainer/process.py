"""The training process: warm first, then one job from its data to its last word, then gone."""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np

import spec
from drivers import DriverError, Session, open_session
from drivers.checkpoint import MANIFEST
from drivers.data import Dataset, DataSettings, grid, load
from drivers.evaluation.background import Background
from drivers.evaluation.evaluation import Evaluation
from drivers.evaluation.extractors import open_extractor
from drivers.training import train
from service.pictures import columns_of, stamp
from service.storage import Storage
from service.trainer.pipes import Channel, open_channel
from service.trainer.runtimes import spec_keys
from service.weights import NAME as WEIGHTS

log = logging.getLogger(__name__)

WARM_UP_SPEC = {
    "data": {"choice": "digits", "count": 64},
    "generator": {"choice": "dcgan"},
    "discriminator": {"choice": "dcgan"},
    "training": {"batch_size": 8},
}
"""A GAN small enough to train a step of in no time, with the layers that most GANs have."""

WEIGHTS_SECONDS = 5.0
WEIGHTS_SHARE = 0.01
"""Weights for use during the training are saved with a sample when the last time was long enough ago, and as rarely as
it takes to spend no more than this share of the time on it."""

ORDER_SECONDS = 0.1
"""A process that was started for a job gets its order within this time, and begins with it; any other warms up."""

DOWNLOAD_EVENT_SECONDS = 1.0
LOCK_RETRY_SECONDS = 0.1
TRACEBACK_LINES = 12


class Released(Exception):  # noqa: N818  (not an error)
    """The worker wants the job back; a checkpoint has been saved."""


class FolderInUseError(Exception):
    """Another process trains in the job's folder."""


def main() -> None:
    channel, (niceness, threads, runtime) = open_channel()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    order = channel.receive(ORDER_SECONDS)
    if order is None:
        warm_up(runtime, int(threads) or None, int(niceness))
        channel.send({"type": "ready"})
        order = channel.receive()
        assert order is not None
    else:
        message = f"No process was waiting for a job with {runtime}: one is starting, which takes some seconds."
        channel.send({"type": "log", "level": "info", "message": message})
    channel.send(_last_word(order, channel))
    # Everything is saved and said; tearing the library down would only take time and may fail.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def warm_up(runtime: str, threads: int | None, niceness: int = 0) -> None:
    """Import the library and take one step, so that what is lazily loaded and compiled is so before the job comes.

    Where a step is compiled for its own network, a job gains nothing from another one's, and none is taken.

    It is done in a thread that yields the processor to others. Niceness belongs to a thread on Linux, and only a
    privileged one may lower it again: so the thread that will train stays as it was. What goes wrong in it is printed,
    and will go wrong again where it can be told: in the job.
    """

    def run() -> None:
        if niceness and sys.platform == "linux":
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
        resolved = spec.resolve({**WARM_UP_SPEC, **spec_keys(runtime)})
        session = open_session(resolved, load(resolved["data"]), threads=threads)
        if not session.compiles:
            session.train_step()
            session.read_losses()
            session.sample(8)

    thread = threading.Thread(target=run, name="warm-up")
    thread.start()
    thread.join()


def _last_word(order: Mapping[str, Any], channel: Channel) -> dict[str, Any]:
    """Do the job; what became of it: an `end` event, or `released`."""
    try:
        outcome = Training(order, channel).run()
    except Released:
        return {"type": "released"}
    except FolderInUseError as error:
        channel.send({"type": "log", "level": "warning", "message": str(error)})
        return {"type": "released"}
    except Exception as error:
        traceback.print_exc()
        problem = describe(error)
        if problem["code"] == "internal_error":
            lines = traceback.format_exc().splitlines()[-TRACEBACK_LINES:]
            channel.send({"type": "log", "level": "error", "message": "\n".join(lines)})
        return {"type": "end", "state": "failed", "problem": problem}
    return {"type": "end", "state": "succeeded" if outcome == "finished" else "stopped", "problem": None}


def describe(error: Exception) -> dict[str, Any]:
    """An exception as a problem `{code, message, pointer}` for the person who started the training."""
    if isinstance(error, DriverError):
        return {"code": error.code, "message": error.message, "pointer": error.pointer}
    # Libraries have exceptions of their own for this, and some say it in a RuntimeError.
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError" or "allocate memory" in str(error):
        return {
            "code": "out_of_memory",
            "message": "The model and its batch do not fit into memory. Try a smaller batch size, image size or model.",
            "pointer": "/training/batch_size",
        }
    if isinstance(error, OSError) and error.errno is not None:
        return {"code": "storage_failed", "message": f"A file could not be read or written: {error}", "pointer": ""}
    return {
        "code": "internal_error",
        "message": f"The training failed in a way that nobody foresaw: {type(error).__name__}: {error}",
        "pointer": "",
    }


class Training:
    """One job in this process.

    Args:
        order: `{"job_id", "spec", "storage_url", "home", "threads", "lock_seconds", "stamp"}`; the stamp is what
            pictures of samples carry besides the spec, or null for nothing.
    """

    def __init__(self, order: Mapping[str, Any], channel: Channel):
        self._job_id: str = order["job_id"]
        self._spec: dict[str, Any] = order["spec"]
        self._threads: int | None = order["threads"]
        self._lock_seconds: float = order["lock_seconds"]
        self._stamp: dict[str, Any] | None = order["stamp"]
        self._channel = channel
        self._storage = Storage(order["storage_url"], order["home"])
        self._weights_due = 0.0
        self._releasing = False
        self._scores: dict[str, Any] = {}

    def run(self) -> str:
        """Train from the checkpoint, if there is one, to the end; `finished` or `stopped`."""
        folder = self._storage.local_folder(self._job_id)
        folder.mkdir(parents=True, exist_ok=True)
        with self._locked(folder):
            _redirect_output(folder / "train.log")
            data = self._load_data()
            self._session = open_session(self._spec, data, threads=self._threads)
            self._record("spec.json", self._spec)
            self._record("environment.json", self._session.environment)
            self._channel.send({"type": "started", "environment": self._session.environment})
            checkpoints = self._storage.pull_folder(self._job_id, "checkpoint")
            if not (checkpoints / MANIFEST).exists():
                self._start_from_weights()
            outcome = train(
                cast(Session, _Durable(self._session, self._channel.wait_until_saved, self._checkpointed)),
                emit=self._emit,
                next_command=self._next_command,
                checkpoint_folder=checkpoints,
                save_sample=self._save_sample,
                evaluation=self._evaluation(data),
            )
            self._save_weights()
            return outcome

    def _start_from_weights(self) -> None:
        """Give the networks that are to start from an earlier job's weights those; the others stay new."""
        for network in ("generator", "discriminator"):
            start = self._spec[network].get("weights")
            if start is None:
                continue
            pointer = f"/{network}/weights"
            try:
                path = self._storage.local_copy(start["job"], WEIGHTS)
                self._session.start_from(network, path, replace=start["replace"])
            except FileNotFoundError:
                message = f"The weights of the job '{start['job']}', which the {network} starts from, are gone."
                raise DriverError("no_weights", message, pointer) from None
            except DriverError as error:
                raise DriverError(error.code, error.message, pointer) from error

    @contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Hold the job's folder against a second process of this machine; the kernel lets go whatever happens to us."""
        with (folder / ".lock").open("w") as file:
            deadline = time.monotonic() + self._lock_seconds
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise FolderInUseError(
                            f"Another process still trains in {folder}; the job goes back to the queue."
                        ) from None
                    time.sleep(LOCK_RETRY_SECONDS)
            yield

    def _load_data(self) -> Any:
        last_told = 0.0

        def tell(stage: str, done: int, total: int | None) -> None:
            nonlocal last_told
            if time.monotonic() - last_told >= DOWNLOAD_EVENT_SECONDS:
                last_told = time.monotonic()
                part = f"{done / total:.0%}" if total else f"{done:,}"
                self._channel.send({"type": "log", "level": "info", "message": f"{stage}: {part}"})

        return load(self._spec["data"], progress=tell)

    def _evaluation(self, data: Dataset) -> Background | None:
        """What scores the model while it trains, if the spec asks for any score."""
        settings = self._spec["evaluation"]
        if not settings["metrics"]:
            return None
        extractor = settings["extractor"]
        evaluation = Evaluation(
            self._spec, data, lambda progress: open_extractor(extractor, data, DataSettings.from_env(), progress)
        )
        return Background(evaluation, settings["every_epochs"])

    def _emit(self, event: dict[str, Any]) -> None:
        """Pass an event on; the newest of each score is also kept whole, as the table only has numbers."""
        if event["type"] == "metric":
            self._scores[event["name"]] = {name: value for name, value in event.items() if name != "type"}
            self._record("scores.json", self._scores)
        self._channel.send(event)

    def _next_command(self, timeout: float | None) -> dict[str, Any] | None:
        if self._releasing:
            raise Released
        command = self._channel.receive(timeout)
        if command is not None and command["action"] == "release":
            self._releasing = True
            return {"action": "checkpoint"}
        return command

    def _save_sample(self, step: int, samples: np.ndarray) -> dict[str, Any]:
        columns = columns_of(self._spec, len(samples))
        picture = grid(samples, columns)
        buffer = io.BytesIO()
        picture.save(buffer, "PNG")
        png = buffer.getvalue()
        if self._stamp is not None:
            drawn = {"seed": self._spec["training"]["seed"], "step": step, "count": len(samples), "columns": columns}
            png = stamp(png, spec=self._spec, **drawn, **self._stamp)
        self._storage.write_atomic(self._job_id, f"samples/{step}.png", png)
        if time.monotonic() >= self._weights_due:
            self._save_weights()
        return {
            "url": f"/v1/jobs/{self._job_id}/samples/{step}.png",
            "width": picture.width,
            "height": picture.height,
            "columns": columns,
            "count": len(samples),
        }

    def _save_weights(self) -> None:
        start = time.monotonic()
        with self._storage.writing(self._job_id, WEIGHTS) as path:
            self._session.save_weights(path)
        now = time.monotonic()
        self._weights_due = now + max(WEIGHTS_SECONDS, (now - start) / WEIGHTS_SHARE)

    def _checkpointed(self) -> None:
        self._storage.push_folder(self._job_id, "checkpoint")
        self._save_weights()

    def _record(self, name: str, content: Mapping[str, Any]) -> None:
        self._storage.write_atomic(self._job_id, name, json.dumps(content, indent=1).encode())


class _Durable:
    """A session whose checkpoints never run ahead of the job table.

    A checkpoint says "everything up to here is known". If losses before it were still on their way when the worker
    dies, the resumed curve would have a gap; so they are waited for first.
    """

    def __init__(self, session: Session, before: Callable[[], None], after: Callable[[], None]):
        self._session, self._before, self._after = session, before, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def save_checkpoint(self, folder: Path) -> None:
        self._before()
        self._session.save_checkpoint(folder)
        self._after()


def _redirect_output(path: Path) -> None:
    """Let what libraries print, and the last words of a crash, go to the job's log from here on."""
    sys.stdout.flush()
    sys.stderr.flush()
    with path.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
