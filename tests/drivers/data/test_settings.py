"""Settings of the data room."""

import os
from pathlib import Path

import pytest

from drivers.data import DataSettings


def test_values_are_read(tmp_path):
    settings = DataSettings.from_env(
        {
            "AUTHORGAN_HOME": str(tmp_path),
            "AUTHORGAN_DATA": str(tmp_path / "d"),
            "AUTHORGAN_DATA_PATHS": os.pathsep.join(["/a", "/b"]),
            "AUTHORGAN_MNIST_URL": "http://one/ http://two/",
            "AUTHORGAN_MAX_FILES": "10",
            "AUTHORGAN_DOWNLOAD_SECONDS": "1.5",
            "AUTHORGAN_CIFAR10_URL": "",
        }
    )
    assert settings.mnist_url == ("http://one/", "http://two/")
    assert (settings.max_files, settings.download_seconds) == (10, 1.5)
    assert settings.roots == (tmp_path / "d", tmp_path / "data", Path("/a"), Path("/b"))
    assert settings.uploads == tmp_path / "datasets"
    assert DataSettings.from_env(settings.environ()) == settings


@pytest.mark.parametrize("value", ["many", "0", "-3", "1.5"])
def test_numbers_that_are_none(value):
    with pytest.raises(ValueError, match=f"AUTHORGAN_MAX_FILES='{value}'"):
        DataSettings.from_env({"AUTHORGAN_MAX_FILES": value})
