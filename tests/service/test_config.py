"""Settings: from variables to one frozen object, and every mistake named."""

import dataclasses
import sys

import pytest

from service.config import Settings, SettingsError, is_loopback


def test_defaults_hang_on_home(tmp_path):
    settings = Settings.from_env({"AUTHORGAN_HOME": str(tmp_path)})
    assert settings.database_url == f"sqlite:///{tmp_path}/authorgan.db"
    assert settings.storage_url == f"file://{tmp_path}/runs"
    assert (settings.host, settings.port, settings.lease_seconds) == ("127.0.0.1", 5050, 30)
    assert settings.data is None


def test_home_defaults_to_var_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert Settings.from_env({}).home == tmp_path / "var"


def test_values_are_parsed(tmp_path):
    settings = Settings.from_env(
        {
            "AUTHORGAN_PORT": "8080",
            "AUTHORGAN_LEASE_SECONDS": "2.5",
            "AUTHORGAN_HEARTBEAT_SECONDS": "1",
            "AUTHORGAN_DATA_PATHS": f"{tmp_path}/a:{tmp_path}/b",
            "AUTHORGAN_ALLOWED_ORIGINS": "https://a.example, https://b.example/",
            "AUTHORGAN_LOG_LEVEL": "debug",
            "AUTHORGAN_API_KEY": "",
        }
    )
    assert settings.port == 8080
    assert settings.lease_seconds == 2.5
    assert settings.data_paths == (tmp_path / "a", tmp_path / "b")
    assert settings.allowed_origins == ("https://a.example", "https://b.example")
    assert settings.log_level == "DEBUG"
    assert settings.api_key == ""


def test_all_mistakes_are_reported_at_once():
    with pytest.raises(SettingsError) as caught:
        Settings.from_env({"AUTHORGAN_PORT": "http", "AUTHORGAN_LEASE_SECONDS": "soon", "AUTHORGAN_MAX_ATTEMPTS": "0"})
    assert caught.value.problems == [
        "AUTHORGAN_PORT='http' is not a whole number.",
        "AUTHORGAN_LEASE_SECONDS='soon' is not a number.",
        "AUTHORGAN_MAX_ATTEMPTS=0 is out of range; it is at least 1.",
    ]


@pytest.mark.parametrize("value", ["nan", "-1", "inf"])
def test_a_number_that_is_no_duration_is_refused(value):
    with pytest.raises(SettingsError, match="AUTHORGAN_LEASE_SECONDS"):
        Settings.from_env({"AUTHORGAN_LEASE_SECONDS": value})


def test_a_heartbeat_slower_than_the_lease_is_refused():
    with pytest.raises(SettingsError, match="at most half"):
        Settings(lease_seconds=10, heartbeat_seconds=6)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "gan.example"])
def test_other_machines_need_a_key(host):
    with pytest.raises(SettingsError, match="AUTHORGAN_API_KEY"):
        Settings(host=host)
    assert Settings(host=host, api_key="a-long-secret").host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "[::1]", "localhost"])
def test_loopback_needs_none(host):
    assert is_loopback(host)
    assert Settings(host=host).host == host


def test_a_short_key_is_refused():
    with pytest.raises(SettingsError, match="too short"):
        Settings(api_key="abc")


def test_environ_round_trip(tmp_path):
    settings = Settings(home=tmp_path, data_paths=(tmp_path / "a", tmp_path / "b"), allowed_origins=("http://x",))
    assert Settings.from_env(settings.environ()) == settings


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1


def test_every_setting_is_explained():
    assert all(item.metadata["help"] for item in dataclasses.fields(Settings))


def test_secrets_do_not_show():
    shown = repr(Settings(api_key="correct horse", redis_url="redis://:hunter22@localhost/0"))
    assert "correct horse" not in shown
    assert "hunter22" not in shown


@pytest.mark.parametrize(
    ("url", "told"), [("s4://bucket/runs", "Protocol not known: s4"), ("s3://bucket/runs", "Install s3fs")]
)
def test_storage_that_there_is_no_client_for_is_told_at_the_start(url, told, monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)  # as if it were not installed, where it is
    with pytest.raises(SettingsError, match=f"AUTHORGAN_STORAGE_URL: .*{told}"):
        Settings.from_env({"AUTHORGAN_STORAGE_URL": url})
