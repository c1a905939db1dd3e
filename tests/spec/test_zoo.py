"""The named GANs: each resolves without a note, and is what its paper says."""

import json

import pytest

import spec
import spec.zoo

ZOO = spec.zoo.load()


@pytest.mark.parametrize("name", ZOO)
def test_every_named_gan_resolves(name):
    resolved = spec.resolve(ZOO[name])
    assert resolved["notes"] == []
    assert resolved["name"]
    assert "https://arxiv.org/abs/" in resolved["description"]
    assert spec.resolve(json.loads(json.dumps(resolved))) == resolved


@pytest.mark.parametrize(
    ("name", "generator", "discriminator", "loss", "regularizers", "steps"),
    [
        ("gan", "gan", "gan", "minimax", [], 1),
        ("nsgan", "gan", "gan", "non_saturating", [], 1),
        ("cgan", "cgan", "cgan", "non_saturating", [], 1),
        ("dcgan", "dcgan", "dcgan", "non_saturating", [], 1),
        ("lsgan", "dcgan", "dcgan", "least_squares", [], 1),
        ("wgan", "wgan", "wgan", "wasserstein", ["weight_clipping"], 5),
        ("wgan_gp", "wgan_gp", "wgan_gp", "wasserstein", ["gradient_penalty"], 5),
        ("geometric_gan", "dcgan", "dcgan", "hinge", [], 1),
        ("r1_gan", "dcgan", "dcgan", "non_saturating", ["r1"], 1),
    ],
)
def test_combinations(name, generator, discriminator, loss, regularizers, steps):
    resolved = spec.resolve(ZOO[name])
    assert resolved["generator"]["choice"] == generator
    assert resolved["discriminator"]["choice"] == discriminator
    assert resolved["loss"]["choice"] == loss
    assert [item["choice"] for item in resolved["loss"]["regularizers"]] == regularizers
    assert resolved["training"]["discriminator_steps"] == steps


def test_the_zoo_cannot_be_changed():
    with pytest.raises(TypeError):
        ZOO["gan"]["name"] = "mine"
