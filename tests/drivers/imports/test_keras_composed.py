"""Layers that Keras lacks leave as models of its own layers, and come back as the layers they were."""

from __future__ import annotations

import json
import zipfile

import keras
import numpy as np
import pytest

from drivers.imports import read_network
from drivers.imports.keras_composed import composed
from drivers.keras.export import write_keras
from tests.drivers.imports.comparing import agree, computed, imported, types
from tests.drivers.keras.cases import CASES
from tests.drivers.keras.test_keras_model import LACKING, network_of

SETTINGS = [(kind, *case) for kind in sorted(LACKING) for case in CASES[kind]]
NORMAL = {"choice": "random_normal", "mean": 0.0, "stddev": 0.02}
STARTS = [
    ("AdaIN", {"kernel_initializer": NORMAL, "bias_initializer": {"choice": "ones"}}, [(3, 4, 6), (5,)]),
    ("MinibatchDiscrimination", {"kernel_initializer": NORMAL}, [(6,)]),
    ("SelfAttention2D", {"kernel_initializer": NORMAL}, [(2, 2, 3)]),
]
WRAPPED = [
    ("TimeDistributed", {"layer": "SelfAttention2D"}, [(3, 2, 2, 4)]),
    ("TimeDistributed", {"layer": "MinibatchStdDev"}, [(3, 5)]),
]


def exported(path, kind, parameters, shapes):
    """A network of one layer in a file, with weights that leave no part of it without effect, and what it computes."""
    network, inputs = network_of(kind, parameters, shapes)
    rng = np.random.default_rng(1)
    for variable in network.weights().values():
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    network.mode.training = False
    write_keras(network, path)
    return network, inputs, keras.ops.convert_to_numpy(network(**inputs))


@pytest.mark.parametrize(("kind", "parameters", "shapes"), [*SETTINGS, *STARTS, *WRAPPED])
def test_a_layer_comes_back_with_its_parameters_and_weights(tmp_path, kind, parameters, shapes):
    network, inputs, wanted = exported(tmp_path / "model.keras", kind, parameters, shapes)
    found = imported(tmp_path / "model.keras")
    *_, layer = found.layers
    assert types(found) == ["Input"] * len(shapes) + [kind]
    for name, value in parameters.items():
        assert (layer[name]["type"] if name == "layer" else layer[name]) == value
    assert len(found.weights) == len(network.weights())
    for (_, value), variable in zip(sorted(found.weights.items()), sorted(network.weights().items()), strict=True):
        np.testing.assert_array_equal(value, keras.ops.convert_to_numpy(variable[1]))
    given = [
        value.astype(np.int64) if source["source"] == "label" else value
        for source, value in zip(found.layers, inputs.values(), strict=False)
    ]
    agree(computed(found, *given), wanted)


def described(path):
    with zipfile.ZipFile(path) as archive:
        layers = json.loads(archive.read("config.json"))["config"]["layers"]
    return next(layer["config"] for layer in layers if layer["class_name"] == "Functional")


def test_a_model_that_computes_something_else_is_read_as_what_it_is(tmp_path):
    exported(tmp_path / "model.keras", "SelfAttention2D", {}, [(2, 2, 3)])
    config = described(tmp_path / "model.keras")
    assert composed("Functional", config)["type"] == "SelfAttention2D"
    for layer in config["layers"]:
        if layer["class_name"] == "Softmax":
            layer["config"]["axis"] = 1
    assert composed("Functional", config) is None


def test_a_model_saved_again_by_keras_still_says_what_it_is(tmp_path):
    exported(tmp_path / "model.keras", "PixelNormalization", {"epsilon": 0.5}, [(7, 2)])
    keras.saving.load_model(tmp_path / "model.keras").save(tmp_path / "again.keras")
    assert read_network(tmp_path / "again.keras", ".keras").layers[-1]["type"] == "PixelNormalization"
