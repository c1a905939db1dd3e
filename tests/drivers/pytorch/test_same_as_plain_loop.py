"""In float32, the same seed, weights and order of data give the losses of a plain hand-written PyTorch loop.

Everything that makes the driver fast is in the way here: channels-last memory, the rewritten upsampling, biases
apart, one forward pass for reals and fakes, the discriminator's fakes used again for the generator.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import nn

import drivers
import spec
from benchmarks.yardsticks import plain_gan
from drivers.data import load
from drivers.pytorch.batches import DeviceBatches
from drivers.random import Random

BATCH, SIZE, LATENT = 16, 16, 100
# A tiny epsilon, because PyTorch and Keras add it at different places.
EPSILON = 1e-12


def resolve(network, **discriminator):
    return spec.resolve(
        {
            "data": {"choice": "digits", "image_size": SIZE, "count": 160},
            "generator": {"choice": network},
            "discriminator": {"choice": network, **discriminator},
            "optimizer": {"choice": "adam", "learning_rate": 0.0002, "beta_1": 0.5, "epsilon": EPSILON},
            "training": {"batch_size": BATCH},
            "precision": "float32",
            "device": "cpu",
        }
    )


def copy_weights(weights, network):
    """Keras orientation to PyTorch's; where images become rows of numbers, the plain networks order them (C, H, W)."""
    variables = iter(weights)
    layers = [None, *network, None]
    channels = 1
    for before, layer, after in zip(layers, layers[1:], layers[2:], strict=False):
        if isinstance(layer, nn.Linear):
            kernel = next(variables)
            if isinstance(before, nn.Flatten):
                kernel = kernel.unflatten(0, (-1, channels)).transpose(0, 1).flatten(0, 1)
            if isinstance(after, nn.Unflatten):
                kernel = kernel.unflatten(1, (-1, after.unflattened_size[0])).transpose(1, 2).flatten(1)
            values = [kernel.T, next(variables)]
        elif isinstance(layer, nn.Conv2d):
            values = [next(variables).permute(3, 2, 0, 1), next(variables)]
            channels = layer.out_channels
        elif isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            values = [next(variables) for _ in ("gamma", "beta", "moving_mean", "moving_variance")][:2]
        else:
            continue
        for parameter, value in zip(layer.parameters(), values, strict=True):
            parameter.data.copy_(value)
    assert next(variables, None) is None


# Rounding grows along a training, faster through batch normalization and convolutions.
@pytest.mark.parametrize(
    ("network", "discriminator", "steps", "tolerance"), [("gan", {}, 10, 1e-5), ("dcgan", {"dropout": 0}, 12, 1e-4)]
)
def test_same_losses(network, discriminator, steps, tolerance, tmp_path):
    resolved = resolve(network, **discriminator)
    data = load(resolved["data"])
    session = drivers.open_session(resolved, data, threads=1)

    session.save_weights(tmp_path / "weights")
    weights = load_file(tmp_path / "weights")
    networks = getattr(plain_gan, network)(SIZE, **discriminator)
    for role, plain_network in zip(("generator", "discriminator"), networks, strict=True):
        copy_weights([weights[name] for name, _, _ in spec.weights(resolved, role)], plain_network)
    random = Random(resolved["training"]["seed"])
    batches = DeviceBatches(data, BATCH, random.shuffle, torch.device("cpu"))
    plain = plain_gan.train(
        *networks,
        (batches.next()[0].permute(0, 3, 1, 2).contiguous() for _ in range(steps)),
        noise=lambda count: torch.from_numpy(random.noise.standard_normal((count, LATENT), dtype=np.float32)),
        optimizer=lambda parameters: torch.optim.Adam(parameters, lr=0.0002, betas=(0.5, 0.999), eps=EPSILON),
    )

    for _ in range(steps):
        session.train_step()
    ours = [(point["generator"], point["discriminator"]) for point in session.read_losses()]
    np.testing.assert_allclose(ours, list(plain), rtol=tolerance)
