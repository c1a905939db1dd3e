"""The embedded broker: ours alone, on loopback, and no worse for losing what it held."""

import platform
import subprocess

import pytest
import redis

from service import broker
from service.supervisor.guard import guarded


def test_it_answers_to_its_password_only_and_listens_on_loopback_only(tmp_path):
    with broker.running(tmp_path / "broker") as url:
        assert broker.probe(url) is None
        password = redis.Redis.from_url(url).connection_pool.connection_kwargs["password"]
        assert len(password) >= 32
        assert "refuses the password" in broker.probe(url.replace(password, "guess"))
        assert redis.Redis.from_url(url).config_get("bind", "appendonly") == {"bind": "127.0.0.1", "appendonly": "yes"}
    assert (tmp_path / "broker" / "broker.conf").stat().st_mode & 0o077 == 0


def test_what_it_holds_survives_a_kill(tmp_path):
    embedded = broker.EmbeddedBroker.prepare(tmp_path)
    first = subprocess.Popen(guarded(embedded.command), stdout=subprocess.DEVNULL)
    broker.wait_until_ready(embedded.url)
    client = redis.Redis.from_url(embedded.url)
    client.lpush("queue", "message")
    client.config_set("appendfsync", "always")  # the file is written within a second anyhow; the test does not wait
    client.lpush("queue", "second")
    first.kill()
    first.wait()
    second = subprocess.Popen(guarded(embedded.command), stdout=subprocess.DEVNULL)
    try:
        broker.wait_until_ready(embedded.url)
        assert redis.Redis.from_url(embedded.url).lrange("queue", 0, -1) == [b"second", b"message"]
    finally:
        second.kill()
        second.wait()


def test_files_it_cannot_read_are_put_aside(tmp_path):
    embedded = broker.EmbeddedBroker.prepare(tmp_path)
    folder = tmp_path / "data" / "appendonlydir"
    folder.mkdir()
    (folder / "appendonly.aof.manifest").write_text("this is no manifest\n")
    refused = subprocess.run(guarded(embedded.command), stdout=subprocess.DEVNULL, timeout=10, check=False)
    assert refused.returncode != 0

    embedded.set_data_aside()
    process = subprocess.Popen(guarded(embedded.command), stdout=subprocess.DEVNULL)
    try:
        broker.wait_until_ready(embedded.url)
    finally:
        process.kill()
        process.wait()
    assert (tmp_path / "data.broken" / "appendonlydir" / "appendonly.aof.manifest").exists()


def test_nobody_there_is_said_in_one_sentence():
    assert "does not answer" in broker.probe("redis://127.0.0.1:1/0")
    with pytest.raises(broker.BrokerError, match=r"After 0\.1 s the broker does not answer"):
        broker.wait_until_ready("redis://127.0.0.1:1/0", 0.1)


def test_a_platform_without_a_binary_is_told_what_to_do(monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(platform, "system", lambda: "Windows")
    with pytest.raises(broker.BrokerError, match=r"set AUTHORGAN_REDIS_URL=redis://"):
        broker.find_server()


@pytest.mark.parametrize(
    ("said", "taken"), [("Redis server v=7.2.4 sha=00000000:0", True), ("Redis server v=5.0.7 sha=00000000:0", False)]
)
def test_an_installed_server_is_taken_if_it_is_recent_enough(tmp_path, monkeypatch, said, taken):
    installed = tmp_path / "redis-server"
    installed.write_text(f"#!/bin/sh\necho '{said}'\n")
    installed.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (broker.find_server() == installed) is taken
