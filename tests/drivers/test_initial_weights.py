"""First weights that need no learning library are those that a driver would take, drawn from another stream."""

from __future__ import annotations

import numpy as np
import pytest

import spec
from drivers.initial_weights import initial_weights
from tests.drivers.conftest import SMALL, small_spec


@pytest.mark.parametrize("role", ["generator", "discriminator"])
@pytest.mark.parametrize("family", sorted(SMALL))
def test_every_variable_has_its_shape_and_kind(family, role):
    resolved = small_spec(family)
    found = initial_weights(resolved, role, seed=0)
    wanted = {name: shape for name, shape, _ in spec.weights(resolved, role)}
    assert {name: value.shape for name, value in found.items()} == wanted
    for name, value in found.items():
        variable = name.rpartition("/")[2]
        constant = {"bias": 0, "beta": 0, "moving_mean": 0, "gamma": 1, "moving_variance": 1}.get(variable)
        assert value.std() > 0 if constant is None else np.all(value == constant), name


def test_what_a_layer_says_counts():
    given = {"choice": "random_normal", "mean": 3.0, "stddev": 0.01}
    layers = [
        {"id": "image", "type": "Input", "source": "image", "inputs": []},
        {"id": "row", "type": "Flatten", "inputs": ["image"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["row"], "kernel_initializer": given},
    ]
    resolved = spec.resolve(
        {"data": {"choice": "digits"}, "generator": "dcgan", "discriminator": {"choice": "custom", "layers": layers}}
    )
    assert initial_weights(resolved, "discriminator", 0)["discriminator/score/kernel"].mean() == pytest.approx(
        3, abs=0.01
    )
