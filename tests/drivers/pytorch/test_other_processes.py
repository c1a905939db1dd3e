"""Processes of other shapes fit the interface: other roles, other reports, running state, no discriminator.

Each is a miniature of a kind of training that the catalogue does not have yet; the session, the loop, checkpoints and
weight files take them as they are.
"""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest
import torch

import drivers
from drivers.batches import to_unit_range
from drivers.interface import Role
from drivers.pytorch.processes import PROCESSES
from drivers.pytorch.processes.base import PyTorchProcess
from drivers.training import train


class Energy(PyTorchProcess):
    """BEGAN's shape: the discriminator is an autoencoder, and a weight k is steered (Berthelot et al. 2017, eq. 5)."""

    name = "energy"

    def __init__(self, state):
        super().__init__(state)
        self.k = torch.zeros(())

    @classmethod
    def roles(cls, spec):
        return (
            Role("generator", module="generator", optimizer="generator", averaged=True),
            Role("discriminator", module="autoencoder", optimizer="discriminator"),
        )

    @classmethod
    def reports(cls, spec):
        return ("generator", "discriminator", "k")

    @property
    def judges_by_label(self):
        return False

    @property
    def score_is_logit(self):
        return False

    def energy(self, images):
        return (self._state.networks["discriminator"](image=images) - images).abs().flatten(1).mean(1)

    def step(self, update):
        state = self._state
        reals, _ = state.batches.next()
        noise = state.noise(len(reals), self.source_shape)
        fakes = state.networks["generator"](noise=noise)
        real, fake = self.energy(reals).mean(), self.energy(fakes.detach()).mean()
        state.minimize("discriminator", real - self.k * fake)
        generator = self.energy(fakes).mean()
        state.minimize("generator", generator)
        self.k = (self.k + 0.01 * (0.75 * real - generator)).clamp(0, 1).detach()
        return {"generator": generator.detach(), "discriminator": (real - self.k * fake).detach(), "k": self.k}

    def score(self, samples, labels):
        with torch.inference_mode():
            return -self.energy(samples)

    def state(self):
        return {"k": self.k}

    def load_state(self, state):
        self.k = state["k"]


class Cycle(PyTorchProcess):
    """CycleGAN's shape: four networks of two modules, and images to translate instead of noise (Zhu et al. 2017)."""

    name = "cycle"

    @classmethod
    def roles(cls, spec):
        return (
            *(Role(name, module="autoencoder", optimizer="generator") for name in ("generator_ab", "generator_ba")),
            *(Role(name, "discriminator", "discriminator") for name in ("discriminator_a", "discriminator_b")),
        )

    @classmethod
    def reports(cls, spec):
        return ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")

    @classmethod
    def batches_per_step(cls, spec):
        return 2

    @property
    def source_shape(self):
        return self.sample_shape(self._state.spec)

    generates_by_label = judges_by_label = False

    def draw(self, count, seed):
        chosen = np.random.default_rng(seed).integers(len(self._state.batches.samples), size=count)
        return to_unit_range(self._state.batches.samples[chosen])

    def generate(self, source, labels):
        network = self._state.network_in_use("generator_ab")
        with self._state.inference(network):
            return network(image=source)

    def score(self, samples, labels):
        network = self._state.networks["discriminator_b"]
        with self._state.inference(network):
            return network(image=samples).flatten()

    def step(self, update):
        state, networks, losses = self._state, self._state.networks, {}
        (a, _), (b, _) = state.batches.next(), state.batches.next()
        for there, back, judge, x, y in (("ab", "ba", "b", a, b), ("ba", "ab", "a", b, a)):
            if f"discriminator_{judge}" in update:
                with torch.no_grad():
                    fake = networks[f"generator_{there}"](image=x)
                real = networks[f"discriminator_{judge}"](image=y) - 1
                loss = (real**2).mean() + (networks[f"discriminator_{judge}"](image=fake) ** 2).mean()
                state.minimize(f"discriminator_{judge}", loss)
                losses[f"discriminator_{judge}"] = loss.detach()
            if f"generator_{there}" in update:
                fake = networks[f"generator_{there}"](image=x)
                fooled = ((networks[f"discriminator_{judge}"](image=fake) - 1) ** 2).mean()
                loss = fooled + 10 * (networks[f"generator_{back}"](image=fake) - x).abs().mean()
                state.minimize(f"generator_{there}", loss)
                losses[f"generator_{there}"] = loss.detach()
        return losses


class Likelihood(PyTorchProcess):
    """An autoregressive model's shape: one network, no adversary, samples made pixel by pixel."""

    name = "likelihood"

    @classmethod
    def roles(cls, spec):
        return (Role("generator", module="autoencoder", optimizer="generator"),)

    @classmethod
    def reports(cls, spec):
        return ("generator",)

    generates_by_label = judges_by_label = score_is_logit = False

    @property
    def source_shape(self):
        return self.sample_shape(self._state.spec)

    def draw(self, count, seed):
        return np.random.default_rng(seed).random((count, *self.source_shape), dtype=np.float32)

    def distance(self, images):
        return (self._state.networks["generator"](image=images) - images).square().flatten(1).mean(1)

    def generate(self, source, labels):
        network, images = self._state.network_in_use("generator"), torch.zeros_like(source)
        with self._state.inference(network):
            for row in range(2):
                images[:, row] = network(image=images)[:, row] + 0.1 * source[:, row]
        return images

    def score(self, samples, labels):
        with torch.inference_mode():
            return -self.distance(samples)

    def step(self, update):
        loss = self.distance(self._state.batches.next()[0]).mean()
        self._state.minimize("generator", loss)
        return {"generator": loss.detach()}


CODE = {
    "units": 64,
    "activation": "tanh",
    "use_bias": True,
    "kernel_initializer": {"choice": "glorot_uniform"},
    "bias_initializer": {"choice": "zeros"},
    "parameter_count": 64 * 65,
}
AUTOENCODER = [
    {"id": "image", "type": "Input", "source": "image", "inputs": [], "output_shape": [8, 8, 1]},
    {"id": "flat", "type": "Flatten", "inputs": ["image"], "output_shape": [64]},
    {"id": "code", "type": "Dense", **CODE, "inputs": ["flat"], "output_shape": [64]},
    {"id": "out", "type": "Reshape", "inputs": ["code"], "output_shape": [8, 8, 1]},
]


@pytest.fixture(params=[Energy, Cycle, Likelihood], ids=lambda process: process.name)
def open_process(request, make_spec, digits, monkeypatch):
    process = request.param
    monkeypatch.setitem(PROCESSES, process.name, process)
    resolved = copy.deepcopy(make_spec(loss={"choice": "least_squares"}, training={"ema_decay": 0.5}))
    resolved["autoencoder"] = {"layers": AUTOENCODER, "outputs": ["out"]}
    resolved["training"]["choice"] = process.name
    return lambda: drivers.open_session(resolved, digits(resolved), threads=1)


def run(session, folder: Path):
    events = []
    outcome = train(
        session,
        emit=events.append,
        next_command=lambda _: None,
        checkpoint_folder=folder,
        save_sample=lambda step, images: {"count": len(images)},
    )
    return outcome, events


def test_it_trains_in_the_common_loop(open_process, tmp_path):
    session = open_process()
    reports = PROCESSES[session.spec["training"]["choice"]].reports(session.spec)
    outcome, events = run(session, tmp_path)
    assert outcome == "finished"
    losses = [event for event in events if event["type"] == "loss"]
    assert tuple(losses[0])[2:-2] == reports
    points = [point for event in losses for point in event["points"]]
    assert [point[0] for point in points] == list(range(1, session.total_steps + 1))
    assert points[-1][1] < points[0][1]


def test_it_resumes_bit_for_bit(open_process, tmp_path):
    whole, cut = open_process(), open_process()
    for session in (whole, cut):
        for _ in range(4):
            session.train_step()
        session.read_losses()
    cut.save_checkpoint(tmp_path)
    resumed = open_process()
    resumed.load_checkpoint(tmp_path)
    for session in (whole, resumed):
        for _ in range(4):
            session.train_step()
    assert whole.read_losses() == resumed.read_losses()
    np.testing.assert_array_equal(whole.sample(4, seed=1), resumed.sample(4, seed=1))


def test_it_judges_and_keeps_its_weights(open_process, tmp_path, digits):
    session = open_process()
    session.train_step()
    session.save_weights(tmp_path / "weights")
    images = digits(session.spec).images[:6]
    judged = session.discriminate(images)
    assert judged["calibration"] == "logistic"
    again = open_process()
    again.load_weights(tmp_path / "weights")
    np.testing.assert_allclose(again.discriminate(images)["score"], judged["score"], rtol=1e-5)
