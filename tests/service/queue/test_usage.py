"""What a process uses, seen from outside."""

import subprocess
import sys

import psutil

from service.queue.usage import Usage, gpu_usage
from tests.fleet import wait_for


def test_a_busy_process_is_seen_until_it_is_gone():
    busy = subprocess.Popen([sys.executable, "-c", "data = b'x' * 50_000_000\nwhile True: pass"])
    told = []
    usage = Usage(busy.pid, 0.3, told.append)
    try:
        wait_for("three looks", lambda: len(told) >= 3)
        assert told[-1].keys() == {"usage/cpu_percent", "usage/memory_bytes"}
        assert told[-1]["usage/memory_bytes"] > 50_000_000
        assert max(look["usage/cpu_percent"] for look in told) > 10
    finally:
        busy.kill()
        busy.wait()
    wait_for("the thread to end", lambda: not usage._thread.is_alive())
    usage.close()


def test_a_process_that_is_gone_already_is_no_error():
    gone = max(psutil.pids()) + 100_000
    usage = Usage(gone, 0.05, lambda used: None)
    wait_for("the thread to end", lambda: not usage._thread.is_alive())


def test_the_cards_tell_what_the_process_holds(tmp_path, monkeypatch):
    """A stand-in for nvidia-smi, which answers as the real one does."""
    program = tmp_path / "nvidia-smi"
    answers = 'case "$1" in *apps*) printf "7, 512\\n9, 100\\n7, 88\\n";; *) printf "30\\n75\\n";; esac'
    program.write_text(f"#!/bin/sh\n{answers}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert gpu_usage(7) == {"usage/gpu_memory_bytes": 600 * 1024 * 1024, "usage/gpu_percent": 75.0}
    assert gpu_usage(8) == {}
    program.write_text("#!/bin/sh\necho no devices; exit 6\n")
    assert gpu_usage(7) == {}
