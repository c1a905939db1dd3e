"""The task that answers interactive calls, and the process that holds the models for it."""

from __future__ import annotations

import json
import logging
import selectors
import time
from typing import Any

import redis
from celery import Celery
from celery.signals import worker_process_init

from drivers.export import FORMATS
from service.config import Settings
from service.queue.interactive import INTERACTIVE_TASK, answer
from service.storage import Storage
from service.trainer.pipes import Child
from service.trainer.runtimes import DEFAULT, WRITERS, runtime_of, spec_keys, title_of

log = logging.getLogger(__name__)

Reply = dict[str, Any]

PROGRESS = ("what", "done", "total")
"""What the process with the models tells on its way to a reply."""


class Responder:
    """What one pool child owns: a process with the models in use for each runtime that was asked for.

    One that dies or hangs is replaced.
    """

    def __init__(self, settings: Settings):
        self._settings = settings
        self._storage = Storage(settings.storage_url, settings.home)
        self._children: dict[str, Child] = {}

    def prepare(self, runtime: str = DEFAULT) -> Child:
        """Have the process of a runtime there; that of the default one before the first call comes."""
        if runtime not in self._children:
            self._children[runtime] = Child("service.trainer.models", runtime, environ=self._settings.environ())
        return self._children[runtime]

    def respond(self, call_id: str, kind: str, job_id: str, params: dict, deadline: float) -> None:
        """Answer one call, unless nobody waits for it any more."""
        if time.time() >= deadline:
            log.info("%s of job %s: dropped, the caller has gone", kind, job_id)
            return
        reply = self._ask(call_id, {"action": kind, "job_id": job_id, "params": params}, deadline)
        self._send(call_id, reply)

    def _send(self, call_id: str, message: dict[str, Any]) -> None:
        try:
            answer(self._settings, call_id, message)
        except redis.exceptions.RedisError as error:
            log.warning("call %s: what was answered reached nobody: %s", call_id, error)

    def _ask(self, call_id: str, question: dict[str, Any], deadline: float) -> Reply:
        """The model's reply; what it tells on the way there is passed on."""
        runtime = self._runtime(question)
        is_new = runtime not in self._children
        child = self.prepare(runtime)
        child.send(question)
        if is_new:  # it imports its library first, which takes seconds
            self._send(call_id, {"progress": {"what": f"loading {title_of(runtime)}", "done": 0, "total": None}})
        with selectors.DefaultSelector() as selector:
            selector.register(child, selectors.EVENT_READ)
            while (remaining := deadline - time.time()) > 0:
                if selector.select(remaining):
                    for message in child.read():
                        if message["type"] == "reply":
                            return message["reply"]
                        self._send(call_id, {"progress": {key: message[key] for key in PROGRESS}})
                if child.ended:
                    status = self._discard(runtime)
                    return _error("model_process_died", f"The process with the model ended ({status}); ask again.")
        self._discard(runtime)
        return _error("timeout", "The model did not answer in time; ask for fewer images, or allow more time.")

    def _runtime(self, question: dict[str, Any]) -> str:
        """The runtime that is asked for, else the one that writes the file that is, else what the job was trained with.

        Whoever answers for the default one says what there is not yet.
        """
        if runtime := question["params"].get("runtime"):
            return runtime
        form = FORMATS.get(question["params"].get("format")) if question["action"] == "export" else None
        try:
            with self._storage.open(question["job_id"], "spec.json") as file:
                runtime = runtime_of(json.load(file))
        except FileNotFoundError:
            return DEFAULT
        if form is None or form.driver is None or spec_keys(runtime)["driver"] == form.driver:
            return runtime
        return WRITERS[form.driver]

    def _discard(self, runtime: str) -> int:
        child = self._children.pop(runtime)
        child.kill()
        status = child.close()
        log.warning("the process with the models for %s ended (%d), the next call starts another", runtime, status)
        return status


def _error(code: str, message: str) -> Reply:
    return {"error": {"code": code, "message": message, "pointer": ""}}


def register(app: Celery, settings: Settings, *, warm: bool = True) -> None:
    """Make an application's workers answer interactive calls.

    Args:
        warm: whether the process with the models starts before the first call comes.
    """
    responder: Responder | None = None

    @worker_process_init.connect(weak=False)
    def prepare(**_: Any) -> None:
        nonlocal responder
        responder = Responder(settings)
        if warm:
            responder.prepare()

    @app.task(name=INTERACTIVE_TASK)
    def interactive(call_id: str, kind: str, job_id: str, params: dict, deadline: float) -> None:
        assert responder is not None
        responder.respond(call_id, kind, job_id, params, deadline)


def register_lengthy(app: Celery, settings: Settings) -> None:
    """`register` for calls that take long anyway: their process, and its memory, are there from the first one on."""
    register(app, settings, warm=False)
