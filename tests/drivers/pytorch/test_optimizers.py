"""Optimizers against Keras's update rules in NumPy (float64); see also `tests.drivers.keras.test_optimizers`."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.pytorch import optimizers
from tests.drivers.update_rules import FACTORS, GRADIENTS, MODULES, START, expected, name


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_update_rule(module):
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = optimizers.build(module, {"dense/kernel": weight})
    for gradient, factor, after in zip(GRADIENTS, FACTORS, expected(module), strict=True):
        weight.grad = torch.tensor(gradient)
        optimizer.step(factor)
        np.testing.assert_allclose(weight.detach(), after, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_weight_that_the_loss_does_not_reach_is_not_an_error(module):
    reached, unreached = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    reached.grad = torch.ones(2)
    optimizers.build(module, {"a": reached, "b": unreached}).step(1.0)
    assert (reached != 1).all()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_memory_is_named_and_has_the_shape_of_the_weights(module):
    weight = torch.nn.Parameter(torch.zeros(4, 3, 2, 2).contiguous(memory_format=torch.channels_last))
    for values in optimizers.build(module, {"conv/kernel": weight}).slots().values():
        assert [value.shape for value in values] == [weight.shape]
        assert values[0].stride() == weight.stride()
