"""Settings with an empty home and an empty folder of the user's data."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from drivers.data import DataSettings
from drivers.data import download as downloading

from .web import Web


@pytest.fixture
def settings(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    return DataSettings(home=tmp_path / "home", data=folder, mnist_url=(), fashion_mnist_url=(), cifar10_url=())


@pytest.fixture
def change(settings):
    """The settings with something changed."""
    return lambda **changes: dataclasses.replace(settings, **changes)


@pytest.fixture
def png():
    """Makes a PNG file of an array or of one colour."""

    def make(pixels=None, *, colour="red", size=(20, 10), mode="RGB", **options):
        image = Image.new(mode, size, colour) if pixels is None else Image.fromarray(np.asarray(pixels))
        buffer = io.BytesIO()
        image.save(buffer, "PNG", **options)
        return buffer.getvalue()

    return make


@pytest.fixture
def web(monkeypatch):
    """A web server that can be told to fail; pauses between attempts are left out."""
    monkeypatch.setattr(downloading, "FIRST_PAUSE_SECONDS", 0.0)
    server = Web()
    yield server
    server.close()
