"""A tracking server for tests: MLflow's own where it is installed, and one that answers as its documentation says."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from tests.fleet import wait_for

START_SECONDS = 120.0


class Client:
    """What a reader of a tracking server asks it."""

    def __init__(self, url: str):
        self.url = url

    def ask(self, path: str, **body: Any) -> dict[str, Any]:
        request = urllib.request.Request(
            f"{self.url}/api/2.0/mlflow/{path}",
            json.dumps(body).encode() if body else None,
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=20) as response:
            return json.load(response)

    def runs(self, experiment: str) -> list[dict[str, Any]]:
        query = urlencode({"experiment_name": experiment})
        found = self.ask(f"experiments/get-by-name?{query}")["experiment"]["experiment_id"]
        return self.ask("runs/search", experiment_ids=[found]).get("runs", [])

    def curve(self, run_id: str, key: str) -> list[tuple[int, float]]:
        query = urlencode({"run_id": run_id, "metric_key": key})
        history = self.ask(f"metrics/get-history?{query}").get("metrics", [])
        return [(int(metric["step"]), metric["value"]) for metric in history]

    def artifact(self, uri: str, name: str) -> bytes:
        path = f"{urlsplit(uri).path.strip('/')}/{name}"
        with urllib.request.urlopen(f"{self.url}/api/2.0/mlflow-artifacts/artifacts/{path}", timeout=20) as response:
            return response.read()

    def artifacts(self, run_id: str, path: str) -> list[str]:
        query = urlencode({"run_id": run_id, "path": path})
        return [file["path"] for file in self.ask(f"artifacts/list?{query}").get("files", [])]


def data_of(run: dict[str, Any], kind: str) -> dict[str, Any]:
    """`params` or `tags` of a run as a dict."""
    return {item["key"]: item["value"] for item in run["data"].get(kind, [])}


@contextmanager
def mlflow(folder: Path) -> Iterator[Client]:
    """MLflow's own server, over a database of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store, files = f"sqlite:///{folder}/mlflow.db", str(folder / "artifacts")
    options = ["--backend-store-uri", store, "--artifacts-destination", files, "--port", str(port), "--workers", "1"]
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen([shutil.which("mlflow"), "server", *options], stdout=log, stderr=log)
        try:
            client = Client(f"http://127.0.0.1:{port}")
            wait_for("MLflow's server", lambda: _is_up(client.url), START_SECONDS)
            yield client
        finally:
            server.terminate()
            server.wait(30)


def _is_up(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


@contextmanager
def documented() -> Iterator[Client]:
    """The part of MLflow's REST documentation that a tracker needs, in memory."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.experiments, server.stored, server.files = {}, {}, {}  # type: ignore[attr-defined]
    server.headers = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    client = Client(f"http://127.0.0.1:{server.server_port}")
    client.headers = server.headers  # type: ignore[attr-defined]
    try:
        yield client
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Answers(BaseHTTPRequestHandler):
    server: Any

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        self.server.headers.append(dict(self.headers))
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, query = parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}
        if path.startswith(files := "/api/2.0/mlflow-artifacts/artifacts/"):
            name = unquote(path.removeprefix(files))
            if self.command == "PUT":
                self.server.files[name] = content
                self._send(200, b"{}")
            else:
                self._send(200, self.server.files[name])
            return
        name = re.sub(r"\W", "_", path.removeprefix("/api/2.0/mlflow/"))
        self._send(*getattr(self, name)(query or json.loads(content)))

    do_GET = do_POST = do_PUT = _answer  # noqa: N815

    def _send(self, status: int, answer: Any) -> None:
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def experiments_get_by_name(self, asked: dict[str, Any]) -> tuple[int, Any]:
        found = self.server.experiments.get(asked["experiment_name"])
        if found is None:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "there is none"}
        return 200, {"experiment": {"experiment_id": found, "lifecycle_stage": "active"}}

    def experiments_create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        self.server.experiments[asked["name"]] = made = str(len(self.server.experiments) + 1)
        return 200, {"experiment_id": made}

    def runs_create(self, asked: dict[str, Any]) -> tuple[int, Any]:
        run_id = uuid.uuid4().hex
        uri = f"mlflow-artifacts:/{asked['experiment_id']}/{run_id}/artifacts"
        info = {"run_id": run_id, "experiment_id": asked["experiment_id"], "status": "RUNNING", "artifact_uri": uri}
        self.server.stored[run_id] = run = {
            "info": {**info, "run_name": asked["run_name"], "start_time": asked["start_time"]},
            "data": {"metrics": [], "params": [], "tags": asked["tags"]},
        }
        return 200, {"run": run}

    def runs_search(self, asked: dict[str, Any]) -> tuple[int, Any]:
        runs = [run for run in self.server.stored.values() if run["info"]["experiment_id"] in asked["experiment_ids"]]
        if wanted := re.fullmatch(r"tags\.`(.+)` = '(.+)'", asked.get("filter", "")):
            key, value = wanted.groups()
            runs = [run for run in runs if data_of(run, "tags").get(key) == value]
        return 200, {"runs": runs}

    def runs_update(self, asked: dict[str, Any]) -> tuple[int, Any]:
        self.server.stored[asked.pop("run_id")]["info"].update(asked)
        return 200, {}

    def runs_log_batch(self, asked: dict[str, Any]) -> tuple[int, Any]:
        data = self.server.stored[asked["run_id"]]["data"]
        for parameter in asked.get("params", []):
            known = {item["key"]: item["value"] for item in data["params"]}
            if known.get(parameter["key"], parameter["value"]) != parameter["value"]:
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": "a parameter is not changed"}
        for kind in ("metrics", "params"):
            data[kind] += asked.get(kind, [])
        for tag in asked.get("tags", []):
            data["tags"] = [item for item in data["tags"] if item["key"] != tag["key"]] + [tag]
        return 200, {}

    def metrics_get_history(self, asked: dict[str, Any]) -> tuple[int, Any]:
        metrics = self.server.stored[asked["run_id"]]["data"]["metrics"]
        return 200, {"metrics": [metric for metric in metrics if metric["key"] == asked["metric_key"]]}

    def artifacts_list(self, asked: dict[str, Any]) -> tuple[int, Any]:
        root = urlsplit(self.server.stored[asked["run_id"]]["info"]["artifact_uri"]).path.strip("/")
        names = [name.removeprefix(f"{root}/") for name in self.server.files if name.startswith(root)]
        return 200, {"files": [{"path": name} for name in names if name.startswith(asked["path"])]}
