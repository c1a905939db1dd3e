"""Runs in MLflow, over the REST API of a tracking server (https://mlflow.org/docs/latest/rest-api.html).

The API has been the same since MLflow 1 and needs no package here; `mlflow-skinny` would bring thirty along, for the
same requests. A store without a server (a folder, a database) is reached by `mlflow server` over it.
"""

from __future__ import annotations

import base64
import http.client
import io
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from PIL import Image

from service.tracking.tracker import Point, Run, Tracker, TrackerRefused, TrackerUnavailable

TIMEOUT_SECONDS = 30.0
"""A server that has just started may take long for its first answer; nobody waits for this thread."""
BATCH = {"metrics": 1000, "params": 100, "tags": 100}
"""How many of each one `log-batch` may hold."""
VALUE_CHARACTERS = 500
"""Parameters are cut to what every server's database can hold; the artefact `spec.json` has them whole."""
COMMENT_CHARACTERS = 5000
THUMBNAIL_PIXELS = 256
"""The longer side of the picture that MLflow's image view shows before one opens it."""
MAY_PASS = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP statuses after which the same request may be taken later."""
JOB_TAG = "authorgan.job"
STATUS = {"succeeded": "FINISHED", "failed": "FAILED", "lost": "FAILED", "stopped": "KILLED"}
"""A state in which a run has ended. One that goes on later is `SCHEDULED`."""


class MLflow(Tracker):
    """One run on a tracking server.

    Args:
        uri: `http(s)://…` of the server, with `user:password@` where it asks for them.
        experiment: name of the experiment that runs belong to; it is made if it is not there.
        token: sent as `Authorization: Bearer …`.
    """

    title = "MLflow"

    def __init__(self, uri: str, experiment: str, token: str = ""):
        parts = urlsplit(uri)
        self._url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl().rstrip("/")
        self._headers = _authorization(parts.username, parts.password, token)
        self._experiment = experiment
        self._told_until: dict[str, int] = {}  # the last step that the server has of each curve
        self._pictures: set[int] = set()  # the steps that it has pictures of
        self._artifacts: str | None = None

    def start(self, run: Run) -> list[str]:
        experiment = self._experiment_id()
        tags = _tags(run)
        found = self._find(experiment, run.job_id) or self._create(experiment, run)
        self._id = found["info"]["run_id"]
        self._told_until = {metric["key"]: int(metric["step"]) for metric in found["data"].get("metrics", [])}
        known = {parameter["key"] for parameter in found["data"].get("params", [])}
        parameters = {key: value for key, value in run.parameters.items() if key not in known}
        self._log_batch("params", [_entry(key, _text(value)) for key, value in parameters.items()])
        self._log_batch("tags", [_entry(key, value) for key, value in tags.items()])
        self._update(status="RUNNING", run_name=run.name)
        self._artifacts = _proxied(found["info"]["artifact_uri"])
        if self._artifacts is None:
            where = urlsplit(found["info"]["artifact_uri"]).scheme or "file"
            return [f"gets no pictures: its server keeps artefacts at {where}: itself; start it with --serve-artifacts"]
        self._pictures = set(self._pictures_there())
        self._put("spec.json", json.dumps(run.spec, indent=2).encode(), "application/json")
        return []

    def log(self, points: Sequence[Point]) -> None:
        new = [point for point in points if point.step > self._told_until.get(point.name, -1)]
        metrics = [
            {"key": name, "value": value, "timestamp": round(1000 * at), "step": step} for name, step, value, at in new
        ]
        self._log_batch("metrics", metrics)

    def picture(self, step: int, png: bytes) -> None:
        if self._artifacts is None or step in self._pictures:
            return
        # The names by which MLflow's image view knows the pictures of one thing at several steps.
        name = f"images/samples+step+{step}+timestamp+{round(1000 * time.time())}+{uuid.uuid4()}"
        self._put(f"{name}.png", png, "image/png")
        self._put(f"{name}+compressed.webp", _thumbnail(png), "image/webp")
        self._pictures.add(step)

    def finish(self, state: str) -> None:
        self._log_batch("tags", [_entry("authorgan.state", state)])
        if state in STATUS:
            self._update(status=STATUS[state], end_time=round(1000 * time.time()))
        else:
            self._update(status="SCHEDULED")

    def _experiment_id(self) -> str:
        query = urlencode({"experiment_name": self._experiment})
        try:
            found = self._ask("GET", f"experiments/get-by-name?{query}")["experiment"]
        except TrackerRefused as error:
            if "RESOURCE_DOES_NOT_EXIST" not in str(error):
                raise
            return self._ask("POST", "experiments/create", {"name": self._experiment})["experiment_id"]
        if found["lifecycle_stage"] != "active":
            raise TrackerRefused(f"the experiment {self._experiment!r} was deleted there; restore it, or name another")
        return found["experiment_id"]

    def _find(self, experiment: str, job_id: str) -> dict[str, Any] | None:
        """The run of a job, from the attempt before."""
        query = {
            "experiment_ids": [experiment],
            "filter": f"tags.`{JOB_TAG}` = '{job_id}'",
            "max_results": 1,
        }
        runs = self._ask("POST", "runs/search", query).get("runs", [])
        return runs[0] if runs else None

    def _create(self, experiment: str, run: Run) -> dict[str, Any]:
        body = {
            "experiment_id": experiment,
            "run_name": run.name,
            "start_time": round(1000 * time.time()),
            "tags": [_entry(JOB_TAG, run.job_id)],
        }
        return self._ask("POST", "runs/create", body)["run"]

    def _update(self, **changes: Any) -> None:
        self._ask("POST", "runs/update", {"run_id": self._id, **changes})

    def _log_batch(self, kind: str, entries: Sequence[Mapping[str, Any]]) -> None:
        for first in range(0, len(entries), BATCH[kind]):
            some = entries[first : first + BATCH[kind]]
            self._ask("POST", "runs/log-batch", {"run_id": self._id, kind: some})
            if kind == "metrics":
                self._told_until |= {metric["key"]: metric["step"] for metric in some}

    def _pictures_there(self) -> Iterator[int]:
        query = urlencode({"run_id": self._id, "path": "images"})
        for file in self._ask("GET", f"artifacts/list?{query}").get("files", []):
            name = file["path"].removeprefix("images/").split("+")
            if name[:2] == ["samples", "step"]:
                yield int(name[2])

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """A request to the tracking API; its JSON."""
        content = None if body is None else json.dumps(body).encode()
        return json.loads(self._request(method, f"api/2.0/mlflow/{path}", content, "application/json"))

    def _put(self, name: str, content: bytes, content_type: str) -> None:
        path = quote(f"{self._artifacts}/{name}", safe="/+")
        self._request("PUT", f"api/2.0/mlflow-artifacts/artifacts/{path}", content, content_type)

    def _request(self, method: str, path: str, content: bytes | None, content_type: str) -> bytes:
        headers = self._headers | ({} if content is None else {"Content-Type": content_type})
        request = urllib.request.Request(f"{self._url}/{path}", content, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
                answer: bytes = response.read()
        except urllib.error.HTTPError as error:
            told = f"{error.code} {_told(error.read())}"
            raise (TrackerUnavailable if error.code in MAY_PASS else TrackerRefused)(told) from error
        except (OSError, http.client.HTTPException) as error:
            raise TrackerUnavailable(f"{self._url}: {error}") from error
        return answer


def _authorization(user: str | None, password: str | None, token: str) -> dict[str, str]:
    if token:
        return {"Authorization": f"Bearer {token}"}
    if user is None:
        return {}
    pair = f"{unquote(user)}:{unquote(password or '')}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _tags(run: Run) -> dict[str, str]:
    tags = {f"authorgan.{name}": _text(value) for name, value in run.facts.items()}
    tags |= {"authorgan.tags": ", ".join(run.tags), "mlflow.note.content": run.comment[:COMMENT_CHARACTERS]}
    if run.sweep:
        tags["authorgan.sweep"] = run.sweep
    return tags


def _entry(key: str, value: str) -> dict[str, str]:
    return {"key": key, "value": value}


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= VALUE_CHARACTERS else f"{text[: VALUE_CHARACTERS - 1]}…"


def _proxied(uri: str) -> str | None:
    """The path of artefacts behind the server, `1/<run>/artifacts`; None where it leaves them to its clients."""
    parts = urlsplit(uri)
    return parts.path.strip("/") if parts.scheme == "mlflow-artifacts" else None


def _thumbnail(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as picture:
        small = picture.convert("RGB")
    small.thumbnail((THUMBNAIL_PIXELS, THUMBNAIL_PIXELS))
    buffer = io.BytesIO()
    small.save(buffer, "WEBP")
    return buffer.getvalue()


def _told(answer: bytes) -> str:
    """What an error says: MLflow's own words, or the beginning of whatever answered in its place."""
    try:
        problem = json.loads(answer)
        return f"{problem['error_code']}: {problem['message']}"
    except (ValueError, TypeError, KeyError):
        return answer[:VALUE_CHARACTERS].decode(errors="replace")
