"""Starts the whole system, in the order in which its parts need each other, and stops it in the reverse order."""

from __future__ import annotations

import dataclasses
import errno
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from service import broker as brokers
from service.config import Settings, variable
from service.supervisor import once, parts
from service.supervisor.guard import guarded
from service.supervisor.logs import Console
from service.supervisor.node_red import NodeRed, NodeRedError, host_in_url
from service.supervisor.processes import Processes, StartError, Stopped
from service.tracking.configured import where

READY_SECONDS = 60.0
"""How long the system may take to come up; a slow disk reads Node-RED and PyTorch for a while the first time."""

DOWN_SECONDS = 60.0
STOP_ORDER = (("node-red",), ("api", "reaper"), ("interactive", "lengthy", "training"), ("broker",))


def up(*, run_once: bool = False) -> int:
    """Start everything and keep it running until Ctrl-C or SIGTERM, or until the first flow has run to its end once.

    Returns:
        Exit status: 0; 1 when something does not start, or when the flow run once did not draw what it should.
    """
    console = Console()
    settings = Settings.from_env()
    settings.home.mkdir(parents=True, exist_ok=True)
    try:
        with _only_one(settings):
            return _Up(settings, console).run(run_once=run_once)
    except (StartError, NodeRedError, brokers.BrokerError) as error:
        console.say(f"AuthorGAN does not start: {error}")
        return 1


class _Up:
    def __init__(self, settings: Settings, console: Console):
        self._console = console
        for port, name in ((settings.port, "port"), (settings.node_red_port, "node_red_port")):
            _check_port(settings.host, port, variable(name))
        self._embedded: brokers.EmbeddedBroker | None = None
        if settings.redis_url:
            if problem := brokers.probe(settings.redis_url):
                raise brokers.BrokerError(f"{variable('redis_url')} is set, but {problem}.")
        else:
            self._embedded = brokers.EmbeddedBroker.prepare(settings.home / "broker")
            settings = dataclasses.replace(settings, redis_url=self._embedded.url)
        self._settings = settings

    def run(self, *, run_once: bool) -> int:
        settings, console = self._settings, self._console
        # The flow that is run once is always the one that is shipped; flows of the user are not touched by it.
        node_red = NodeRed(settings, settings.home / ("once/node-red" if run_once else "node-red"), anew=run_once)
        started = time.monotonic()
        processes = Processes(settings.home / "logs", console, on_change=lambda pids: _write_state(settings, pids))
        status = 0
        try:
            if self._embedded is not None:
                broker = parts.broker_part(self._embedded)
                processes.start([broker])
                self._migrate()
                processes.wait_until_ready([broker], READY_SECONDS)
            else:
                self._migrate()
            others = [
                *parts.worker_parts(settings),
                parts.api_part(settings),
                parts.reaper_part(settings),
                parts.node_red_part(settings, node_red),
            ]
            processes.start(others)
            processes.wait_until_ready(others, READY_SECONDS)
            self._welcome(node_red, time.monotonic() - started)
            if run_once:
                status = self._run_once(processes, node_red)
            else:
                processes.watch()
        except Stopped:
            status = 1 if run_once else 0
        finally:
            console.say("Stopping ...")
            processes.stop(STOP_ORDER)
            console.say("Everything has stopped.")
        return status

    def _migrate(self) -> None:
        """Bring the tables up to date before the parts open them; in a process of its own, which ends and is small."""
        done = subprocess.run(
            guarded([sys.executable, "-m", "service", "migrate"]),
            cwd=parts.PROJECT,
            env={**os.environ, **self._settings.environ()},
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        if done.returncode != 0:
            raise StartError(f"the database cannot be prepared.\n{done.stderr.strip()}")

    def _run_once(self, processes: Processes, node_red: NodeRed) -> int:
        # In a thread, because the main one keeps the parts running. It starts no process.
        trial = once.Trial(self._settings, node_red, self._console.say)
        thread = threading.Thread(target=trial.run, name="once", daemon=True)
        thread.start()
        processes.watch(until=lambda: not thread.is_alive(), poll_seconds=0.2)
        return 0 if trial.worked else 1

    def _welcome(self, node_red: NodeRed, seconds: float) -> None:
        service = f"http://{host_in_url(self._settings.host)}:{self._settings.port}"
        sign_in = "  (sign in as authorgan with the API key)" if self._settings.api_key else ""
        tracked = "".join(f"  Tracking  {line}\n" for line in where(self._settings))
        self._console.say(
            f"\nAuthorGAN is running ({seconds:.1f} s).\n\n"
            f"  Editor    {node_red.url}{sign_in}\n"
            f"            Press the button on the left of “Start training” and watch digits appear.\n"
            f"  Service   {service}   documentation: {service}/docs\n"
            f"  Logs      {self._settings.home / 'logs'}\n{tracked}\n"
            f"Ctrl-C stops everything.\n"
        )


def down() -> int:
    """Stop the system that runs on this home. Returns the exit status."""
    console, settings = Console(), Settings.from_env()
    state = _read_state(settings)
    if state is None:
        console.say(f"Nothing runs on {settings.home}.")
        return 0
    os.kill(state["supervisor"], signal.SIGTERM)
    deadline = time.monotonic() + DOWN_SECONDS
    while _read_state(settings) is not None:
        if time.monotonic() > deadline:
            console.say(f"The supervisor, process {state['supervisor']}, has not stopped after {DOWN_SECONDS:g} s.")
            return 1
        time.sleep(0.1)
    return 0


def status() -> int:
    """Print what runs on this home. Returns the exit status: 0 if something does, else 3, as service managers do."""
    console, settings = Console(), Settings.from_env()
    state = _read_state(settings)
    if state is None:
        console.say(f"Nothing runs on {settings.home}.")
        return 3
    for name, pid in {"supervisor": state["supervisor"], **state["parts"]}.items():
        console.say(f"{name:<11} process {pid}")
    return 0


@contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """Hold the home against a second supervisor; the kernel lets go when this process ends, however it ends."""
    with _lock_file(settings).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(
                f"it runs already on {settings.home}. Stop it (python -m service down), or choose another folder with "
                f"{variable('home')}."
            ) from None
        _write_state(settings, {})
        yield
        with suppress(FileNotFoundError):
            _state_file(settings).unlink()


def _lock_file(settings: Settings) -> Path:
    return settings.home / "supervisor.lock"


def _state_file(settings: Settings) -> Path:
    return settings.home / "supervisor.json"


def _write_state(settings: Settings, pids: dict[str, int | None]) -> None:
    temporary = _state_file(settings).with_suffix(".tmp")
    temporary.write_text(json.dumps({"supervisor": os.getpid(), "parts": pids}))
    temporary.replace(_state_file(settings))


def _read_state(settings: Settings) -> dict[str, Any] | None:
    """What runs on this home; None when nothing does, whatever a file from an earlier life says."""
    try:
        with _lock_file(settings).open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return None
    except BlockingIOError:
        with suppress(FileNotFoundError):
            return json.loads(_state_file(settings).read_text())
    return None


def _check_port(host: str, port: int, name: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise StartError(
                    f"Port {port} is taken. Stop what uses it, or choose another: make run {name}={port + 1}"
                ) from error
            raise StartError(
                f"Port {port} of {host} cannot be used: {error.strerror}. See {name} and {variable('host')}."
            ) from error
