"""Runs the first flow to its end without a browser, as somebody who presses its button would, and judges the result."""

from __future__ import annotations

import base64
import io
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import numpy as np

from service.config import Settings
from service.supervisor.node_red import NodeRed, NodeRedError, first_flow, host_in_url

START_SECONDS = 30.0
"""From the press of the button to the job."""
TRAIN_SECONDS = 900.0
POLL_SECONDS = 2.0
REQUEST_SECONDS = 60.0
SAMPLES = 500
SAMPLES_SEED = 1
ENDED = ("succeeded", "failed", "stopped")


class TrialError(RuntimeError):
    """The flow did not do what it should."""


class Trial:
    """One run of the first flow.

    Attributes:
        worked: Whether the training succeeded and what it draws are digits; known when `run` has returned.
    """

    def __init__(self, settings: Settings, node_red: NodeRed, say: Callable[[str], None]):
        self._settings = settings
        self._node_red = node_red
        self._say = say
        self._url = f"http://{host_in_url(settings.host)}:{settings.port}"
        self.worked = False

    def run(self) -> None:
        """Press, follow, save the picture, judge."""
        try:
            job_id = self._press()
            self._follow(job_id)
            self._save_picture(job_id)
            self.worked = self._judge(job_id)
        except (TrialError, NodeRedError) as error:
            self._say(f"It did not work: {error}")

    def _press(self) -> str:
        """Press the button of the inject node before the train node, as the editor does; the job that this starts."""
        nodes = first_flow()
        trains = {node["id"] for node in nodes if node["type"] == "authorgan-train"}
        buttons = [
            node["id"]
            for node in nodes
            if node["type"] == "inject" and trains & {to for out in node["wires"] for to in out}
        ]
        if not buttons:
            raise TrialError("the first flow has no inject node that is wired to a train node")
        before = self._newest_job()
        self._node_red.request("POST", f"/inject/{buttons[0]}", {})
        self._say("Pressed “Start training”.")
        deadline = time.monotonic() + START_SECONDS
        while (newest := self._newest_job()) == before or newest is None:
            if time.monotonic() > deadline:
                raise TrialError(f"pressing the button started no training within {START_SECONDS:g} s")
            time.sleep(0.1)
        return newest

    def _newest_job(self) -> str | None:
        jobs = self._get("/v1/jobs?sort=-created_at&limit=1")["jobs"]
        return jobs[0]["id"] if jobs else None

    def _follow(self, job_id: str) -> None:
        deadline = time.monotonic() + TRAIN_SECONDS
        while (job := self._get(f"/v1/jobs/{job_id}"))["state"] not in ENDED:
            if time.monotonic() > deadline:
                raise TrialError(f"the training has not ended after {TRAIN_SECONDS:g} s")
            self._say(_progress_line(job))
            time.sleep(POLL_SECONDS)
        if job["state"] != "succeeded":
            problem = job["problem"]
            raise TrialError(f"the training has {job['state']}" + (f": {problem['message']}" if problem else ""))

    def _save_picture(self, job_id: str) -> None:
        path = self._settings.home / "once" / "samples.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._ask(f"/v1/jobs/{job_id}/samples/latest.png"))
        self._say(f"The last samples are in {path}")

    def _judge(self, job_id: str) -> bool:
        # Here, because scikit-learn takes a second to import.
        from PIL import Image

        from drivers.evaluation import digits_judge

        answer = self._get(f"/v1/models/{job_id}/sample", {"count": SAMPLES, "seed": SAMPLES_SEED})
        pictures = [Image.open(io.BytesIO(base64.b64decode(image))) for image in answer["images"]]
        verdict = digits_judge.judge(np.stack([np.asarray(picture) for picture in pictures])[..., None])
        good = digits_judge.passes(verdict)
        self._say(
            f"A classifier trained on real digits finds {verdict['classes_found']:.0f} of the 10 digits among "
            f"{len(pictures)} new samples, with a mean confidence of {verdict['mean_confidence']:.2f} (wanted: "
            f"{digits_judge.CLASSES_WANTED} and {digits_judge.CONFIDENCE_WANTED}): "
            + ("these are digits." if good else "these are no digits yet.")
        )
        return good

    def _get(self, path: str, body: Any = None, accept: str = "application/json") -> Any:
        return json.loads(self._ask(path, body, accept))

    def _ask(self, path: str, body: Any = None, accept: str = "*/*") -> bytes:
        """GET, or POST where there is a body."""
        request = urllib.request.Request(self._url + path, headers={"Accept": accept})
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        if self._settings.api_key:
            request.add_header("Authorization", f"Bearer {self._settings.api_key}")
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:
                return response.read()
        except (urllib.error.URLError, OSError) as error:
            detail = error.read().decode("utf-8", "replace") if isinstance(error, urllib.error.HTTPError) else ""
            raise TrialError(f"{path}: {error} {detail}".rstrip()) from error


def _progress_line(job: dict[str, Any]) -> str:
    progress, losses = job["progress"], job["losses"]
    if not progress or not losses:
        return f"{job['state']} ..."
    generator, discriminator = losses["generator"], losses["discriminator"]
    eta = progress["eta_seconds"]
    return (
        f"epoch {progress['epoch']:>3} of {progress['epochs']}   step {progress['step']:>5}   "
        f"generator {_number(generator)}   discriminator {_number(discriminator)}"
        + (f"   {eta:.0f} s left" if eta is not None else "")
    )


def _number(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.3f}"
