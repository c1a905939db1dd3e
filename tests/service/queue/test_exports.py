"""Models that leave the service, and trainings that start from one."""

import io
import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.numpy import load_file

import spec as specs
from drivers.imports import read_network
from service.queue.interactive import InteractiveError, call
from tests.fleet import small_spec

SECONDS = 120.0


@pytest.fixture(scope="module")
def trained(fleet):
    return fleet.wait(fleet.submit(small_spec(epochs=1)), "succeeded").id


@pytest.fixture
def export(fleet, trained):
    def ask(format_, network="generator"):
        found = call("export", trained, {"format": format_, "network": network}, SECONDS, settings=fleet.settings)
        path = fleet.storage.local_copy(trained, found["name"])
        assert path.stat().st_size == found["size"]
        return found, path

    return ask


def test_a_network_becomes_an_artefact_that_draws_what_the_job_draws(export, fleet, trained):
    found, path = export("torch_export")
    assert (found["name"], found["step"]) == ("exports/generator.pt2", 8)
    noise = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    images = torch.export.load(path).module()(torch.from_numpy(noise)).detach().numpy()
    params = {"noise": noise.tolist(), "format": "each"}
    drawn = call("sample", trained, params, SECONDS, settings=fleet.settings)["images"]
    pixels = np.stack([np.asarray(Image.open(io.BytesIO(png))) for png in drawn])
    np.testing.assert_allclose((images[..., 0] + 1) * 127.5, pixels, atol=0.51)


def test_weights_leave_with_their_spec(export, fleet, trained):
    found, path = export("safetensors")
    assert found["name"] == "exports/model.safetensors"
    tensors, own = load_file(path), load_file(fleet.storage.local_copy(trained, "weights.safetensors"))
    assert all(np.array_equal(tensors[name], own[name]) for name in own)
    header = path.read_bytes()[8 : 8 + int.from_bytes(path.read_bytes()[:8], "little")]
    stored = json.loads(json.loads(header)["__metadata__"]["spec"])
    assert specs.resolve(stored).sha256() == fleet.job(trained).hash


def test_a_keras_file_of_a_model_that_pytorch_trained(export):
    found, path = export("keras", "discriminator")
    assert found["name"] == "exports/discriminator.keras"
    layers = [layer["type"] for layer in read_network(path, ".keras").layers]
    assert layers == ["Input", "Conv2D", "LeakyReLU", "Dropout", "Flatten", "Dense"]


def test_a_network_that_is_not_there_is_told(export):
    with pytest.raises(InteractiveError, match="There is no network 'encoder'; there is generator, discriminator"):
        export("torch_export", "encoder")


def test_a_training_starts_from_the_weights_of_another(fleet, trained):
    own = load_file(fleet.storage.local_copy(trained, "weights.safetensors"))
    base = small_spec(epochs=1)
    frozen = {**base["discriminator"], "weights": {"job": trained}, "frozen": ["conv2d_*"]}
    job = fleet.wait(fleet.submit(specs.resolve({**base, "discriminator": frozen})), "succeeded")
    after = load_file(fleet.storage.local_copy(job.id, "weights.safetensors"))
    same = {name for name in own if np.array_equal(own[name], after[name])}
    assert "discriminator/conv2d_1/kernel" in same
    assert "discriminator/dense_1/kernel" not in same
    assert "generator/dense_1/kernel" not in same  # started anew


def test_weights_that_have_gone_end_the_job_in_words(fleet):
    base = small_spec(epochs=1)
    lost = {**base["generator"], "weights": {"job": "gone"}}
    job = fleet.wait(fleet.submit(specs.resolve({**base, "generator": lost})), "failed")
    assert job.problem["code"] == "no_weights"
    assert job.problem["message"] == "The weights of the job 'gone', which the generator starts from, are gone."
    assert job.problem["pointer"] == "/generator/weights"
