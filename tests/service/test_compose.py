"""compose.yaml: it names what is there, and its parts, each started by itself as it says, train together."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from dataclasses import fields, replace
from pathlib import Path

import pytest

from service.__main__ import PARTS
from service.config import Settings, variable
from service.supervisor.node_red import NodeRed
from tests.fleet import kill_session, small_spec, wait_for

PROJECT = Path(__file__).parents[2]
KEY = "a-key-of-the-test"
READ_YAML = "console.log(JSON.stringify(require('js-yaml').load(require('fs').readFileSync(0, 'utf8'))))"
MEANT = [sys.executable, "-m", "service"]


@pytest.fixture(scope="module")
def compose():
    """The file as Docker would read it, by a reader of YAML that Node-RED brings along."""
    read = subprocess.run(
        ["node", "-e", READ_YAML],
        input=(PROJECT / "compose.yaml").read_text(),
        cwd=PROJECT / "node-red-contrib-authorgan",
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(read.stdout)


@pytest.fixture(scope="module")
def ours(compose):
    """The services that run a program of ours, by name."""
    return {name: service for name, service in compose["services"].items() if service["image"] == "authorgan"}


def test_docker_reads_it():
    # Nothing but Docker reads the file as Docker does; the other tests here hold what can be held without it.
    if not shutil.which("docker") or subprocess.run(["docker", "compose", "version"], capture_output=True).returncode:
        pytest.skip("docker compose is not installed on this machine")
    command = ["docker", "compose", "--file", str(PROJECT / "compose.yaml"), "config", "--quiet"]
    subprocess.run(command, env={**os.environ, "AUTHORGAN_API_KEY": KEY}, check=True)
    without = {name: value for name, value in os.environ.items() if name != "AUTHORGAN_API_KEY"}
    refused = subprocess.run(command, env=without, capture_output=True, text=True, check=False)
    assert refused.returncode != 0
    assert "choose a key" in refused.stderr


def test_every_part_of_the_system_is_a_service_and_is_asked_whether_it_works(ours):
    assert set(ours) == {*PARTS, "migrate"}
    for part in PARTS:
        assert ours[part]["command"] == ["python", "-m", "service", "part", part]
        asked = ours[part]["healthcheck"].get("test")
        assert asked == (None if part == "reaper" else ["CMD", "python", "-m", "service", "ready", part])


def test_what_services_name_is_there(compose, ours):
    known = {variable(item.name) for item in fields(Settings)} | {"AUTHORGAN_URL"}
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            assert volume.split(":")[0] in compose["volumes"], name
        for other, needs in service.get("depends_on", {}).items():
            health = compose["services"][other]["healthcheck"]
            finishes = needs["condition"] == "service_completed_successfully"
            assert finishes or (needs["condition"] == "service_healthy" and health.get("test")), (name, other)
    dockerfile = (PROJECT / "Dockerfile").read_text()
    (home,) = re.findall(r"AUTHORGAN_HOME=(\S+)", dockerfile)
    for name, service in ours.items():
        assert service["environment"].keys() <= known, name
        assert service["volumes"] == [f"home:{home}"], name
        assert set(service["build"]["args"]) == set(re.findall(r"^ARG (\w+)", dockerfile, re.MULTILINE)), name
        assert "migrate" in service["depends_on"] or name == "migrate"
    for copied in re.findall(r"^COPY (?!--from)(.+) \S+$", dockerfile, re.MULTILINE):
        assert all((PROJECT / path).exists() for path in copied.split()), copied


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def containers(ours, settings):
    """Every part, started by the command of its service, with a broker, a database and ports of this test."""
    settings = replace(settings, api_key=KEY, port=free_port(), node_red_port=free_port(), training_threads=1)
    environ = {**os.environ, **settings.environ(), "OMP_NUM_THREADS": "1"}
    run = {"env": environ, "cwd": PROJECT, "start_new_session": True}
    as_it_says = {name: [*MEANT, *service["command"][3:]] for name, service in ours.items()}
    subprocess.run(as_it_says.pop("migrate"), check=True, **run)
    url = {"AUTHORGAN_URL": f"http://127.0.0.1:{settings.port}"}  # where compose.yaml says http://api:5050
    processes = {
        name: subprocess.Popen(command, **{**run, "env": {**environ, **url}}) for name, command in as_it_says.items()
    }
    try:
        for name in processes:
            ready = [*MEANT, "ready", name]
            wait_for(f"{name} to be healthy", lambda ready=ready: subprocess.run(ready, **run).returncode == 0)
        yield settings, processes, run
    finally:
        for process in processes.values():
            kill_session(process)


def test_parts_that_run_by_themselves_train_together(containers):
    settings, processes, run = containers

    def api(path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{settings.port}{path}")
        request.add_header("Authorization", f"Bearer {KEY}")
        request.add_header("Accept", "application/json")
        if body is not None:
            request.data = json.dumps(body).encode()
            request.add_header("Content-Type", "application/json")
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)

    assert api("/readyz")["ready"]
    job = api("/v1/jobs", small_spec(epochs=1))
    wait_for("the training", lambda: api(f"/v1/jobs/{job['id']}")["state"] == "succeeded")
    assert len(api(f"/v1/models/{job['id']}/sample", {"count": 2})["images"]) == 2
    # The editor asks the service at AUTHORGAN_URL, with the key that its first flow was given.
    node_red = NodeRed(settings, settings.home / "node-red")
    wait_for("the editor", node_red.is_ready)
    listed = node_red.request("GET", "/authorgan/service/first-gan-service/v1/jobs")
    assert [each["id"] for each in listed["jobs"]] == [job["id"]]

    # A part that is gone is no longer healthy, and each stops as `docker compose stop` stops it.
    for process in processes.values():
        process.send_signal(signal.SIGTERM)
    for name, process in processes.items():
        process.wait(30)
        assert process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM), name
    assert subprocess.run([*MEANT, "ready", "api"], **run).returncode == 1


def test_a_part_by_itself_needs_a_broker_that_others_know(tmp_path):
    environ = {**os.environ, "AUTHORGAN_HOME": str(tmp_path), "AUTHORGAN_REDIS_URL": ""}
    said = subprocess.run([*MEANT, "part", "training"], env=environ, cwd=PROJECT, capture_output=True, text=True)
    assert said.returncode == 2
    assert "AUTHORGAN_REDIS_URL is not set" in said.stderr
    assert "Traceback" not in said.stderr
