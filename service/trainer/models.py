"""The process that holds models in use: `python -m service.trainer.models`, driven through its pipes.

It imports the library once, keeps the last few models loaded, and answers one question at a time on one thread.
"""

from __future__ import annotations

import json
import logging
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image
from safetensors import safe_open

from drivers import DriverError, Session, open_session
from drivers.examination import Edit
from drivers.export import FORMATS
from drivers.export.weights import add_spec
from service.config import Settings
from service.storage import Storage
from service.trainer import hidden, latent
from service.trainer.answers import InteractiveError, decode, encode
from service.trainer.arithmetic import arithmetic
from service.trainer.dissection import dissect
from service.trainer.evaluations import Evaluations, Tell
from service.trainer.held import Model, Version
from service.trainer.pictures import frame_of, pixels, shown, shown_both
from service.trainer.pipes import open_channel
from service.trainer.process import describe, warm_up
from service.trainer.runtimes import DEFAULT, spec_keys
from service.weights import NAME as WEIGHTS

log = logging.getLogger(__name__)

THREADS = 1
"""Answers are small; the other processors belong to the training."""

DEFAULT_COUNT = 64


def main() -> None:
    channel, (runtime,) = open_channel()
    settings = Settings.from_env()
    logging.basicConfig(level=settings.log_level, format="%(levelname)s %(message)s")
    models = Models(Storage(settings.storage_url, settings.home), settings.loaded_models, runtime)
    evaluations = Evaluations()
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    warm_up(runtime, THREADS)
    while True:
        question = channel.receive()
        assert question is not None
        answer = reply(models, evaluations, question, lambda progress: channel.send({"type": "progress", **progress}))
        channel.send({"type": "reply", "reply": encode(answer)})


def reply(models: Models, evaluations: Evaluations, question: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """`{"result": …}` or `{"error": {"code", "message", "pointer"}}` for `{"action", "job_id", "params"}`."""
    try:
        model = models.open(question["job_id"], tell)
        params = decode(question["params"])
        if question["action"] == "evaluate":
            return {"result": {**evaluations.evaluate(model.session, params, tell), "step": model.step}}
        if question["action"] in SLOW:
            return {"result": {**SLOW[question["action"]](model, params, evaluations, tell), "step": model.step}}
        if question["action"] == "export":
            return {"result": {**models.export(question["job_id"], model.session, params), "step": model.step}}
        return {"result": {**KINDS[question["action"]](model, params), "step": model.step}}
    except InteractiveError as error:
        return {"error": {"code": error.code, "message": error.message, "pointer": error.pointer}}
    except Exception as error:
        if not isinstance(error, DriverError):
            log.error("%s of job %s: %s", question["action"], question["job_id"], traceback.format_exc())
        return {"error": describe(error)}


class Models:
    """The models loaded most recently, each in the newest version of its weights.

    Args:
        capacity: Models in memory; one more, and the one unused for longest goes.
        runtime: What opens them, whichever they were trained with.
    """

    def __init__(self, storage: Storage, capacity: int, runtime: str = DEFAULT):
        self._runtime = runtime
        self._storage = storage
        self._capacity = capacity
        self._loaded: OrderedDict[str, Model] = OrderedDict()

    def open(self, job_id: str, tell: Tell) -> Model:
        """The model of a job, loaded anew if it was trained on since; `tell` hears of one that is not there yet.

        Raises:
            InteractiveError: `no_weights_yet`.
        """
        try:
            newest = self._storage.info(job_id, WEIGHTS)
        except FileNotFoundError:
            self._loaded.pop(job_id, None)
            raise InteractiveError(
                "no_weights_yet",
                "This job has no weights yet: they are saved with the first sample, moments after the training starts.",
            ) from None
        version = (newest.modified, newest.size)
        loaded = self._loaded.pop(job_id, None)
        if loaded is None:
            tell({"what": "loading the model", "done": 0, "total": None})
        if loaded is None or loaded.version != version:
            loaded = self._load(job_id, version, loaded)
        self._loaded[job_id] = loaded
        while len(self._loaded) > self._capacity:
            self._loaded.popitem(last=False)
        return loaded

    def export(self, job_id: str, session: Session, params: dict[str, Any]) -> dict[str, Any]:
        """See `service.queue.interactive.call`; the file becomes an artefact of the job."""
        form = FORMATS[params["format"]]
        name = f"exports/{form.file_name(params['network'])}"
        with self._storage.writing(job_id, name) as path:
            if form.of_one:
                session.export(form.name, params["network"], path)
            else:
                with self._storage.open(job_id, "spec.json") as file:
                    add_spec(self._storage.local_copy(job_id, WEIGHTS), path, json.load(file))
        return {"name": name, "size": self._storage.info(job_id, name).size}

    def _load(self, job_id: str, version: Version, earlier: Model | None) -> Model:
        if earlier is None:
            with self._storage.open(job_id, "spec.json") as file:
                spec = json.load(file)
            spec.pop("backend", None)
            session = open_session({**spec, **spec_keys(self._runtime)}, None, threads=THREADS)
        else:
            session = earlier.session
        path = self._storage.local_copy(job_id, WEIGHTS)
        session.load_weights(path)
        with safe_open(path, "numpy") as weights:
            return Model(version, session, int(weights.metadata()["step"]))


def sample(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session = model.session
    noise, labels = params.get("noise"), params.get("labels")
    count = params.get("count") or len(noise or labels or ()) or DEFAULT_COUNT
    drawn: dict[str, Any] = {
        "seed": params.get("seed") or 0,
        "noise": None if noise is None else np.asarray(noise, np.float32),
        "labels": None if labels is None else np.asarray(labels, np.int64),
    }
    if not params.get("units"):
        return shown(session, session.sample(count, **drawn), params)
    edits = hidden.edits(params["units"])
    # Both ways layer by layer, so that nothing differs but the units.
    before = session.sample(count, **drawn, edits={layer: Edit() for layer in edits})
    return shown_both(session, before, session.sample(count, **drawn, edits=edits), params)


def discriminate(model: Model, params: dict[str, Any]) -> dict[str, Any]:
    """See `service.queue.interactive.call`."""
    session = model.session
    if frame_of(session).source == "sequence":
        samples = np.asarray(params["sequences"], np.float32)
    else:
        samples = pixels(session, params["images"])
    labels = params.get("labels")
    found = session.discriminate(samples, None if labels is None else np.asarray(labels, np.int64))
    return {
        "score": found["score"].tolist(),
        "probability_real": found["probability_real"].tolist(),
        "calibration": found["calibration"],
    }


KINDS: dict[str, Callable[[Model, dict[str, Any]], dict[str, Any]]] = {
    "sample": sample,
    "discriminate": discriminate,
    "interpolate": latent.interpolate,
    "directions": latent.directions,
    "explore": latent.explore,
    "layers": hidden.layers,
}
"""What answers a call at once."""

SLOW: dict[str, Callable[[Model, dict[str, Any], Evaluations, Tell], dict[str, Any]]] = {
    "arithmetic": arithmetic,
    "dissect": dissect,
}
"""What tells how far it is, and may need a classifier of the data."""


if __name__ == "__main__":
    main()
