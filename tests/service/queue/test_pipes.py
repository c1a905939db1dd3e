"""How a worker and its child talk, and that neither outlives what it should not."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from service.trainer import pipes
from tests.fleet import wait_for

CHATTY = """
import os, sys
from service.trainer.pipes import open_channel
channel, arguments = open_channel()
print('{"type": "forged"}')
sys.stderr.write('{"type": "forged"}\\n')
channel.send({"type": "hello", "pid": os.getpid(), "arguments": arguments})
while (command := channel.receive())["action"] != "end":
    channel.send({"type": "echo", **command, "stdin": sys.stdin.read()})
"""


@pytest.fixture
def chatty(tmp_path, monkeypatch):
    (tmp_path / "chatty.py").write_text(CHATTY)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{pipes.PROJECT}")
    return "chatty"


def receive(child, count=1):
    found = []
    while len(found) < count:
        assert select.select([child], [], [], 30)[0], "no message within 30 s"
        found += child.read()
    return found


def test_messages_arrive_whole_whatever_libraries_print_and_read(chatty):
    child = pipes.Child(chatty, "first", "second")
    assert receive(child)[0]["arguments"] == ["first", "second"]
    assert child.send({"action": "echo", "text": "x" * 300_000})
    (echo,) = receive(child)
    assert (echo["text"], echo["stdin"]) == ("x" * 300_000, "")
    child.send({"action": "end"})
    wait_for("the end", lambda: child.read() == [] and child.ended)
    assert child.close() == 0


def test_a_killed_child_is_seen_and_commands_to_it_are_no_error(chatty):
    child = pipes.Child(chatty)
    (hello,) = receive(child)
    os.kill(hello["pid"], signal.SIGKILL)
    wait_for("the end", lambda: child.read() == [] and child.ended)
    wait_for("commands to be refused", lambda: not child.send({"action": "echo"}))
    assert child.close() == -signal.SIGKILL


def test_a_child_ends_with_its_parent_even_by_kill_9(chatty):
    program = (
        "import select, time\n"
        "from service.trainer.pipes import Child\n"
        f"child = Child({chatty!r})\n"
        "select.select([child], [], [])\n"
        "print(child.read()[0]['pid'], flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    # The child prints to the same pipe first.
    child = next(int(line) for line in parent.stdout if line.strip().isdigit())
    assert Path(f"/proc/{child}").exists()
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for("the child to end", lambda: not _runs(child), 10)


def test_a_guarded_command_ends_with_its_parent_even_by_kill_9():
    program = (
        "import subprocess, time\n"
        "from service.supervisor.guard import guarded\n"
        "print(subprocess.Popen(guarded(['sleep', '600'])).pid, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    child = int(parent.stdout.readline())
    wait_for("the command to start", lambda: b"sleep" in Path(f"/proc/{child}/cmdline").read_bytes()[:6], 10)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    wait_for("the command to end", lambda: not _runs(child), 10)


def test_a_guarded_command_whose_parent_is_gone_does_not_start(tmp_path):
    gone = subprocess.Popen(["true"])
    gone.wait()
    guard = Path(pipes.PROJECT, "service", "supervisor", "guard.py")
    witness = tmp_path / "started"
    done = subprocess.run(
        [sys.executable, "-I", "-S", guard, str(gone.pid), "touch", witness],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "is gone" in done.stderr
    time.sleep(0.1)
    assert not witness.exists()


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
