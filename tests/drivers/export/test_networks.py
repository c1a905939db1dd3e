"""Networks written as files give the driver's numbers where they are read again."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from safetensors import safe_open

import drivers
import spec
from drivers.errors import DriverError
from drivers.export.weights import add_spec
from tests.drivers.conftest import SMALL, small_spec

os.environ.setdefault("KERAS_BACKEND", "torch")
# Another program, which knows Keras and nothing of this project.
BARE = {**os.environ, "KERAS_BACKEND": "torch"}
ELSEWHERE = """
import keras, numpy
inputs, found = numpy.load("inputs.npz"), {}
for network in sorted({name.split("/")[0] for name in inputs}):
    model = keras.saving.load_model(f"{network}.keras")
    given = {name.split("/")[1]: inputs[name] for name in inputs if name.startswith(f"{network}/")}
    answer = model({name: keras.ops.convert_to_tensor(value) for name, value in given.items()})
    found[network] = keras.ops.convert_to_numpy(answer)
numpy.savez("found.npz", **found)
"""


def inputs_of(resolved, role, count=5):
    """What a network takes, by name; labels as whole numbers."""
    rng = np.random.default_rng(0)
    found = {}
    for layer in resolved[role]["layers"]:
        if layer["type"] == "Input":
            shape = (count, *layer["output_shape"])
            is_label = layer["source"] == "label"
            drawn = rng.integers(10, size=shape) if is_label else rng.normal(size=shape).astype(np.float32)
            found[layer["source"]] = drawn
    return found


def driver_answers(session, role, inputs):
    state = session._state
    network = state.network_in_use(role)
    with state.inference(network):
        return network(**{name: torch.from_numpy(value) for name, value in inputs.items()}).numpy()


# The other families have the layers of these two.
@pytest.mark.parametrize(("family", "role"), [("dcgan", "generator"), ("cgan", "discriminator")])
def test_onnx_gives_the_numbers_of_the_driver(open_small, tmp_path, family, role):
    session = open_small(family)
    session.train_step()
    path = tmp_path / "network.onnx"
    session.export("onnx", role, path)
    assert [file.name for file in tmp_path.iterdir()] == ["network.onnx"]  # no weights beside it

    run = onnxruntime.InferenceSession(path)
    inputs = inputs_of(session.spec, role)
    assert [put.name for put in run.get_inputs()] == list(inputs)
    assert run.get_inputs()[0].shape[0] == "batch"
    assert [put.name for put in run.get_outputs()] == ["image" if role == "generator" else "score"]
    (found,) = run.run(None, inputs)
    np.testing.assert_allclose(found, driver_answers(session, role, inputs), atol=1e-4)
    assert onnx.load(path).opset_import[0].version == 20


def broad_network():
    """A discriminator with most kinds of layers, one after the other."""
    chain = [
        ("Conv2D", {"filters": 8, "kernel_size": 4, "strides": 2, "padding": "same"}),
        ("InstanceNormalization", {}),
        ("PReLU", {"shared_axes": [1, 2]}),
        ("SelfAttention2D", {}),
        ("DepthwiseConv2D", {"kernel_size": 3, "padding": "same"}),
        ("LayerNormalization", {}),
        ("SeparableConv2D", {"filters": 8, "kernel_size": 3, "padding": "same", "activation": "silu"}),
        ("GroupNormalization", {"groups": 4}),
        ("SpectralNormalization", {"layer": {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"}}),
        ("MinibatchStdDev", {"group_size": None}),
        ("UpSampling2D", {"interpolation": "bilinear"}),
        ("AveragePooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("Conv2DTranspose", {"filters": 6, "kernel_size": 3, "strides": 2, "padding": "same"}),
        ("BatchNormalization", {}),
        ("MaxPooling2D", {"pool_size": 3, "strides": 2, "padding": "same"}),
        ("PixelNormalization", {}),
        ("GaussianNoise", {"stddev": 0.2}),
        ("Reshape", {"target_shape": [3, 32]}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3}),
        ("Conv1D", {"filters": 4, "kernel_size": 3, "padding": "causal"}),
        ("TimeDistributed", {"layer": {"type": "Dense", "units": 4, "activation": "gelu"}}),
        ("GRU", {"units": 4}),
        ("MinibatchDiscrimination", {"num_kernels": 3, "kernel_dim": 2}),
        ("Dropout", {"rate": 0.5}),
        ("Dense", {"units": 1}),
    ]  # fmt: skip
    layers = [{"id": "image", "type": "Input", "source": "image", "inputs": []}]
    for number, (kind, parameters) in enumerate(chain):
        layers.append({"id": f"l{number}", "type": kind, **parameters, "inputs": [layers[-1]["id"]]})
    return {"choice": "custom", "layers": layers}


@pytest.fixture(scope="module")
def broad():
    resolved = spec.resolve({**small_spec("gan"), "discriminator": broad_network()})
    return drivers.open_session(resolved, None, threads=1)


def test_onnx_of_many_layers(broad, tmp_path):
    broad.export("onnx", "discriminator", tmp_path / "network.onnx")
    inputs = inputs_of(broad.spec, "discriminator", count=3)
    (found,) = onnxruntime.InferenceSession(tmp_path / "network.onnx").run(None, inputs)
    np.testing.assert_allclose(found, driver_answers(broad, "discriminator", inputs), atol=1e-4)


def test_torch_export_of_many_layers(broad, tmp_path):
    broad.export("torch_export", "discriminator", tmp_path / "network.pt2")
    inputs = inputs_of(broad.spec, "discriminator", count=3)
    module = torch.export.load(tmp_path / "network.pt2").module()
    found = module(*(torch.from_numpy(value) for value in inputs.values())).detach()
    np.testing.assert_allclose(found, driver_answers(broad, "discriminator", inputs), atol=1e-5)


@pytest.fixture(scope="module")
def grouped():
    """A discriminator that compares the samples of groups, and divides by what is 0 in a dark pixel but for epsilon."""
    layers = [
        {"id": "image", "type": "Input", "source": "image"},
        {"id": "bright", "type": "ReLU", "inputs": ["image"]},
        {"id": "pixels", "type": "PixelNormalization", "inputs": ["bright"]},
        {"id": "spread", "type": "MinibatchStdDev", "inputs": ["pixels"]},
        {"id": "flat", "type": "Flatten", "inputs": ["spread"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["flat"]},
    ]
    given = {**small_spec("gan"), "discriminator": {"choice": "custom", "layers": layers}}
    return drivers.open_session(spec.resolve(given), None, threads=1)


def run_onnx(path):
    session = onnxruntime.InferenceSession(path)
    return lambda inputs: session.run(None, inputs)[0]


def run_torch_export(path):
    module = torch.export.load(path).module()
    return lambda inputs: module(*map(torch.from_numpy, inputs.values())).detach()


@pytest.mark.parametrize("format_", ["onnx", "torch_export"])
def test_groups_of_any_batch_and_small_epsilons_leave(grouped, tmp_path, format_):
    path = tmp_path / "network.pt2"
    grouped.export(format_, "discriminator", path)
    run = (run_onnx if format_ == "onnx" else run_torch_export)(path)
    for count in (1, 4, 5, 10):  # groups of up to 4 samples: of 1; 4; 3 and 2; 4, 3 and 3
        inputs = inputs_of(grouped.spec, "discriminator", count=count)
        np.testing.assert_allclose(run(inputs), driver_answers(grouped, "discriminator", inputs), atol=1e-5)


def test_the_averaged_generator_leaves(open_small, tmp_path):
    session = open_small("gan", training={"ema_decay": 0.5})
    session.train_step()
    session.export("torch_export", "generator", tmp_path / "network.pt2")
    inputs = inputs_of(session.spec, "generator")
    found = torch.export.load(tmp_path / "network.pt2").module()(torch.from_numpy(inputs["noise"]))
    np.testing.assert_allclose(found.detach(), driver_answers(session, "generator", inputs), atol=1e-6)
    assert session._state.networks["generator"].mode.training
    session.train_step()  # the training goes on as if nothing had been


def test_weights_leave_with_their_spec(open_small, tmp_path):
    session = open_small("gan")
    session.save_weights(tmp_path / "weights.safetensors")
    add_spec(tmp_path / "weights.safetensors", tmp_path / "model.safetensors", session.spec)
    with safe_open(tmp_path / "model.safetensors", "numpy") as file:
        assert json.loads(file.metadata()["spec"]) == session.spec
        assert sorted(file.keys()) == sorted(
            name for role in ("generator", "discriminator") for name, _, _ in spec.weights(session.spec, role)
        )


@pytest.mark.parametrize(
    ("format_", "network", "message"),
    [
        ("onnx", "encoder", "There is no network 'encoder'; there is generator, discriminator."),
        ("caffe", "generator", "The driver 'pytorch' writes no networks as 'caffe'."),
    ],
)
def test_what_is_not_there_is_told(broad, tmp_path, format_, network, message):
    with pytest.raises(DriverError) as error:
        broad.export(format_, network, tmp_path / "network")
    assert error.value.message == message


def in_keras(session, folder):
    """The same weights in the Keras driver."""
    session.save_weights(folder / "weights")
    other = drivers.open_session({**session.spec, "driver": "keras", "backend": "torch"}, None)
    other.load_weights(folder / "weights")
    return other


def test_a_keras_file_of_every_family_opens_without_this_project(open_small, tmp_path):
    wanted, given = {}, {}
    for family in SMALL:
        session = open_small(family)
        session.train_step()
        other = in_keras(session, tmp_path)
        for role in ("generator", "discriminator"):
            other.export("keras", role, tmp_path / f"{family}-{role}.keras")
            inputs = inputs_of(session.spec, role)
            given |= {f"{family}-{role}/{name}": value for name, value in inputs.items()}
            wanted[f"{family}-{role}"] = driver_answers(session, role, inputs)
    np.savez(tmp_path / "inputs", **given)
    command = [sys.executable, "-I", "-c", ELSEWHERE]
    run = subprocess.run(command, cwd=tmp_path, env=BARE, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    found = np.load(tmp_path / "found.npz")
    assert set(found) == set(wanted)
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, atol=1e-4)


def test_onnx_gives_the_numbers_of_the_keras_driver(open_small, tmp_path):
    session = open_small("dcgan")
    session.train_step()
    other = in_keras(session, tmp_path)
    session.export("onnx", "discriminator", tmp_path / "network.onnx")
    images = np.random.default_rng(0).integers(0, 256, (5, 16, 16, 1), np.uint8)
    inputs = {"image": (images / 127.5 - 1.0).astype(np.float32)}
    (found,) = onnxruntime.InferenceSession(tmp_path / "network.onnx").run(None, inputs)
    np.testing.assert_allclose(found[:, 0], other.discriminate(images)["score"], atol=1e-4)
