"""Optimizers against Keras's update rules, written out in NumPy (float64)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.pytorch import optimizers

STEPS = 6
# Small gradients make epsilon count.
GRADIENTS = np.random.default_rng(0).normal(size=(STEPS, 5)) * np.array([1e-7, 1e-4, 1e-2, 1.0, 30.0])
START = np.linspace(-1, 1, 5)
FACTORS = [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]


def adam(w, g, t, memory, rate, beta_1, beta_2, epsilon, weight_decay=0.0):
    w = w * (1 - rate * weight_decay)
    m = memory["m"] = beta_1 * memory.get("m", 0) + (1 - beta_1) * g
    v = memory["v"] = beta_2 * memory.get("v", 0) + (1 - beta_2) * g**2
    alpha = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
    return w - alpha * m / (np.sqrt(v) + epsilon)


def rmsprop(w, g, t, memory, rate, rho, momentum, epsilon):
    v = memory["v"] = rho * memory.get("v", 0) + (1 - rho) * g**2
    m = memory["m"] = momentum * memory.get("m", 0) + rate * g / np.sqrt(v + epsilon)
    return w - m


def sgd(w, g, t, memory, rate, momentum, nesterov):
    m = memory["m"] = momentum * memory.get("m", 0) - rate * g
    return w + momentum * m - rate * g if nesterov else w + m


def adagrad(w, g, t, memory, rate, initial_accumulator_value, epsilon):
    a = memory["a"] = memory.get("a", initial_accumulator_value) + g**2
    return w - rate * g / np.sqrt(a + epsilon)


def adadelta(w, g, t, memory, rate, rho, epsilon):
    a = memory["a"] = rho * memory.get("a", 0) + (1 - rho) * g**2
    d = memory.get("d", 0)
    step = -np.sqrt(d + epsilon) / np.sqrt(a + epsilon) * g
    memory["d"] = rho * d + (1 - rho) * step**2
    return w + rate * step


def adamax(w, g, t, memory, rate, beta_1, beta_2, epsilon):
    m = memory["m"] = beta_1 * memory.get("m", 0) + (1 - beta_1) * g
    u = memory["u"] = np.maximum(beta_2 * memory.get("u", 0), np.abs(g))
    return w - rate / (1 - beta_1**t) * m / (u + epsilon)


def nadam(w, g, t, memory, rate, beta_1, beta_2, epsilon):
    def momentum(update):
        return beta_1 * (1 - 0.5 * 0.96**update)

    m = memory["m"] = beta_1 * memory.get("m", 0) + (1 - beta_1) * g
    v = memory["v"] = beta_2 * memory.get("v", 0) + (1 - beta_2) * g**2
    product = np.prod([momentum(update) for update in range(1, t + 1)])
    ahead = momentum(t + 1) * m / (1 - product * momentum(t + 1)) + (1 - momentum(t)) * g / (1 - product)
    return w - rate * ahead / (np.sqrt(v / (1 - beta_2**t)) + epsilon)


def lion(w, g, t, memory, rate, beta_1, beta_2, weight_decay):
    m = memory.get("m", 0)
    memory["m"] = beta_2 * m + (1 - beta_2) * g
    return w * (1 - rate * weight_decay) - rate * np.sign(beta_1 * m + (1 - beta_1) * g)


MODULES = [
    ({"choice": "adam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}, adam),
    ({"choice": "adam", "learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-4}, adam),
    (
        {
            "choice": "adamw",
            "learning_rate": 0.1,
            "weight_decay": 0.5,
            "beta_1": 0.5,
            "beta_2": 0.99,
            "epsilon": 1e-7,
        },
        adam,
    ),
    ({"choice": "rmsprop", "learning_rate": 0.01, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7}, rmsprop),
    ({"choice": "rmsprop", "learning_rate": 0.01, "rho": 0.8, "momentum": 0.7, "epsilon": 1e-3}, rmsprop),
    ({"choice": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False}, sgd),
    ({"choice": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": False}, sgd),
    ({"choice": "sgd", "learning_rate": 0.01, "momentum": 0.9, "nesterov": True}, sgd),
    ({"choice": "adagrad", "learning_rate": 0.1, "initial_accumulator_value": 0.1, "epsilon": 1e-7}, adagrad),
    ({"choice": "adagrad", "learning_rate": 1.0, "initial_accumulator_value": 0.0, "epsilon": 1e-3}, adagrad),
    ({"choice": "adadelta", "learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-7}, adadelta),
    ({"choice": "adadelta", "learning_rate": 0.1, "rho": 0.5, "epsilon": 1e-3}, adadelta),
    ({"choice": "adamax", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}, adamax),
    ({"choice": "adamax", "learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-3}, adamax),
    ({"choice": "nadam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7}, nadam),
    ({"choice": "nadam", "learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}, nadam),
    ({"choice": "lion", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.99, "weight_decay": 0.0}, lion),
    ({"choice": "lion", "learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "weight_decay": 0.5}, lion),
]


@pytest.mark.parametrize(("module", "rule"), MODULES, ids=[f"{m['choice']}-{i}" for i, (m, _) in enumerate(MODULES)])
def test_update_rule(module, rule):
    weight = torch.nn.Parameter(torch.tensor(START))
    optimizer = optimizers.build(module, {"dense/kernel": weight})
    expected, memory = START.copy(), {}
    parameters = {key: value for key, value in module.items() if key not in ("choice", "learning_rate")}
    for t, (gradient, factor) in enumerate(zip(GRADIENTS, FACTORS, strict=True), 1):
        weight.grad = torch.tensor(gradient)
        optimizer.step(factor)
        expected = rule(expected, gradient, t, memory, module["learning_rate"] * factor, **parameters)
        np.testing.assert_allclose(weight.detach(), expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize(("module", "_"), MODULES)
def test_a_weight_that_the_loss_does_not_reach_is_not_an_error(module, _):
    reached, unreached = (torch.nn.Parameter(torch.ones(2)) for _ in range(2))
    reached.grad = torch.ones(2)
    optimizers.build(module, {"a": reached, "b": unreached}).step(1.0)
    assert (reached != 1).all()


@pytest.mark.parametrize(("module", "_"), MODULES)
def test_memory_is_named_and_has_the_shape_of_the_weights(module, _):
    weight = torch.nn.Parameter(torch.zeros(4, 3, 2, 2).contiguous(memory_format=torch.channels_last))
    for values in optimizers.build(module, {"conv/kernel": weight}).slots().values():
        assert [value.shape for value in values] == [weight.shape]
        assert values[0].stride() == weight.stride()
