"""Layers that are told not to train."""

from __future__ import annotations

import pytest
import torch

import drivers
import spec
from drivers.session import DriverSession
from tests.drivers.conftest import small_spec

CRITIC = {"choice": "dcgan", "filters": 4, "dropout": 0.0}
NORMALIZED = {"choice": "custom", "layers": [
    {"id": "image", "type": "Input", "source": "image", "inputs": []},
    {"id": "sn", "type": "SpectralNormalization", "inputs": ["image"], "trainable": False,
     "layer": {"type": "Conv2D", "filters": 4, "kernel_size": 3}},
    {"id": "bn", "type": "BatchNormalization", "inputs": ["sn"], "trainable": False},
    {"id": "flat", "type": "Flatten", "inputs": ["bn"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["flat"]},
]}  # fmt: skip


def weights(session: DriverSession, role: str = "discriminator") -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in session._state.networks[role].weights().items()}


def test_frozen_layers_stay_and_the_others_learn(open_small):
    session = open_small("dcgan", {**CRITIC, "frozen": ["conv2d_1", "batchnormalization_*"]})
    before = weights(session)
    for _ in range(3):
        session.train_step()
    changed = {name.split("/")[0] for name, value in weights(session).items() if not torch.equal(value, before[name])}
    assert changed == {"conv2d_2", "dense_1"}


def test_a_frozen_layer_has_no_gradient_and_no_optimizer_state(open_small):
    session = open_small("dcgan", {**CRITIC, "frozen": ["conv2d_1"]})
    session.train_step()
    network = session._state.networks["discriminator"]
    assert network.layers["conv2d_1"].kernel.grad is None
    held = session._state.optimizers["discriminator"].parameters
    assert not [name for name in held if name.startswith("conv2d_1/")]
    assert "conv2d_2/kernel" in held


def test_frozen_normalizations_compute_as_in_use(open_small):
    session = open_small("gan", NORMALIZED)
    network = session._state.networks["discriminator"]
    assert not network.mixes_samples
    before = weights(session)
    session.train_step()
    after = weights(session)
    assert [name for name in before if not torch.equal(before[name], after[name])] == ["score/kernel", "score/bias"]
    # The moving statistics at the start are mean 0 and variance 1, and so is what the layer divides by.
    x = torch.randn(3, 8, 8, 1)
    through = network.layers["bn"](network.layers["sn"](x))
    torch.testing.assert_close(through, network.layers["sn"](x) / (1 + 1e-3) ** 0.5)


def test_a_constraint_leaves_frozen_weights_alone(open_small):
    frozen = {"choice": "wgan", "widths": [32, 16], "frozen": ["dense_1"]}
    session = open_small("wgan", frozen)
    before = weights(session)
    session.train_step()
    assert torch.equal(weights(session)["dense_1/kernel"], before["dense_1/kernel"])
    assert weights(session)["dense_2/kernel"].abs().max() <= 0.01


def test_a_checkpoint_of_a_partly_frozen_network_resumes(open_small, tmp_path):
    module = {**CRITIC, "frozen": ["conv2d_1"]}
    session, other = open_small("dcgan", module), open_small("dcgan", module)
    session.train_step()
    session.save_checkpoint(tmp_path)
    other.load_checkpoint(tmp_path)
    for each in (session, other):
        each.read_losses()
        each.train_step()
    assert session.read_losses() == other.read_losses()


@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_the_average_holds_frozen_weights(digits, decay):
    small = small_spec("dcgan", training={"ema_decay": decay})
    resolved = spec.resolve({**small, "generator": {**small["generator"], "frozen": ["conv2d_1"]}})
    session = drivers.open_session(resolved, digits(resolved), threads=1)
    start = weights(session, "generator")["conv2d_1/kernel"]
    session.train_step()
    used = session._state.network_in_use("generator").weights()["conv2d_1/kernel"]
    assert torch.equal(used, start)
