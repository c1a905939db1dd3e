"""Networks as graphs of layers."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import spec
from drivers.errors import DriverError
from drivers.pytorch.network import Network

DENSE = {
    "type": "Dense",
    "activation": "linear",
    "use_bias": False,
    "kernel_initializer": {"choice": "glorot_uniform"},
    "bias_initializer": {"choice": "zeros"},
}


def network(layers, outputs, seed=0):
    generators = (np.random.default_rng(seed), torch.Generator().manual_seed(seed))
    return Network(layers, outputs, weights=generators[0], dropout=generators[1])


def source(name, shape, id_=None):
    return {"id": id_ or name, "type": "Input", "source": name, "shape": shape, "output_shape": shape, "inputs": []}


# noise ─ a ─┐
#            ├─ sum ─ head_1
# image ─ b ─┴─────── joined ─ head_2        (b is read twice)
BRANCHES = [
    source("noise", [3]),
    source("image", [2]),
    {"id": "a", **DENSE, "units": 4, "inputs": ["noise"], "output_shape": [4]},
    {"id": "b", **DENSE, "units": 4, "inputs": ["image"], "output_shape": [4]},
    {"id": "sum", "type": "Add", "inputs": ["a", "b"], "output_shape": [4]},
    {"id": "head_1", **DENSE, "units": 1, "inputs": ["sum"], "output_shape": [1]},
    {"id": "joined", "type": "Concatenate", "axis": -1, "inputs": ["sum", "b"], "output_shape": [8]},
    {"id": "head_2", **DENSE, "units": 2, "inputs": ["joined"], "output_shape": [2]},
]


@pytest.mark.parametrize("layers", [BRANCHES, BRANCHES[::-1]], ids=["in order", "backwards"])
def test_several_inputs_branches_merges_and_outputs(layers):
    net = network(layers, ["head_1", "head_2"])
    noise, image = torch.randn(5, 3), torch.randn(5, 2)
    kernel = {name.split("/")[0]: value for name, value in net.weights().items()}
    total = noise @ kernel["a"] + image @ kernel["b"]
    heads = net.call_all(noise=noise, image=image)
    assert list(heads) == ["head_1", "head_2"]
    torch.testing.assert_close(heads["head_1"], total @ kernel["head_1"])
    torch.testing.assert_close(heads["head_2"], torch.cat([total, image @ kernel["b"]], 1) @ kernel["head_2"])
    torch.testing.assert_close(net(noise=noise, image=image), heads["head_1"])


def test_an_input_that_is_not_given_is_told():
    with pytest.raises(DriverError, match="input 'image' needs images, but got none"):
        network(BRANCHES, ["head_1"])(noise=torch.randn(5, 3))


def test_layers_that_wait_for_each_other_are_told():
    loop = [
        source("noise", [3]),
        {"id": "a", "type": "Add", "inputs": ["noise", "b"], "output_shape": [3]},
        {"id": "b", "type": "Add", "inputs": ["a", "noise"], "output_shape": [3]},
    ]
    with pytest.raises(DriverError, match="a, b wait for each other"):
        network(loop, ["b"])


def test_ids_may_hold_any_character():
    layers = [source("noise", [3], "my.noise 1"), {**BRANCHES[2], "id": "dense.1/x", "inputs": ["my.noise 1"]}]
    net = network(layers, ["dense.1/x"])
    assert list(net.weights()) == ["dense.1/x/kernel"]
    assert net(noise=torch.randn(2, 3)).shape == (2, 4)


@pytest.mark.parametrize("family", ["gan", "cgan", "dcgan", "wgan", "wgan_gp"])
@pytest.mark.parametrize(("size", "channels"), [(8, 1), (28, 1), (33, 3)])
def test_families_have_the_weights_that_the_spec_says(family, size, channels):
    data = {"choice": "cifar10", "image_size": size, "channels": channels}
    resolved = spec.resolve({"data": data, "generator": {"choice": family}, "discriminator": {"choice": family}})
    for role in ("generator", "discriminator"):
        module = resolved[role]
        net = network(module["layers"], module["outputs"])
        found = {f"{role}/{name}": tuple(value.shape) for name, value in net.weights().items()}
        expected = spec.weights(resolved, role)
        assert found == {name: shape for name, shape, _ in expected}
        assert {f"{role}/{name}" for name in net.trainable()} == {name for name, _, trained in expected if trained}
        assert sum(np.prod(shape) for shape in found.values()) == module["parameter_count"]
        inputs = {
            "noise": torch.randn(2, resolved["generator"]["latent_dim"]),
            "label": torch.tensor([0, 9]),
            "image": torch.randn(2, size, size, channels),
        }
        assert net(**inputs).shape == (2, *module["output_shape"])


def test_initial_weights_follow_the_seed():
    layers = [source("noise", [3]), BRANCHES[2]]
    first, again, other = (network(layers, ["a"], seed).weights()["a/kernel"] for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
