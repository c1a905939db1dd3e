"""The API as it runs: gunicorn with one gevent worker, small, without a learning library, gone when it is told to."""

import dataclasses
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import requests
from onnx import TensorProto, helper, numpy_helper

from service.queue.events import EventWriter
from service.store import Store

from .conftest import SPEC

ROOT = Path(__file__).parents[3]
MAX_RSS_MIB = 150
CLIENTS = 60


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A running gunicorn."""

    def __init__(self, settings, log):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTHORGAN_")}
        environment |= settings.environ() | {"AUTHORGAN_PORT": str(self.port)}
        self.log = log
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "--config", "service/api/gunicorn_conf.py"),
                "service.api:create_app()",
            ],
            cwd=ROOT,
            env=environment,
            stdout=log.open("wb"),
            stderr=subprocess.STDOUT,
        )
        deadline = time.monotonic() + 30
        while True:
            try:
                requests.get(f"{self.url}/healthz", timeout=5)
                return
            except (requests.ConnectionError, requests.Timeout):
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.end()
                    pytest.fail(f"gunicorn does not answer:\n{log.read_text()}")
                time.sleep(0.05)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def worker_rss_mib(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        (worker,) = [child for child in children if "gunicorn" in Path(f"/proc/{child}/cmdline").read_text()]
        status = Path(f"/proc/{worker}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


@pytest.fixture
def serve(settings, tmp_path):
    """Starts it, with some settings changed."""
    started = []

    def serve(**changes):
        log = tmp_path / f"gunicorn-{len(started)}.log"
        started.append(Server(dataclasses.replace(settings, **changes), log))
        return started[-1]

    yield serve
    for server in started:
        server.end()


@pytest.fixture
def server(serve):
    return serve()


def test_it_works_stays_small_and_stops(server, settings):
    session = requests.Session()
    job = session.post(f"{server.url}/v1/jobs", json=SPEC, timeout=30).json()["id"]
    for path in (
        "/docs",
        "/openapi.json",
        "/v1/catalogue",
        "/v1/datasets",
        "/v1/datasets/digits/preview.png",
        f"/v1/jobs/{job}",
    ):
        response = session.get(server.url + path, timeout=30)
        assert response.status_code == 200, path

    # Many clients follow; the lines of each arrive while the connection stays open.
    streams = [requests.get(f"{server.url}/v1/jobs/{job}/events", stream=True, timeout=10) for _ in range(CLIENTS)]
    lines = [stream.iter_lines(chunk_size=1) for stream in streams]
    for client_lines in lines:
        assert next(line for line in client_lines if line.startswith(b"event:")) == b"event: state"
    store = Store.open(settings)
    claim = store.claim(job, "worker")
    store.write(claim, metrics=[(step, 1.0, 2.0) for step in range(1, 100_001)])
    started = time.monotonic()
    EventWriter(settings).write(job, [{"type": "progress", "step": 1}])
    for client_lines in lines:
        assert next(line for line in client_lines if line.startswith(b"event:")) == b"event: progress"
    assert time.monotonic() - started < 5

    # A long history is thinned without being held in memory.
    rows = session.get(f"{server.url}/v1/jobs/{job}/metrics?max_points=1000", timeout=30).json()["rows"]
    assert len(rows) <= 1000
    assert rows[-1][:3] == [100_000, 1.0, 2.0]
    assert server.worker_rss_mib() < MAX_RSS_MIB

    # Told to stop, it ends the streams and goes.
    server.process.send_signal(signal.SIGTERM)
    assert server.process.wait(12) == 0
    for client_lines in lines:
        assert [line for line in client_lines if line.startswith(b"event:")] == []
    assert "Traceback" not in server.log.read_text()


def test_two_processes_start_on_one_new_home(serve):
    servers = [serve() for _ in range(2)]
    job = requests.post(f"{servers[0].url}/v1/jobs", json=SPEC, timeout=30).json()["id"]
    assert requests.get(f"{servers[1].url}/v1/jobs/{job}", timeout=30).json()["state"] == "queued"


def test_artefacts_come_from_storage_that_is_waited_for_in_an_event_loop(serve, tmp_path):
    """As the clients of object stores do; here such a client of a folder."""
    server = serve(storage_url=f"asyncwrapper::file://{tmp_path / 'runs'}")
    job = requests.post(f"{server.url}/v1/jobs", json=SPEC, timeout=30).json()["id"]
    folder = tmp_path / "runs" / job
    folder.mkdir(parents=True)
    (folder / "scores.json").write_text('{"scores": []}')
    artefacts = requests.get(f"{server.url}/v1/jobs/{job}/artifacts", timeout=30).json()["artifacts"]
    assert [artefact["name"] for artefact in artefacts] == ["scores.json"]
    assert requests.get(f"{server.url}/v1/jobs/{job}/artifacts/scores.json", timeout=30).json() == {"scores": []}


def test_it_never_imports_a_learning_library(settings):
    program = """
import json, sys
from service.api import create_app
client = create_app().test_client()
spec = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "wgan_gp"}}
assert client.post("/v1/jobs", json=spec).status_code == 202
for path in ("/v1/catalogue", "/v1/datasets", "/openapi.json", "/docs", "/readyz", "/v1/datasets/digits/preview.png"):
    client.get(path)
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, **settings.environ()},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    imported = set(json.loads(done.stdout))
    assert {"flask", "numpy", "service"} <= imported
    assert not imported & {"torch", "keras", "tensorflow", "sklearn", "scipy", "pandas", "matplotlib"}


def test_a_file_that_is_read_for_long_lets_others_be_answered(serve):
    """A graph whose operators add up the same 64 MiB of numbers again and again, until its reader's time is over."""
    nodes = [helper.make_node("ConstantOfShape", ["many"], ["c"])]
    nodes += [helper.make_node("ReduceSum", ["c"], [f"s{place}"], keepdims=0) for place in range(10_000)]
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    many = numpy_helper.from_array(np.array([1 << 24]), "many")
    content = helper.make_model(helper.make_graph(nodes, "g", [put], [put], [many])).SerializeToString()
    server = serve(network_import_seconds=1.0)
    with ThreadPoolExecutor(1) as pool:
        files = {"file": ("slow.onnx", content)}
        reading = pool.submit(requests.post, f"{server.url}/v1/specs/import", files=files, timeout=60)
        answered = 0
        while not reading.done():
            assert requests.get(f"{server.url}/healthz", timeout=5).status_code == 200
            answered += 1
        assert "AUTHORGAN_NETWORK_IMPORT_SECONDS" in reading.result().json()["detail"]
    assert answered > 5
