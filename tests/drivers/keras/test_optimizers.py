"""Every optimizer on every runtime against its rule in NumPy: the same meaning of every parameter, epsilon included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

from drivers.pytorch import optimizers
from spec import catalogue
from tests.drivers.keras.children import BACKENDS
from tests.drivers.keras.moving import moved
from tests.drivers.keras.workers import answers
from tests.drivers.trainings import PYTORCH
from tests.drivers.update_rules import FACTORS, GRADIENTS, MODULES, RULES, START, expected, name

OPTIMIZERS = catalogue.load()["optimizers"]


def moved_by_pytorch(modules: Sequence[dict[str, Any]]) -> list[np.ndarray]:
    """The weights after each step of every optimizer, (STEPS, 5) in float32."""
    found = []
    for module in modules:
        weight = torch.nn.Parameter(torch.tensor(START, dtype=torch.float32))
        optimizer = optimizers.build(module, {"layer/kernel": weight})
        path = []
        for gradient, factor in zip(GRADIENTS, FACTORS, strict=True):
            weight.grad = torch.tensor(gradient, dtype=torch.float32)
            optimizer.step(factor)
            path.append(weight.detach().numpy().copy())
        found.append(np.stack(path))
    return found


@pytest.fixture(scope="module")
def paths(ask) -> dict[str, list[np.ndarray]]:
    """By runtime the weights after each step of every optimizer."""
    asked = ask(moved, MODULES, START, GRADIENTS, FACTORS)
    return {PYTORCH: moved_by_pytorch(MODULES), **answers(asked)}


@pytest.mark.parametrize("runtime", [PYTORCH, *BACKENDS])
@pytest.mark.parametrize("index", range(len(MODULES)), ids=[name(module) for module in MODULES])
def test_weights_go_the_way_of_the_rule(paths, index, runtime):
    """Each to a ten-thousandth of its way: weights of 1 hide what an epsilon does to a step of 1e-6."""
    way = np.stack(expected(MODULES[index])) - START
    found = paths[runtime][index] - START.astype(np.float32)
    rounding = 4 * np.finfo(np.float32).eps  # of weights near 1, in each step
    np.testing.assert_allclose(found, way, rtol=1e-4, atol=rounding)


@pytest.mark.parametrize("choice", sorted(OPTIMIZERS))
def test_every_parameter_is_tried_at_a_value_that_is_not_its_default(choice):
    assert choice in RULES
    tried = [module for module in MODULES if module["choice"] == choice]
    for parameter, schema in OPTIMIZERS[choice]["parameters"]["properties"].items():
        assert any(module[parameter] != schema["default"] for module in tried), parameter


@pytest.mark.parametrize("choice", sorted(OPTIMIZERS))
def test_every_parameter_counts(choice):
    """With its default in place of the value that is tried, the weights would go another way."""
    tried = [module for module in MODULES if module["choice"] == choice][-1]
    for parameter, schema in OPTIMIZERS[choice]["parameters"]["properties"].items():
        if tried[parameter] != schema["default"]:
            way, other = (
                np.stack(expected(module)) - START for module in (tried, {**tried, parameter: schema["default"]})
            )
            assert (np.abs(way - other) > 1e-2 * np.abs(way)).any(), parameter
