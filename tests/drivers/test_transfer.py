"""A network that goes on from the weights of another training, and what such weights must not be."""

from __future__ import annotations

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from drivers.errors import DriverError, WeightsError


@pytest.fixture
def earlier(open_small, tmp_path):
    """The weights of a training that has taken a step."""
    session = open_small("gan", training={"seed": 1})
    session.train_step()
    session.save_weights(tmp_path / "weights.safetensors")
    return tmp_path / "weights.safetensors"


def changed(path, **tensors):
    """The file with some tensors replaced; None takes one out."""
    held = {**load_file(path), **{name.replace("__", "/"): value for name, value in tensors.items()}}
    save_file({name: value for name, value in held.items() if value is not None}, path)
    return path


def weights_of(session, path):
    session.save_weights(path)
    return load_file(path)


def test_one_network_starts_from_the_file_and_the_other_anew(open_small, earlier, tmp_path):
    session = open_small("gan")
    before = weights_of(session, tmp_path / "before")
    session.start_from("generator", earlier)
    after, stored = weights_of(session, tmp_path / "after"), load_file(earlier)
    for name, value in after.items():
        np.testing.assert_array_equal(value, (stored if name.startswith("generator/") else before)[name])
    session.train_step()
    assert session.read_losses()[0]["step"] == 1


def test_replaced_layers_keep_their_new_weights(open_small, earlier, tmp_path):
    session = open_small("gan")
    before = weights_of(session, tmp_path / "before")
    path = changed(
        earlier, discriminator__dense_3__kernel=np.zeros((7, 7), np.float32), discriminator__dense_3__bias=None
    )
    session.start_from("discriminator", path, replace=["dense_3"])
    after, stored = weights_of(session, tmp_path / "after"), load_file(path)
    np.testing.assert_array_equal(after["discriminator/dense_3/kernel"], before["discriminator/dense_3/kernel"])
    np.testing.assert_array_equal(after["discriminator/dense_1/kernel"], stored["discriminator/dense_1/kernel"])


def test_the_average_starts_there_too(open_small, earlier, tmp_path):
    session = open_small("gan", training={"ema_decay": 0.9})
    session.start_from("generator", earlier)
    used = weights_of(session, tmp_path / "used")  # of the averaged network
    np.testing.assert_array_equal(used["generator/dense_1/kernel"], load_file(earlier)["generator/dense_1/kernel"])


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"generator__dense_1__bias": None}, "'generator/dense_1/bias' is missing"),
        ({"generator__dense_9__bias": np.zeros(3, np.float32)}, "'generator/dense_9/bias' belongs to nothing"),
        ({"generator__dense_1__bias": np.zeros(3, np.float32)}, "'generator/dense_1/bias' has shape 3 instead of 16"),
        ({"generator__dense_1__bias": np.full(16, np.nan, np.float32)}, "'generator/dense_1/bias' holds NaN"),
        (
            {"generator__..__..__etc__passwd": np.zeros(3, np.float32)},
            "'generator/../../etc/passwd' belongs to nothing",
        ),
    ],
    ids=["missing", "superfluous", "misshapen", "nan", "path"],
)
def test_what_does_not_fit_is_told_and_nothing_is_loaded(open_small, earlier, tmp_path, tensors, message):
    session = open_small("gan")
    before = weights_of(session, tmp_path / "before")
    with pytest.raises(WeightsError) as error:
        session.start_from("generator", changed(earlier, **tensors))
    assert message in error.value.message
    after = weights_of(session, tmp_path / "after")
    assert all((after[name] == before[name]).all() for name in before)


def test_weights_of_another_architecture(open_small, earlier):
    with pytest.raises(WeightsError) as error:
        open_small("dcgan").start_from("discriminator", earlier)
    assert "'discriminator/conv2d_1/kernel' is missing" in error.value.problems
    assert "'discriminator/dense_3/kernel' belongs to nothing in this model" in error.value.problems


def test_what_is_no_weight_file(open_small, tmp_path):
    (tmp_path / "weights").write_bytes(b"PK no safetensors")
    with pytest.raises(DriverError, match="is not a safetensors file"):
        open_small("gan").start_from("generator", tmp_path / "weights")
    with pytest.raises(DriverError, match="There is no network 'encoder'; there is generator, discriminator"):
        open_small("gan").start_from("encoder", tmp_path / "weights")
