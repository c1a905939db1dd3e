"""A program reads the data as the driver does: the same pixels in the same order."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spec
from drivers.data import Dataset, load
from drivers.data.images import resize, with_channels
from drivers.data.subset import subset
from drivers.export import write_script
from tests.drivers.conftest import SMALL

LABELS = np.random.default_rng(0).permutation(np.repeat(np.arange(10), 6)).astype(np.int64)


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (len(LABELS), *shape), np.uint8)


def write_mnist(folder: Path) -> np.ndarray:
    """Files in the format of MNIST, shorter."""
    given = images(28, 28, 1)
    header = struct.pack(">HBBIII", 0, 8, 3, len(given), 28, 28)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + given.tobytes()))
    header = struct.pack(">HBBI", 0, 8, 1, len(given))
    (folder / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(header + LABELS.astype(np.uint8).tobytes()))
    return given


def write_cifar10(folder: Path) -> np.ndarray:
    """An archive in the format of CIFAR-10's binary version, shorter."""
    given = images(32, 32, 3)
    planes = given.transpose(0, 3, 1, 2).reshape(len(given), -1)
    records = np.concatenate([LABELS[:, None].astype(np.uint8), planes], axis=1)
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz") as archive:
        for number, part in enumerate(np.array_split(records, 5), 1):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/data_batch_{number}.bin")
            member.size = part.size
            archive.addfile(member, io.BytesIO(part.tobytes()))
    return given


def write_npz(folder: Path) -> np.ndarray:
    given = images(16, 16, 3)
    np.savez(folder / "images.npz", images=given, labels=LABELS)
    return given


def read(data: dict[str, Any], family: str, *path: Path) -> Any:
    """What the program of a training on the data loads; a conditional one loads labels too."""
    networks = {role: {"choice": family, **SMALL[family][role]} for role in ("generator", "discriminator")}
    program: dict[str, Any] = {"__name__": "program", "__doc__": ""}
    exec(write_script(spec.resolve({"data": data, **networks})), program)
    return program["load_images"](*path)


@pytest.mark.parametrize("family", ["gan", "cgan"])
@pytest.mark.parametrize(
    "asked",
    [{}, {"image_size": 40}, {"count": 17, "image_size": 16}, {"include_classes": [1, 7], "count": 5}, {"channels": 1},
     {"channels": 3, "include_classes": [2]}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("choice", ["mnist", "cifar10"])
def test_files(choice, asked, family, tmp_path):
    given = {"mnist": write_mnist, "cifar10": write_cifar10}[choice](tmp_path)
    found = read({"choice": choice, **asked}, family, tmp_path)
    chosen = subset(Dataset(given, LABELS, None), asked.get("include_classes"), asked.get("count"))
    wanted = with_channels(chosen.images, asked.get("channels", given.shape[3]))
    wanted = resize(wanted, asked.get("image_size", given.shape[1]))
    found, labels = found if family == "cgan" else (found, chosen.labels)
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(labels, chosen.labels)


def test_an_npz_file(tmp_path):
    given, path = write_npz(tmp_path), tmp_path / "images.npz"
    data = {"choice": "npz", "path": str(path), "image_size": 16, "channels": 3, "classes": 10}
    np.testing.assert_array_equal(read(data, "gan", path), given)
    found, labels = read({**data, "include_classes": [3, 4]}, "cgan", path)
    np.testing.assert_array_equal(labels, LABELS[(LABELS == 3) | (LABELS == 4)])
    np.testing.assert_array_equal(found, given[(LABELS == 3) | (LABELS == 4)])


@pytest.mark.parametrize(
    "asked", [{}, {"image_size": 32, "count": 100}, {"channels": 3, "include_classes": [0, 9]}], ids=str
)
def test_digits(asked):
    data = {"choice": "digits", **asked}
    wanted = load(spec.resolve({"data": data, "generator": "gan", "discriminator": "gan"})["data"])
    np.testing.assert_array_equal(read(data, "gan"), wanted.samples)
    found, labels = read(data, "cgan")
    np.testing.assert_array_equal(found, wanted.samples)
    np.testing.assert_array_equal(labels, wanted.labels)
