"""`.keras` files become layers of a spec, or are refused layer by layer; nothing in them is run."""

from __future__ import annotations

import json
import os
import zipfile

import numpy as np
import pytest

import drivers
import spec
from drivers.imports import MAX_DESCRIPTION_BYTES, UnreadableError, read_network

os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras", reason="the files are written with Keras")
layers = keras.layers

GENERATOR = {"choice": "dcgan"}


def saved(model, tmp_path):
    model.save(tmp_path / "model.keras")
    return read_network(tmp_path / "model.keras", ".keras").layers


def written(tmp_path, config, name="config.json"):
    with zipfile.ZipFile(tmp_path / "model.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, config if isinstance(config, str) else json.dumps(config))
    return tmp_path / "model.keras"


def refused(path):
    with pytest.raises(UnreadableError) as error:
        read_network(path, ".keras")
    return error.value.problems


def resolved(found, **data):
    """The layers as the discriminator of a spec."""
    data = {"choice": "digits", "image_size": 16, **data}
    drawn = {"choice": "custom", "layers": found}
    return spec.resolve({"data": data, "generator": GENERATOR, "discriminator": drawn, "precision": "float32"})


def test_a_sequential_model_gives_the_same_numbers(tmp_path):
    model = keras.Sequential([
        keras.Input((16, 16, 1)),
        layers.Conv2D(8, 4, strides=2, padding="same", kernel_initializer=keras.initializers.RandomNormal(stddev=0.02)),
        layers.LeakyReLU(negative_slope=0.2),
        layers.BatchNormalization(momentum=0.8),
        layers.Activation("tanh"),
        layers.Dropout(0.3),
        layers.Flatten(),
        layers.Dense(1),
    ])  # fmt: skip
    found = saved(model, tmp_path)
    assert [layer["type"] for layer in found] == [
        "Input", "Conv2D", "LeakyReLU", "BatchNormalization", "Tanh", "Dropout", "Flatten", "Dense"
    ]  # fmt: skip
    assert found[0]["source"] == "image"
    assert found[1]["kernel_initializer"] == {"choice": "random_normal", "mean": 0.0, "stddev": 0.02}
    full = resolved(found)
    session = drivers.open_session(full, None, threads=1)
    network = session._state.networks["discriminator"]
    variables = [keras.ops.convert_to_numpy(variable) for variable in model.weights]
    for value, stored in zip(network.weights().values(), variables, strict=True):
        value.copy_(value.new_tensor(stored))
    x = np.random.default_rng(0).normal(size=(3, 16, 16, 1)).astype(np.float32)
    with session._state.inference(network):
        ours = network(image=session._state.tensor(x)).numpy()
    np.testing.assert_allclose(ours, keras.ops.convert_to_numpy(model(x)), atol=1e-5)


def test_a_functional_model_with_branches(tmp_path):
    image, label = keras.Input((16, 16, 1), name="image"), keras.Input((), name="label", dtype="int32")
    rows = layers.Flatten(name="rows")(image)
    known = layers.Embedding(10, 4, name="of class 2")(label)
    both = layers.Concatenate(name="both")([rows, known])
    score = layers.Dense(1, name="score", trainable=False)(layers.Dense(8, activation="relu")(both))
    found = {layer["id"]: layer for layer in saved(keras.Model([image, label], score), tmp_path)}
    assert found["label"]["source"] == "label"
    assert found["both"]["inputs"] == ["rows", "of_class_2"]
    assert found["score"]["trainable"] is False
    assert resolved(list(found.values()), classes=10)["discriminator"]["conditional"]


def test_layers_inside_layers(tmp_path):
    model = keras.Sequential([
        keras.Input((16, 16, 1)),
        layers.SpectralNormalization(layers.Conv2D(4, 3, strides=4)),
        layers.Reshape((4, 16)),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True)),
        layers.TimeDistributed(layers.Dense(2)),
        layers.GRU(3),
        layers.Dense(1),
    ])  # fmt: skip
    kinds = [layer.get("layer", {}).get("type") for layer in saved(model, tmp_path)]
    assert kinds == [None, "Conv2D", None, "LSTM", "Dense", None, None]
    resolved(saved(model, tmp_path))


def test_layers_that_a_drawing_lacks_are_named_all_at_once(tmp_path):
    model = keras.Sequential([
        keras.Input((16, 16, 1)),
        layers.UnitNormalization(name="unit"),
        layers.Conv2D(4, 3, kernel_regularizer="l2", name="conv"),
        layers.Activation("mish", name="fishy"),
        layers.Flatten(),
        layers.Dense(1),
    ])  # fmt: skip
    model.save(tmp_path / "model.keras")
    problems = {problem["pointer"]: problem["message"] for problem in refused(tmp_path / "model.keras")}
    assert list(problems) == ["/config/layers/1", "/config/layers/2/config/kernel_regularizer", "/config/layers/3"]
    assert problems["/config/layers/1"].startswith("There is no layer UnitNormalization ('unit') in a drawing")
    assert problems["/config/layers/2/config/kernel_regularizer"].startswith("Conv2D 'conv' has kernel_regularizer")
    assert problems["/config/layers/3"] == "Activation 'fishy': there is no activation 'mish'."


def test_a_layer_used_twice_and_an_open_shape_are_told(tmp_path):
    image = keras.Input((None, 16, 1), name="image")
    dense = layers.Dense(1, name="twice")
    keras.Model(image, dense(dense(image))).save(tmp_path / "model.keras")
    codes = [problem["code"] for problem in refused(tmp_path / "model.keras")]
    assert codes == ["open_shape", "shared_layer"]


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    path = written(tmp_path, " " * (MAX_DESCRIPTION_BYTES * 20))
    assert path.stat().st_size < MAX_DESCRIPTION_BYTES / 10
    assert refused(path)[0]["code"] == "too_large"


def test_a_lambda_is_refused_and_not_run(tmp_path):
    code = {"class_name": "__lambda__", "config": {"code": "4wEAAAA="}}
    hostile = {"class_name": "Lambda", "config": {"name": "evil", "function": code}, "inbound_nodes": []}
    path = written(tmp_path, {"class_name": "Functional", "config": {"layers": [hostile]}})
    assert refused(path)[0]["message"].startswith("There is no layer Lambda ('evil') in a drawing")


@pytest.mark.parametrize(
    ("config", "code"),
    [
        ("{", "not_keras"),
        ("[" * 100_000, "not_keras"),
        ({"class_name": "Trainer"}, "not_drawable"),
        ([], "not_drawable"),
        ({"class_name": "Functional", "config": {}}, "not_keras"),
        ({"class_name": "Sequential", "config": {"layers": [{"class_name": "Dense"}]}}, "not_keras"),
        ({"class_name": "Sequential", "config": {"layers": "Dense"}}, "not_keras"),
    ],
)
def test_what_is_no_model_is_told(tmp_path, config, code):
    assert refused(written(tmp_path, config))[0]["code"] == code


def test_broken_compressed_data_is_told(tmp_path):
    path = tmp_path / "model.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}" * 100)
    content = bytearray(path.read_bytes())
    content[30 + len("config.json")] = 0xFF  # a kind of block that deflate does not have
    path.write_bytes(content)
    assert refused(path)[0]["code"] == "not_keras"


def test_what_is_no_keras_file_is_told(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"\x80\x04 a pickle")
    assert refused(tmp_path / "model.keras")[0]["code"] == "not_keras"
    assert refused(written(tmp_path, {}, "../config.json"))[0]["code"] == "not_keras"
    with pytest.raises(UnreadableError, match=r"A network comes as a .keras or .onnx file"):
        read_network(tmp_path / "model.pkl", ".pkl")
