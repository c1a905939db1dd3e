"""Random drawn networks of all layers resolve, build, and run forwards, backwards and through a gradient penalty."""

from __future__ import annotations

import json
import os
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import drivers
import spec
from drivers import regularizers
from drivers.pytorch.network import Network
from drivers.pytorch.ops import TorchOps
from spec.frame import Frame
from spec.weights import weights
from tests.drawings import CLASSES, KINDS, NOISE, documents

# Random graphs to try; many of them where somebody has the time, as before a release.
GRAPHS = int(os.environ.get("AUTHORGAN_RANDOM_GRAPHS", "100"))
BATCH = 3
PENALTY = regularizers.build({"choice": "gradient_penalty", "weight": 10.0})
quick = settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)


def build(resolved: spec.ResolvedSpec, role: str) -> Network:
    module = resolved[role]
    weights, dropout = np.random.default_rng(0), torch.Generator().manual_seed(1)
    return Network(module["layers"], module["outputs"], weights=weights, dropout=dropout)


def check(document: dict[str, Any]) -> None:
    """What is promised of every valid drawing."""
    resolved = spec.resolve(json.loads(json.dumps(document)), drivers=drivers.capabilities())
    assert spec.resolve(resolved) == resolved
    generator, discriminator = build(resolved, "generator"), build(resolved, "discriminator")
    for role, network in (("generator", generator), ("discriminator", discriminator)):
        built = {f"{role}/{name}": tuple(value.shape) for name, value in network.weights().items()}
        assert built == {name: shape for name, shape, _ in weights(resolved, role)}
        assert sum(map(np.prod, built.values())) == resolved[role]["parameter_count"]
    draws = torch.Generator().manual_seed(2)
    labels = torch.randint(CLASSES, (BATCH,), generator=draws)
    fakes = generator(noise=torch.randn(BATCH, NOISE, generator=draws), label=labels)
    assert fakes.shape == (BATCH, *resolved["generator"]["output_shape"])
    source = Frame.of(resolved["data"]).source
    scores = discriminator(**{source: fakes}, label=labels)
    assert scores.shape == (BATCH, 1)
    scores.mean().backward()
    discriminator.mode.update_statistics = False
    reals = torch.rand(fakes.shape, generator=draws) * 2 - 1
    penalty = PENALTY(
        TorchOps(np.random.default_rng(2)),
        lambda x: discriminator(**{source: x}, label=labels),
        reals,
        fakes.detach(),
    )
    penalty.backward()
    for network in (generator, discriminator):
        for name, parameter in network.trainable().items():
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name


@settings(quick, max_examples=GRAPHS)
@given(documents())
def test_random_networks_train(document: dict[str, Any]) -> None:
    check(document)


@pytest.mark.parametrize("kind", KINDS)
@settings(quick, max_examples=max(4, GRAPHS // 100))
@given(data=st.data())
def test_every_layer_trains_among_others(kind: str, data: st.DataObject) -> None:
    document = data.draw(documents(kind))
    assert all(kind in {layer["type"] for layer in document[role]["layers"]} for role in ("generator", "discriminator"))
    check(document)
