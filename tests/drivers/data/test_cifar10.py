"""CIFAR-10 from the user's folder and from its archive."""

import io
import tarfile

import numpy as np
import pytest

from drivers.data import DataError, DataSettings, load, locate
from drivers.data.download import RemoteFile
from drivers.data.sources import cifar10
from drivers.data.sources.cifar10 import read_archive

from .web import md5

DATA = {"choice": "cifar10", "image_size": 32, "channels": 3, "classes": 10, "include_classes": None, "count": None}


def archive(batches=5, records=10_000, name="cifar-10-batches-bin/data_batch_{}.bin"):
    """Record i of every batch has the label i % 10, a red plane of i % 256, green of 1 and blue of 2."""
    batch = np.empty((records, 3073), np.uint8)
    batch[:, 0] = np.arange(records) % 10
    batch[:, 1:1025] = (np.arange(records) % 256).astype(np.uint8)[:, None]
    batch[:, 1025:2049] = 1
    batch[:, 2049:] = 2
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for number in range(1, batches + 1):
            member = tarfile.TarInfo(name.format(number))
            member.size = batch.nbytes
            tar.addfile(member, io.BytesIO(batch.tobytes()))
    return buffer.getvalue()


def test_the_users_folder(real_data, tmp_path):
    data = load(DATA, settings=DataSettings(home=tmp_path, data=real_data))
    assert data.images.shape[1:] == (32, 32, 3)
    assert data.class_names[3] == "cat"
    assert np.bincount(data.labels).min() > 0


def test_it_is_downloaded_when_it_is_not_here(web, change, monkeypatch):
    content = archive()
    web.files["cifar-10-binary.tar.gz"] = content
    monkeypatch.setattr(cifar10, "ARCHIVE", RemoteFile("cifar-10-binary.tar.gz", md5(content), 10**9))
    settings = change(cifar10_url=(web.url,))
    assert not locate(DATA, settings=settings).here
    data = load(DATA, settings=settings)
    assert data.images.shape == (50_000, 32, 32, 3)
    assert data.images[300, 5, 6].tolist() == [300 - 256, 1, 2]
    assert data.labels[10_007] == 7
    assert locate(DATA, settings=settings).here


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"nonsense", "cannot be read"),
        (archive(batches=4), "data_batch_5"),
        (archive(batches=5, records=9), "10,000 records"),
        (archive(name="../../data_batch_{}.bin", records=9), "data_batch_1"),
        (archive()[:-1000], "cannot be read"),
    ],
)
def test_damaged_archives(tmp_path, content, words):
    path = tmp_path / "cifar.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        read_archive(path)
    assert caught.value.code == "corrupt"
    assert list(tmp_path.iterdir()) == [path]
