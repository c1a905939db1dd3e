"""MNIST: the real one where it is there, and the way it comes from the web."""

import gzip
import hashlib
import struct
import time

import numpy as np
import pytest

from drivers.data import DataError, DataSettings, load, locate
from drivers.data.sources.mnist import Mnist, read_idx

from .web import md5

DATA = {"choice": "mnist", "image_size": 28, "channels": 1, "classes": 10, "include_classes": None, "count": None}
SHAPE = (60_000, 28, 28)


def idx(values, kind=8):
    return struct.pack(f">HBB{values.ndim}I", 0, kind, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture(scope="module")
def files():
    """Two files of the right form: each image is filled with its label's number times 25."""
    labels = (np.arange(60_000) % 10).astype(np.uint8)
    images = np.repeat(labels * np.uint8(25), 784).reshape(SHAPE)
    return {
        "train-images-idx3-ubyte.gz": gzip.compress(idx(images), 1),
        "train-labels-idx1-ubyte.gz": gzip.compress(idx(labels), 1),
    }


@pytest.fixture
def source(files):
    return Mnist("mnist", *map(md5, files.values()), [str(digit) for digit in range(10)])


def test_the_real_one(real_data, tmp_path):
    settings = DataSettings(home=tmp_path, data=real_data)
    data = load(DATA, settings=settings)
    assert data.images.shape == (60_000, 28, 28, 1)
    pixels = hashlib.md5(struct.pack(">IIII", 0x803, 60_000, 28, 28) + data.images.tobytes()).hexdigest()
    assert pixels == "6bbc9ace898e44ae57da46a324031adb"
    labels = hashlib.md5(struct.pack(">II", 0x801, 60_000) + data.labels.astype(np.uint8).tobytes()).hexdigest()
    assert labels == "a25bea736e30d166cdddb491f175f624"


def test_it_is_downloaded_when_it_is_not_here(web, files, source, settings, change):
    web.files.update(files)
    settings = change(mnist_url=(web.url,))
    assert not source.locate(DATA, settings).here
    told = []
    data = source.read(DATA, settings, lambda *progress: told.append(progress))
    assert data.images[7, 3, 4, 0] == 7 * 25
    assert data.labels[:3].tolist() == [0, 1, 2]
    assert {stage for stage, _, _ in told} == {"download"}
    assert source.locate(DATA, settings).here
    source.read(DATA, settings, lambda *_: None)
    assert len(web.requests) == 2


def test_the_users_folder_comes_first(files, source, settings):
    folder = settings.data / "mnist"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    assert source.locate(DATA, settings).paths[0].parent == folder
    assert len(source.read(DATA, settings, lambda *_: None)) == 60_000


def test_half_of_it_is_not_enough(files, source, settings):
    folder = settings.data / "mnist"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(files["train-images-idx3-ubyte.gz"])
    assert not locate(DATA, settings=settings).here


def test_without_a_source_it_says_where_to_put_it(settings):
    with pytest.raises(DataError, match="by hand") as caught:
        load(DATA, settings=settings)
    assert caught.value.code == "download_failed"
    assert str(settings.downloads / "mnist") in caught.value.message


@pytest.mark.parametrize(
    "content",
    [
        b"nonsense",
        gzip.compress(idx(np.zeros((3, 2), np.uint8)))[:-12],
        gzip.compress(idx(np.zeros((2, 2), np.uint8))),
        gzip.compress(idx(np.zeros((3, 2), np.uint8), kind=9)),
        gzip.compress(idx(np.zeros((3, 2), np.uint8))[:-1]),
        gzip.compress(b""),
    ],
)
def test_damaged_files(tmp_path, content):
    path = tmp_path / "x.gz"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path, (3, 2))
    assert caught.value.code == "corrupt"
    assert str(path) in caught.value.message


def test_a_class_too_many(files, settings, tmp_path):
    folder = settings.data / "mnist"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(files["train-images-idx3-ubyte.gz"])
    labels = np.full(60_000, 10, np.uint8)
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(labels), 1))
    with pytest.raises(DataError, match="class 10"):
        load(DATA, settings=settings)


def test_the_second_time_it_is_prepared_already(real_data, tmp_path):
    settings = DataSettings(home=tmp_path, data=real_data)
    first = load({**DATA, "image_size": 32}, settings=settings)
    (prepared,) = (tmp_path / "cache" / "prepared").glob("*.npz")
    used = prepared.stat().st_mtime_ns
    time.sleep(0.01)
    again = load({**DATA, "image_size": 32, "include_classes": [1]}, settings=settings)
    assert prepared.stat().st_mtime_ns > used
    np.testing.assert_array_equal(again.images, first.images[first.labels == 1])
