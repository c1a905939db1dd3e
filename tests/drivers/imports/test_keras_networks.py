"""`.keras` files become drawings with their weights, which compute the same numbers."""

from __future__ import annotations

import io
import os
import zipfile

import numpy as np
import pytest

from drivers.imports import UnreadableError, read_network
from tests.drivers.imports.comparing import agree, computed, imported, types

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", reason="the files are written with Keras")
layers, ops = keras.layers, keras.ops
RANDOM = np.random.default_rng(0)


def row(shape, *given):
    return keras.Sequential([keras.Input(shape), *given])


def first(x):
    """What comes with its channels first."""
    return {"data_format": "channels_first", **x}


def images():
    same = {"padding": "same"}
    return row(
        (12, 12, 4), layers.Rescaling(0.5, offset=1.0), layers.Conv2D(8, 3, groups=2, dilation_rate=2, **same),
        layers.ZeroPadding2D(((1, 0), (0, 2))), layers.Cropping2D(1), layers.DepthwiseConv2D(3, depth_multiplier=2),
        layers.BatchNormalization(scale=False),
        layers.SeparableConv2D(6, 3, strides=2, activation="leaky_relu", **same),
        layers.Conv2DTranspose(4, 5, strides=2, activation="silu", **same), layers.PReLU(shared_axes=[1, 2]),
        layers.UpSampling2D(2, interpolation="bilinear"), layers.GaussianNoise(0.1), layers.SpatialDropout2D(0.2),
        layers.MaxPooling2D(2), layers.AveragePooling2D(2, **same), layers.GroupNormalization(2),
        layers.LayerNormalization(), layers.Permute((2, 1, 3)), layers.GlobalAveragePooling2D(), layers.Dense(1),
    )  # fmt: skip


def channels_first():
    """A network that PyTorch could have: its Flatten, which Keras has look at the format, comes channels last."""
    return row(
        (3, 12, 12), layers.Conv2D(4, 3, **first({"strides": 2})), layers.BatchNormalization(axis=1), layers.ReLU(),
        layers.Conv2DTranspose(4, 4, **first({"strides": 2, "padding": "same"})), layers.GroupNormalization(2, axis=1),
        layers.MaxPooling2D(2, **first({})), layers.ZeroPadding2D(1, **first({})), layers.UpSampling2D(2, **first({})),
        layers.GlobalAveragePooling2D(**first({"keepdims": True})), layers.Flatten(**first({})), layers.Dense(2),
    )  # fmt: skip


def sequences():
    return row(
        (9, 4), layers.Conv1D(6, 3, padding="causal"), layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(4, activation="elu")), layers.SimpleRNN(4, return_sequences=True),
        layers.SpectralNormalization(layers.Dense(5)), layers.GRU(4, go_backwards=True), layers.RepeatVector(3),
        layers.GRU(3, reset_after=False), layers.Dense(2, activation="softmax"),
    )  # fmt: skip


def operations():
    """Functions of `keras.ops` between layers, and a model inside a model."""
    image = keras.Input((6, 6, 3))
    h = layers.Conv2D(4, 3)(image * 2.0 - 1.0)
    h = ops.relu(h) + layers.Conv2D(4, 3, padding="valid")(image) / 2.0
    h = ops.transpose(ops.reshape(-h, (-1, 16, 4)), (0, 2, 1))
    h = ops.concatenate([h, ops.tanh(h)], axis=1)
    inner = keras.Sequential([keras.Input((8, 16)), layers.Dense(3), layers.Dense(4, use_bias=False)], name="inner")
    h = layers.MultiHeadAttention(2, 3)(inner(h), h)
    left = keras.Input((8, 4))
    outer = keras.Model(left, layers.Dense(2)(layers.Flatten()(left)), name="outer")
    return keras.Model(image, ops.maximum(outer(h), layers.Dense(2)(layers.Flatten()(h))))


MODELS = {made.__name__: made for made in (images, channels_first, sequences, operations)}


def filled(model):
    """The model with weights that leave no part of it without effect."""
    for variable in model.weights:
        value = RANDOM.uniform(0.5, 2, variable.shape) if "variance" in variable.path else None
        variable.assign(0.3 * RANDOM.normal(size=variable.shape) if value is None else value)
    return model


@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_the_same_numbers(tmp_path, name):
    model = filled(MODELS[name]())
    model.save(tmp_path / "model.keras")
    network = imported(tmp_path / "model.keras")
    x = RANDOM.normal(size=(2, *model.input_shape[1:])).astype(np.float32)
    agree(computed(network, x), keras.ops.convert_to_numpy(model(x)))


def test_layers_of_a_model_inside_a_model_bear_its_name(tmp_path):
    operations().save(tmp_path / "model.keras")
    identifiers = [layer["id"] for layer in imported(tmp_path / "model.keras").layers]
    assert sum(identifier.startswith("inner_dense") for identifier in identifiers) == 2


def changed(tmp_path, weights):
    """A file with other weights: the new content of its HDF5."""
    row((4,), layers.Dense(2, name="score")).save(tmp_path / "model.keras")
    with zipfile.ZipFile(tmp_path / "model.keras") as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    content = io.BytesIO(entries["model.weights.h5"])
    entries["model.weights.h5"] = weights(content)
    with zipfile.ZipFile(tmp_path / "model.keras", "w") as archive:
        for name, entry in entries.items():
            if entry is not None:
                archive.writestr(name, entry)
    with pytest.raises(UnreadableError) as error:
        imported(tmp_path / "model.keras")
    (problem,) = error.value.problems
    return problem["message"]


def edited(change):
    def apply(content):
        import h5py

        with h5py.File(content, "r+") as file:
            change(file["layers/dense/vars"], h5py)
        return content.getvalue()

    return apply


def misshapen(group, h5py):
    del group["0"]
    group["0"] = np.zeros((4, 3))


def not_finite(group, h5py):
    group["1"][0] = np.nan


def elsewhere(group, h5py):
    del group["0"]
    group["0"] = h5py.ExternalLink("/etc/passwd", "/")


def outside(group, h5py):
    del group["0"]
    group.create_dataset("0", (4, 2), "float32", external=[("/etc/passwd", 0, 32)])


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        (lambda content: None, "The file holds no weights"),
        (lambda content: b"no HDF5", "The file's model.weights.h5 is no HDF5"),
        (lambda content: content.getvalue().replace(b"TREE", b"TREF"), "its weights in the file are damaged"),
        (edited(misshapen), "its kernel has the shape (4, 3) in the file and not (4, 2)"),
        (edited(not_finite), "'score/bias' holds NaN or infinite numbers"),
        (edited(elsewhere), "the file has no plain array of numbers for its kernel"),
        (edited(outside), "the file has no plain array of numbers for its kernel"),
    ],
    ids=["none", "no HDF5", "damaged", "misshapen", "not finite", "a link to another file", "numbers in another file"],
)
def test_weights_that_cannot_be_taken_are_told(tmp_path, weights, message):
    assert message in changed(tmp_path, weights)


def test_without_weights_none_are_read(tmp_path):
    row((4,), layers.Dense(2)).save(tmp_path / "model.keras")
    network = read_network(tmp_path / "model.keras", ".keras")
    assert (types(network), network.weights) == (["Input", "Dense"], {})
