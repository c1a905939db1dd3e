"""A Keras program that was taken home trains as its drawing did; on PyTorch where nothing else is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

import spec
from drivers.export import write_notebook, write_script
from drivers.export.keras.layers import WRITERS
from drivers.export.keras.networks import write_network
from drivers.export.keras.program import KerasProgram
from drivers.keras.network import Network
from tests.drivers.conftest import SMALL, small_spec
from tests.drivers.export.layers import draw, every_setting, one_layer, run_network
from tests.drivers.export.programs import (
    RECURRENT_CRITIC,
    assert_goes_on,
    assert_same_losses,
    deep_dcgan,
    imported,
    normalized_spec,
    waves_spec,
)
from tests.drivers.keras.children import SETTINGS

ON_TORCH = {"driver": "keras", "backend": "torch"}


def assert_same(*families, **modules):
    return assert_same_losses(small_spec(*families, **modules, **ON_TORCH), library="keras", steps=3)


@pytest.mark.parametrize("family", sorted(SMALL))
def test_every_family_has_the_losses_of_its_training(family):
    assert_same(family)


def test_blocks_in_loops():
    text = assert_same_losses(deep_dcgan(**ON_TORCH), library="keras", steps=2)
    assert "for filters in (32, 16, 8, 4):" in text
    assert "for filters in (8, 16, 32):" in text


DIFFERING = [
    {"id": "image", "type": "Input", "source": "image", "inputs": []},
    {"id": "blend", "type": "UpSampling2D", "size": 2, "interpolation": "bilinear", "inputs": ["image"]},
    {"id": "conv", "type": "Conv2D", "filters": 3, "kernel_size": 4, "strides": 4, "inputs": ["blend"]},
    {"id": "even", "type": "LayerNormalization", "axis": [-1, 1], "inputs": ["conv"]},
    {"id": "thin", "type": "MultiHeadAttention", "num_heads": 4, "key_dim": 1, "bias_initializer": "ones",
     "inputs": ["even"]},
    {"id": "wide", "type": "MultiHeadAttention", "num_heads": 2, "key_dim": 2, "value_dim": 3, "inputs": ["thin"]},
    {"id": "flat", "type": "Flatten", "inputs": ["wide"]},
    {"id": "near", "type": "MinibatchDiscrimination", "num_kernels": 2, "kernel_dim": 3, "inputs": ["flat"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["near"]},
]  # fmt: skip
"""A discriminator of layers whose first or second derivatives Keras's own lack, or get wrong, on some backend."""


@pytest.mark.parametrize("backend", ["jax", "tensorflow"])
def test_other_backends_have_the_losses_of_their_training(backend, tmp_path):
    """In a process of its own: penalties through normalizations, attention and blends; labels; an average; a DCGAN."""
    runtime = {"driver": "keras", "backend": backend}
    penalties = [{"choice": "r1", "weight": 0.1}, {"choice": "gradient_penalty", "weight": 0.1}]
    differing = small_spec(
        "gan",
        {"choice": "custom", "layers": DIFFERING},
        loss={"choice": "hinge", "regularizers": penalties},
        optimizer={"choice": "sgd", "learning_rate": 0.01},
        **runtime,
    )
    normalized = normalized_spec(training={"discriminator_steps": 2, "ema_decay": 0.5}, **runtime)
    (tmp_path / "specs.json").write_text(json.dumps([differing, normalized, small_spec("dcgan", **runtime)]))
    environment = {**os.environ, **SETTINGS, "KERAS_BACKEND": backend, "KERAS_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "tests.drivers.export.program_child", str(tmp_path)]
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    for found, wanted in json.loads((tmp_path / "losses.json").read_text()):
        np.testing.assert_allclose(found, wanted, rtol=1e-4)


@pytest.mark.parametrize("loss", sorted(spec.catalogue.load()["losses"]))
def test_losses(loss):
    more = {"label_smoothing": 0.1, "label_noise": 0.2} if loss in ("minimax", "non_saturating") else {}
    assert_same("gan", loss={"choice": loss, **more, "regularizers": []})


def test_a_penalty_of_a_discriminator_that_sees_labels():
    assert_same("cgan", loss={"choice": "non_saturating", "regularizers": ["r1", "gradient_penalty"]})


@pytest.mark.parametrize("optimizer", sorted(spec.catalogue.load()["optimizers"]))
def test_optimizers(optimizer):
    more = {"momentum": 0.9, "nesterov": True} if optimizer == "sgd" else {}
    given = {"choice": optimizer, "learning_rate": 0.002, **more}
    assert_same("gan", optimizer=given, training={"learning_rate_schedule": "linear", "epochs": 1})


def test_an_average_is_kept_and_sampled_from():
    assert "update_average(average, generator)" in assert_same("dcgan", training={"ema_decay": 0.9})


def test_frozen_layers():
    module = {**SMALL["dcgan"]["discriminator"], "choice": "dcgan", "frozen": ["conv2d_1", "batchnormalization_1"]}
    assert "trainable=False" in assert_same("dcgan", module)


def test_spectral_normalization_rests_in_a_penalty():
    dense = {"type": "SpectralNormalization", "layer": {"type": "Dense", "units": 4}}
    layers = [
        {"id": "image", "type": "Input", "source": "image", "inputs": []},
        {"id": "flat", "type": "Flatten", "inputs": ["image"]},
        {"id": "even", **dense, "inputs": ["flat"]},
        {"id": "soft", "type": "Softplus", "inputs": ["even"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["soft"]},
    ]
    drawn = {"choice": "custom", "layers": layers}
    loss = {"choice": "hinge", "regularizers": ["r1"]}
    assert "resting(discriminator, x)" in assert_same("gan", drawn, loss=loss)


@pytest.mark.parametrize("discriminator", ["gan", RECURRENT_CRITIC], ids=["dense", "recurrent"])
def test_sequences(discriminator):
    assert_same_losses(waves_spec(discriminator, **ON_TORCH), library="keras")


def test_a_program_goes_on_from_the_weights_of_a_training(tmp_path):
    second = small_spec("dcgan", training={"epochs": 1, "ema_decay": 0.5}, **ON_TORCH)
    assert_goes_on(small_spec("dcgan"), second, tmp_path, library="keras")


def test_all_of_the_catalogue_is_written():
    assert set(spec.catalogue.load()["layers"]) == set(WRITERS) | {"Input"}


@pytest.mark.parametrize(("kind", "parameters", "shapes"), every_setting())
def test_layers(kind, parameters, shapes):
    """Each setting of each layer as the whole of a network: the same weights, the same numbers."""
    module = one_layer(kind, parameters, shapes)
    seed = keras.random.SeedGenerator(3)
    network = Network(module["layers"], module["outputs"], weights=np.random.default_rng(7), dropout=seed)
    given = {"weights_rng": np.random.default_rng(7), "layers_rng": keras.random.SeedGenerator(3), "SEED": 0}
    program = KerasProgram(small_spec("gan", **ON_TORCH))
    lines = write_network("discriminator", module, None, backend="torch", is_penalized=False)
    defined = run_network(program, lines, given)

    values = draw(kind, module)
    wanted = keras.ops.convert_to_numpy(network(**values))
    inputs = list(values.values())
    found = defined["make_discriminator"]()(inputs[0] if len(inputs) == 1 else inputs, training=True)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), wanted, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("backend", ["torch", "tensorflow"])
def test_it_is_without_this_project(backend):
    given = {"data": {"choice": "digits", "image_size": 32}, "generator": "dcgan", "discriminator": "dcgan"}
    text = write_script(spec.resolve({**given, "driver": "keras", "backend": backend}), library="keras")
    assert imported(text) == {"os", "functools", "keras", backend, "numpy", "PIL", "sklearn"}


def test_a_notebook_holds_the_same_program_cell_by_cell(tmp_path, monkeypatch):
    given = small_spec("cgan", training={"epochs": 1, "sample_count": 6}, **ON_TORCH)
    notebook = json.loads(write_notebook(given, library="keras"))
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "__main__"}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    assert {path.name for path in tmp_path.iterdir()} == {"samples.png", "generator.weights.h5"}


def test_a_spec_of_the_pytorch_driver_becomes_a_program_on_pytorch():
    assert 'os.environ["KERAS_BACKEND"] = "torch"' in write_script(small_spec("gan"), library="keras")
