"""One training on four runtimes: from the same seed, weights and batches the same numbers, and weights that travel."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import drivers
import spec
from drivers import losses, regularizers
from drivers.data import load
from drivers.pytorch.ops import TorchOps
from tests.drivers.conftest import small_spec
from tests.drivers.keras.children import SETTINGS
from tests.drivers.keras.training_child import (
    asked,
    edited,
    judged,
    looked_at,
    looked_into,
    losses_of,
)
from tests.drivers.trainings import losses_read, measurements

BACKENDS = ("jax", "tensorflow", "torch")
# Those that also train in bfloat16.
REDUCED = ("dcgan", "wgan_gp")
FAMILIES = ("gan", "cgan", "dcgan", "wgan", "wgan_gp", "waves")
# Sequences instead of images, by networks that are drawn.
WAVES = {
    "data": {"choice": "sine", "length": 8, "count": 160},
    "generator": {
        "choice": "custom",
        "layers": [
            {"id": "noise", "type": "Input", "source": "noise", "shape": [4]},
            {"id": "steps", "type": "RepeatVector", "n": 8, "inputs": ["noise"]},
            {"id": "memory", "type": "LSTM", "units": 6, "return_sequences": True, "inputs": ["steps"]},
            {"id": "wave", "type": "Dense", "units": 1, "activation": "tanh", "inputs": ["memory"]},
        ],
    },
    "discriminator": {
        "choice": "custom",
        "layers": [
            {"id": "wave", "type": "Input", "source": "sequence"},
            {"id": "memory", "type": "GRU", "units": 6, "inputs": ["wave"]},
            {"id": "score", "type": "Dense", "units": 1, "inputs": ["memory"]},
        ],
    },
    "training": {"epochs": 2, "batch_size": 16},
    "device": "cpu",
    "precision": "float32",
}
SGD = {"choice": "sgd", "learning_rate": 0.005}
STEPS = 10
SHAPE = (6, 3, 3, 1)
ROOT = Path(__file__).parents[3]


def family_spec(family: str) -> dict[str, Any]:
    """Dropout draws in each library by itself, so there is none."""
    if family == "waves":
        return dict(spec.resolve({**WAVES, "optimizer": SGD}))
    # More updates than are compiled together.
    training = {"discriminator_steps": 7} if family == "wgan" else {}
    resolved = dict(small_spec(family, optimizer=SGD, training=training))
    for layer in resolved["discriminator"]["layers"]:
        if layer["type"] == "Dropout":
            layer["rate"] = 0.0
    return resolved


RESUMED = {
    "loss": {"choice": "non_saturating", "regularizers": ["gradient_penalty"]},
    "training": {"ema_decay": 0.9, "discriminator_steps": 2, "learning_rate_schedule": {"choice": "cosine"}},
}


@pytest.fixture(scope="module")
def pytorch(tmp_path_factory) -> tuple[Path, dict[str, dict[str, np.ndarray]]]:
    """What the PyTorch driver finds for each family, and the folder with the weights that it trained."""
    folder, found = tmp_path_factory.mktemp("runtimes"), {}
    for family in FAMILIES:
        resolved = family_spec(family)
        session = drivers.open_session(resolved, load(resolved["data"]), threads=1)
        for _ in range(STEPS):
            session.train_step()
        losses = losses_read(session)
        session.save_weights(folder / f"{family}-pytorch.safetensors")
        measured = measurements(session)
        samples, scores = looked_at(session)
        found[family] = {"losses": losses, "measured": measured, "samples": samples, "scores": scores}
        if family in REDUCED:
            found[family]["reduced"] = losses_of({**resolved, "precision": "bfloat16"}, STEPS)
        found[family] |= {"hidden": looked_into(session), "edited": edited(session)}
    return folder, found


@pytest.fixture(scope="module")
def given() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    arrays = {
        "real_scores": rng.normal(size=(7, 1)),
        "fake_scores": rng.normal(size=(7, 1)),
        "reals": rng.normal(size=SHAPE),
        "fakes": rng.normal(size=SHAPE),
        "draws": rng.random((1, SHAPE[0])),
        "kernel": rng.normal(size=(9, 4)),
        "bias": rng.normal(size=4),
    }
    return {name: value.astype(np.float32) for name, value in arrays.items()}


@pytest.fixture(scope="module")
def used(pytorch) -> tuple[Any, dict[str, Any]]:
    """A conditional model with a critic, trained by the PyTorch driver, and what it answers."""
    resolved = small_spec("cgan", loss={"choice": "wasserstein", "regularizers": ["gradient_penalty"]})
    session = drivers.open_session(resolved, load(resolved["data"]), threads=1)
    for _ in range(STEPS):
        session.train_step()
    session.save_weights(pytorch[0] / "used-pytorch.safetensors")
    return resolved, {"samples": session.sample(**asked(resolved)), **session.discriminate(**judged(resolved))}


@pytest.fixture(scope="module")
def runtimes(pytorch, given, used) -> dict[str, dict[str, np.ndarray]]:
    """What each backend finds, each in a process of its own."""
    folder, _ = pytorch
    np.savez(folder / "given.npz", **given)
    questions = {
        "families": {family: family_spec(family) for family in FAMILIES},
        "steps": STEPS,
        "losses": sorted(losses.LOSSES),
        "penalties": ["gradient_penalty", "r1"],
        "resumed": small_spec("dcgan", **RESUMED),
        "reduced": {family: {**family_spec(family), "precision": "bfloat16"} for family in REDUCED},
        "used": used[0],
    }
    (folder / "given.json").write_text(json.dumps(questions))
    children = {
        backend: subprocess.Popen(
            [sys.executable, "-m", "tests.drivers.keras.training_child", str(folder), backend],
            cwd=ROOT,
            env={**os.environ, **SETTINGS},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for backend in BACKENDS
    }
    try:
        for backend, child in children.items():
            said, _ = child.communicate(timeout=900)
            assert child.returncode == 0, f"{backend}:\n{said}"
    finally:
        for child in children.values():
            child.kill()
    return {backend: dict(np.load(folder / f"found-{backend}.npz")) for backend in BACKENDS}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_ten_steps_from_the_seed_alone_give_the_same_losses_and_weights(pytorch, runtimes, family, backend):
    folder, found = pytorch
    np.testing.assert_allclose(runtimes[backend][f"{family}/losses"], found[family]["losses"], rtol=1e-4, atol=1e-5)
    ours, theirs = (load_file(folder / f"{family}-{name}.safetensors") for name in (backend, "pytorch"))
    assert ours.keys() == theirs.keys()
    for name, value in ours.items():
        np.testing.assert_allclose(value, theirs[name], atol=1e-3, err_msg=name)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_accuracies_gradient_norms_and_rates_are_those_of_the_pytorch_driver(pytorch, runtimes, family, backend):
    expected = pytorch[1][family]["measured"]
    assert expected.size
    np.testing.assert_allclose(runtimes[backend][f"{family}/measured"], expected, rtol=1e-3)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_weights_of_the_pytorch_driver_give_the_same_samples_and_scores(pytorch, runtimes, family, backend):
    for name in ("samples", "scores"):
        np.testing.assert_allclose(runtimes[backend][f"{family}/{name}"], pytorch[1][family][name], atol=1e-5)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_hidden_layers_and_samples_of_changed_ones_are_those_of_the_pytorch_driver(pytorch, runtimes, family, backend):
    expected = pytorch[1][family]
    np.testing.assert_allclose(runtimes[backend][f"{family}/hidden"], expected["hidden"], atol=1e-4)
    rounding = 1e-4 if family == "waves" else 1  # of pixels
    np.testing.assert_allclose(runtimes[backend][f"{family}/edited"], expected["edited"], atol=rounding, rtol=0)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_trained_on_a_backend_goes_on_in_pytorch(pytorch, runtimes, backend):
    session = drivers.open_session(family_spec("dcgan"), load(family_spec("dcgan")["data"]), threads=1)
    session.load_weights(pytorch[0] / f"dcgan-{backend}.safetensors")
    samples, _ = looked_at(session)
    np.testing.assert_allclose(samples, pytorch[1]["dcgan"]["samples"], atol=1e-4)
    session.train_step()
    assert np.isfinite(list(session.read_losses()[0].values())).all()


def test_every_loss_and_its_slopes(given, runtimes):
    ops = TorchOps(np.random.default_rng(0))
    for choice in losses.LOSSES:
        loss = losses.build({"choice": choice})
        for role in ("discriminator", "generator"):
            real, fake = (torch.from_numpy(given[name]).requires_grad_() for name in ("real_scores", "fake_scores"))
            value = loss.discriminator(ops, real, fake) if role == "discriminator" else loss.generator(ops, fake, real)
            points = (real, fake) if role == "discriminator" else (fake, real)
            slopes = torch.autograd.grad(value, points, allow_unused=True, materialize_grads=True)
            compare(runtimes, f"{choice}/{role}", value, slopes)


@pytest.mark.parametrize("choice", ["gradient_penalty", "r1"])
def test_every_penalty_and_its_slopes(given, runtimes, choice):
    class Drawn(TorchOps):
        def uniform_per_sample(self, like):
            return torch.from_numpy(given["draws"][0]).reshape(-1, 1, 1, 1)

    weights = [torch.from_numpy(given[name]).requires_grad_() for name in ("kernel", "bias")]
    penalty = regularizers.build({"choice": choice})
    reals, fakes = torch.from_numpy(given["reals"]), torch.from_numpy(given["fakes"])

    def critic(x):
        return torch.tanh(x.flatten(1) @ weights[0] + weights[1]).sum(1)

    value = penalty(Drawn(np.random.default_rng(0)), critic, reals, fakes)
    compare(runtimes, choice, value, torch.autograd.grad(value, weights))


def compare(runtimes, name, value, slopes):
    for backend, found in runtimes.items():
        np.testing.assert_allclose(found[name], value.item(), rtol=1e-5, err_msg=f"{name} on {backend}")
        for index, slope in enumerate(slopes):
            scale = max(slope.abs().max().item(), 1e-6)
            np.testing.assert_allclose(
                found[f"{name}/{index}"] / scale, slope.numpy() / scale, atol=1e-4, err_msg=f"{name} on {backend}"
            )


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_resumed_training_is_the_same_bit_for_bit(runtimes, backend, precision):
    """With dropout, batch normalization, a gradient penalty, an average and a schedule."""
    found = {name.removeprefix(f"resumed/{precision}/"): value for name, value in runtimes[backend].items()}
    assert found["precision"] == precision
    np.testing.assert_array_equal(found["again"], found["whole"])
    np.testing.assert_array_equal(found["again/sample"], found["whole/sample"])
    assert np.isnan(found["whole"][2, 0])  # the generator rested
    assert np.isnan(found["whole"][3, 1])


@pytest.mark.parametrize("backend", BACKENDS)
def test_bfloat16_stays_close_to_float32_and_what_is_kept_is_float32(runtimes, backend):
    found = runtimes[backend]
    fast, exact = (found[f"resumed/{precision}/whole"] for precision in ("bfloat16", "float32"))
    np.testing.assert_allclose(fast, exact, rtol=0.02)
    assert (fast != exact).any()
    assert found["resumed/bfloat16/kinds"].tolist() == found["resumed/float32/kinds"].tolist()


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", REDUCED)
def test_ten_steps_in_bfloat16_are_near_those_of_the_pytorch_driver_in_bfloat16(pytorch, runtimes, family, backend):
    losses, exact = (runtimes[backend][f"{family}/{name}"] for name in ("reduced", "losses"))
    np.testing.assert_allclose(losses, pytorch[1][family]["reduced"], rtol=0.02, atol=0.005)
    assert (losses != exact).any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_model_answers_on_a_backend_as_it_did_in_pytorch(used, runtimes, backend):
    """From noise and labels that are given, and with the calibration that was saved with its weights."""
    _, expected = used
    found = runtimes[backend]
    np.testing.assert_allclose(found["used/samples"].astype(int), expected["samples"].astype(int), atol=1)
    assert str(found["used/calibration"]) == expected["calibration"] == "logistic"
    for name in ("score", "probability_real"):
        np.testing.assert_allclose(found[f"used/{name}"], expected[name], atol=1e-4)


@pytest.mark.parametrize("backend", BACKENDS)
def test_networks_leave_a_backend_as_files_of_keras(used, runtimes, backend):
    _, expected = used
    found = runtimes[backend]
    pixels = (found["used/file/generator"] + 1) * 127.5
    np.testing.assert_allclose(pixels, expected["samples"], atol=1)
    np.testing.assert_allclose(found["used/file/discriminator"].ravel(), expected["score"], atol=1e-4)
    assert str(found["used/onnx"]) == "not_exported"


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_process_imports_the_backend_it_needs_and_no_other(runtimes, backend):
    assert runtimes[backend]["libraries"].tolist() == [backend]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_manifest_says_what_the_code_has(runtimes, backend):
    manifest = json.loads((ROOT / "drivers/keras/capabilities.json").read_text())
    assert {
        **json.loads(str(runtimes[backend]["capabilities"])),
        "precisions": ["auto", "bfloat16", "float32"],
    } == manifest


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_card_that_is_not_there_is_refused(runtimes, backend):
    assert str(runtimes[backend]["refused"]) == "device_missing /device"


def test_updates_are_compiled_together_where_dense_layers_make_calls_count():
    from drivers.keras.processes.alternating import UPDATES_IN_A_CALL, Alternating, updates_in_a_call

    for family, expected in (("wgan_gp", UPDATES_IN_A_CALL), ("dcgan", 1)):
        resolved = small_spec(family)
        assert updates_in_a_call(resolved, Alternating.roles(resolved)) == expected
