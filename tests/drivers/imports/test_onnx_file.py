"""ONNX graphs become layers of a spec, or are refused operator by operator."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper
from torch import nn

import spec
from drivers.imports import UnreadableError, read_network
from drivers.onnx_layers import put_layers
from tests.drivers.conftest import SMALL
from tests.drivers.imports.comparing import agree, computed, imported

CRITIC = nn.Sequential(
    nn.Conv2d(1, 8, 4, stride=2, padding=1),
    nn.LeakyReLU(0.2),
    nn.Conv2d(8, 16, 3, padding=1),
    nn.ReLU(),
    nn.MaxPool2d(2),
    nn.Flatten(),
    nn.Linear(256, 1),
)
GENERATOR = nn.Sequential(
    nn.Linear(32, 128),
    nn.Unflatten(1, (8, 4, 4)),
    nn.ConvTranspose2d(8, 8, 4, stride=2, padding=1),
    nn.ELU(),
    nn.ConvTranspose2d(8, 1, 4, stride=2, padding=1),
    nn.Tanh(),
)


def saved(network, shape, path):
    torch.onnx.export(network.eval(), (torch.zeros(shape),), path, dynamo=True, external_data=False, verbose=False)
    return read_network(path, ".onnx").layers


def graph(*nodes, weights=(), shape=(1, 4)):
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    return helper.make_model(helper.make_graph(list(nodes), "g", [put], [out], list(weights)))


def refused(model, tmp_path):
    (tmp_path / "model.onnx").write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    with pytest.raises(UnreadableError) as error:
        read_network(tmp_path / "model.onnx", ".onnx")
    return error.value.problems


def test_both_networks_of_a_gan_are_drawn_with_as_many_weights(tmp_path):
    critic = saved(CRITIC, (2, 1, 16, 16), tmp_path / "critic.onnx")
    assert [layer["type"] for layer in critic] == [
        "Input", "Conv2D", "LeakyReLU", "Conv2D", "ReLU", "MaxPooling2D", "Flatten", "Dense"
    ]  # fmt: skip
    generator = saved(GENERATOR, (2, 32), tmp_path / "generator.onnx")
    resolved = spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 16},
            "generator": {"choice": "custom", "layers": generator},
            "discriminator": {"choice": "custom", "layers": critic},
        }
    )
    for role, network in (("generator", GENERATOR), ("discriminator", CRITIC)):
        assert resolved[role]["parameter_count"] == sum(weight.numel() for weight in network.parameters())


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize("family", sorted(SMALL))
def test_what_was_exported_here_is_the_same_network_again(open_small, tmp_path, family, role):
    session = open_small(family)
    session.export("onnx", role, tmp_path / "network.onnx")
    layers = read_network(tmp_path / "network.onnx", ".onnx").layers
    again = spec.resolve({**session.spec, role: {"choice": "custom", "layers": layers}})
    assert again[role]["layers"] == session.spec[role]["layers"]
    assert again[role]["parameter_count"] == session.spec[role]["parameter_count"]


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_what_was_exported_here_can_be_read_with_its_weights(open_small, tmp_path, role):
    open_small("cgan").export("onnx", role, tmp_path / "network.onnx")
    session, random = onnxruntime.InferenceSession(tmp_path / "network.onnx"), np.random.default_rng(0)
    given = {
        put.name: random.integers(0, 10, 3) if put.name == "label" else random.normal(size=(3, *put.shape[1:]))
        for put in session.get_inputs()
    }
    given = {name: value if name == "label" else value.astype(np.float32) for name, value in given.items()}
    agree(computed(imported(tmp_path / "network.onnx"), *given.values()), session.run(None, given)[0])


def test_layers_of_a_graph_that_was_changed_since_do_not_count(open_small, tmp_path):
    open_small("gan").export("onnx", "generator", tmp_path / "network.onnx")
    model = onnx.load(tmp_path / "network.onnx")
    model.graph.node[-1].op_type = "Sin"
    assert "A drawing has no layer for the operator Sin" in refused(model, tmp_path)[0]["message"]


@pytest.mark.parametrize("layers", ["[", "[1]", '{"id": "a"}', '[{"id": "a", "type": "Dense"}]'])
def test_layers_that_are_none_are_passed_over(tmp_path, layers):
    model = graph(helper.make_node("Tanh", ["x"], ["y"], "soft"))
    put_layers(model, [])
    model.metadata_props[0].value = layers
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    assert [layer["type"] for layer in read_network(tmp_path / "model.onnx", ".onnx").layers] == ["Input", "Tanh"]


def test_names_that_try_to_be_paths_become_plain_ones(tmp_path):
    model = graph(helper.make_node("Tanh", ["x"], ["y"], "../../etc/passwd\n<b>"))
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    layers = read_network(tmp_path / "model.onnx", ".onnx").layers
    assert [layer["id"] for layer in layers] == ["x", "_etc_passwd_b_"]


def test_unknown_operators_are_named_all_at_once(tmp_path):
    nodes = [helper.make_node("Sin", ["x"], ["a"], "wave"), helper.make_node("Det", ["a"], ["y"], "volume")]
    assert [problem["message"] for problem in refused(graph(*nodes), tmp_path)] == [
        "A drawing has no layer for the operator Sin ('wave').",
        "A drawing has no layer for the operator Det ('volume').",
    ]


def test_weights_in_another_file_are_refused_and_not_opened(tmp_path):
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 1], data_location=TensorProto.EXTERNAL)
    weight.external_data.add(key="location", value="../../etc/passwd")
    model = graph(helper.make_node("MatMul", ["x", "w"], ["y"]), weights=[weight])
    (problem,) = refused(model, tmp_path)
    assert problem["code"] == "external_data"


def test_constants_in_another_file_are_refused_and_not_opened(tmp_path):
    (tmp_path / "numbers").write_bytes(bytes(16))
    shape = TensorProto(name="shape", data_type=TensorProto.INT64, dims=[2], data_location=TensorProto.EXTERNAL)
    shape.external_data.add(key="location", value=str(tmp_path / "numbers"))
    nodes = [helper.make_node("Constant", [], ["s"], value=shape), helper.make_node("Reshape", ["x", "s"], ["y"])]
    (problem,) = refused(graph(*nodes), tmp_path)
    assert problem["code"] == "external_data"


def test_what_cannot_be_drawn_of_a_known_operator_is_told(tmp_path):
    weight = helper.make_tensor("w", TensorProto.FLOAT, [4, 1], [0.0] * 4)
    (problem,) = refused(graph(helper.make_node("Gemm", ["x", "w"], ["y"], "g", transA=1), weights=[weight]), tmp_path)
    assert problem["message"] == "Gemm 'g' cannot be drawn: transA is 1 and not 0."


def test_an_open_shape_is_told(tmp_path):
    (problem,) = refused(graph(helper.make_node("Tanh", ["x"], ["y"]), shape=(1, "n")), tmp_path)
    assert problem["code"] == "open_shape"


@pytest.mark.parametrize("content", [b"", b"\x80\x04 a pickle", b"PK\x03\x04"])
def test_what_is_no_onnx_file_is_told(tmp_path, content):
    assert refused(content, tmp_path)[0]["code"] == "not_onnx"
