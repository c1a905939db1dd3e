"""Run a command that dies with its parent: `python -I -S guard.py PARENT_ID COMMAND ARGUMENT…`.

On Linux the kernel does it (the parent-death signal survives `exec`), so this program replaces itself by the command.
Elsewhere it stays, watches who its parent is, and ends the command when that changes. Standard library only, and no
import of ours: it starts in milliseconds, and the parent needs no `preexec_fn`, which is unsafe beside threads.

The kernel means the parent *thread*: start a guarded process from a thread that lives as long as it may.
"""

import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG = 1
WATCH_SECONDS = 0.5


def guarded(command: list[str]) -> list[str]:
    """The command line that runs `command` and ends it, with SIGKILL, when the calling process ends."""
    return [sys.executable, "-I", "-S", os.path.abspath(__file__), str(os.getpid()), *command]


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the thread that started it ends; exit at once if it already has.

    Args:
        parent: The parent's process id as the parent itself knows it, to notice a death before this call.
    """
    if sys.platform == "linux":
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        if libc.prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG) failed")
    if os.getppid() != parent:
        sys.exit(f"parent process {parent} is gone")


def main() -> int:
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        die_with_parent(parent)
        os.execvp(command[0], command)
    child = subprocess.Popen(command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))
    while child.poll() is None and os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    child.kill()
    return child.wait()


if __name__ == "__main__":
    sys.exit(main())
