"""The one command: everything starts, what falls is picked up, and nothing stays behind, however it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.fleet import children, kill_session, wait_for

PALETTE = "@authorgan/node-red-contrib-authorgan"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def command(environ, *arguments):
    return subprocess.run(
        [sys.executable, "-m", "service", *arguments],
        env={**os.environ, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def get(url):
    """The JSON of an answer, and its status; (None, 0) where nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return json.load(response), response.status
    except urllib.error.HTTPError as error:
        return None, error.code
    except (urllib.error.URLError, OSError):
        return None, 0


def descendants(pid):
    found = []
    for child in children(pid):
        found += [child, *descendants(child)]
    return found


def named(pids):
    """Those of these processes that still run, with what they are, so that a failure says who stayed behind."""
    still = {}
    for pid in pids:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z":
                still[pid] = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
    return still


class System:
    """`python -m service up` on ports of its own."""

    def __init__(self, home):
        self.api, self.node_red = free_port(), free_port()
        self.environ = {
            "AUTHORGAN_HOME": str(home),
            "AUTHORGAN_PORT": str(self.api),
            "AUTHORGAN_NODE_RED_PORT": str(self.node_red),
            "AUTHORGAN_TRAINING_THREADS": "1",
        }
        self.said = home / "said"
        with self.said.open("wb") as said:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "service", "up"],
                env={**os.environ, **self.environ},
                stderr=said,
                start_new_session=True,
            )
        wait_for("the system to say that it runs", self._runs)

    def _runs(self):
        assert self.process.poll() is None, self.said.read_text()
        return "Ctrl-C stops everything" in self.said.read_text()

    def parts(self):
        return json.loads(Path(self.environ["AUTHORGAN_HOME"], "supervisor.json").read_text())["parts"]

    def is_ready(self):
        return get(f"http://127.0.0.1:{self.api}/readyz")[1] == 200


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def system(home):
    system = System(home)
    yield system
    kill_session(system.process)  # if a test has not; its parts end with it


def test_everything_runs_and_says_where(system, home):
    said = system.said.read_text()
    assert f"http://127.0.0.1:{system.node_red}" in said
    assert f"http://127.0.0.1:{system.api}/docs" in said
    assert "Start training" in said
    wait_for("readiness", system.is_ready)
    assert set(system.parts()) == {"broker", "training", "interactive", "lengthy", "api", "reaper", "node-red"}
    assert {path.stem for path in (home / "logs").glob("*.log")} == set(system.parts())


def test_the_editor_has_the_palette_and_the_first_flow_which_knows_the_service(system):
    flows, _ = get(f"http://127.0.0.1:{system.node_red}/flows")
    (service,) = (node for node in flows if node["type"] == "authorgan-service")
    # Without an address it follows AUTHORGAN_URL, which the supervisor sets; so this is answered by our own service.
    assert service["url"] == ""
    jobs, status = get(f"http://127.0.0.1:{system.node_red}/authorgan/service/{service['id']}/v1/jobs")
    assert status == 200
    assert jobs == get(f"http://127.0.0.1:{system.api}/v1/jobs")[0]
    request = urllib.request.Request(
        f"http://127.0.0.1:{system.node_red}/nodes", headers={"Accept": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=5) as response:
        sets = [one for one in json.load(response) if one["module"] == PALETTE]
    assert "authorgan-train" in [name for one in sets for name in one["types"]]
    assert all(one["enabled"] and "err" not in one for one in sets)


def test_a_second_one_on_the_same_home_is_refused_and_status_tells_of_the_first(system):
    second = command(system.environ, "up")
    assert second.returncode == 1
    assert "it runs already" in second.stderr
    status = command(system.environ, "status")
    assert status.returncode == 0
    assert f"supervisor  process {system.process.pid}" in status.stderr


@pytest.mark.parametrize("part", ["broker", "training", "api", "node-red"])
def test_a_part_that_was_killed_comes_back(system, part):
    before = system.parts()[part]
    os.kill(before, signal.SIGKILL)
    wait_for("it to be started again", lambda: system.parts()[part] not in (before, None))
    wait_for("readiness", system.is_ready)
    assert f"{part} has ended (SIGKILL); it starts again" in system.said.read_text()


def test_ctrl_c_stops_everything_and_leaves_nothing_behind(system, home):
    # A flow that the user has drawn; the next start must leave it alone.
    (home / "node-red" / "flows.json").write_text('[{"id": "mine", "type": "tab", "label": "Mine"}]')
    everything = descendants(system.process.pid)
    assert len(everything) >= 8
    system.process.send_signal(signal.SIGINT)
    assert system.process.wait(60) == 0
    assert named(everything) == {}
    assert "Everything has stopped." in system.said.read_text()
    assert command(system.environ, "status").returncode == 3


def test_nothing_outlives_a_supervisor_that_was_killed_and_flows_of_the_user_stay(home):
    system = System(home)
    try:
        flows, _ = get(f"http://127.0.0.1:{system.node_red}/flows")
        everything = descendants(system.process.pid)
    finally:
        system.process.kill()
        system.process.wait()
    assert flows == [{"id": "mine", "type": "tab", "label": "Mine"}]
    wait_for("everything to end", lambda: not named(everything), 20)


def test_a_taken_port_is_named_with_the_variable_that_changes_it(tmp_path):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = command({"AUTHORGAN_HOME": str(tmp_path), "AUTHORGAN_NODE_RED_PORT": str(port)}, "up")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        f"AuthorGAN does not start: Port {port} is taken. Stop what uses it, or choose another: "
        f"make run AUTHORGAN_NODE_RED_PORT={port + 1}"
    ]


def test_settings_that_are_wrong_are_told_one_a_line(tmp_path):
    done = command({"AUTHORGAN_HOME": str(tmp_path), "AUTHORGAN_PORT": "high", "AUTHORGAN_LOG_LEVEL": "loud"}, "up")
    assert done.returncode == 2
    assert [line.split("=")[0] for line in done.stderr.splitlines()] == ["AUTHORGAN_PORT", "AUTHORGAN_LOG_LEVEL"]


def test_a_part_that_cannot_start_is_named_with_its_last_words(tmp_path):
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "authorgan.db").write_text("this is no database")
    ports = {"AUTHORGAN_PORT": str(free_port()), "AUTHORGAN_NODE_RED_PORT": str(free_port())}
    done = command({"AUTHORGAN_HOME": str(tmp_path / "home"), **ports}, "up")
    assert done.returncode == 1
    assert "the database cannot be prepared" in done.stderr
    assert "file is not a database" in done.stderr
