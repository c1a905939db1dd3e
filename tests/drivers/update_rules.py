"""Keras's update rules, written out in NumPy (float64), and the settings at which every runtime is held to them.

A rule is a function of the weights, the gradient, the number t of the update (from 1), what it remembers, the learning
rate and the catalogue's other parameters; it returns the new weights.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

STEPS = 6
# Small gradients make epsilon count.
GRADIENTS = np.random.default_rng(0).normal(size=(STEPS, 5)) * np.array([1e-7, 1e-4, 1e-2, 1.0, 30.0])
START = np.linspace(-1, 1, 5)
# Of the learning rate in each step, as a schedule has them.
FACTORS = (1.0, 1.0, 0.5, 0.5, 0.25, 0.25)


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


RULES: dict[str, Callable[..., Any]] = {
    "adadelta": adadelta,
    "adagrad": adagrad,
    "adam": adam,
    "adamax": adamax,
    "adamw": adam,
    "lion": lion,
    "nadam": nadam,
    "rmsprop": rmsprop,
    "sgd": sgd,
}
# Of each optimizer one with the defaults, or near them, and one in which every parameter has another value, and counts.
MODULES: tuple[dict[str, Any], ...] = (
    {"choice": "adadelta", "learning_rate": 1.0, "rho": 0.95, "epsilon": 1e-7},
    {"choice": "adadelta", "learning_rate": 0.1, "rho": 0.5, "epsilon": 1e-3},
    {"choice": "adagrad", "learning_rate": 0.1, "initial_accumulator_value": 0.1, "epsilon": 1e-7},
    {"choice": "adagrad", "learning_rate": 1.0, "initial_accumulator_value": 0.0, "epsilon": 1e-3},
    {"choice": "adam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    {"choice": "adam", "learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.9, "epsilon": 1e-4},
    {"choice": "adam", "learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.7, "epsilon": 1e-2},
    {"choice": "adamax", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    {"choice": "adamax", "learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.5, "epsilon": 1e-3},
    {
        "choice": "adamw",
        "learning_rate": 0.1,
        "weight_decay": 0.004,
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
    },
    {"choice": "adamw", "learning_rate": 0.1, "weight_decay": 0.5, "beta_1": 0.5, "beta_2": 0.99, "epsilon": 1e-3},
    {"choice": "lion", "learning_rate": 0.01, "weight_decay": 0.0, "beta_1": 0.9, "beta_2": 0.99},
    {"choice": "lion", "learning_rate": 0.1, "weight_decay": 0.5, "beta_1": 0.5, "beta_2": 0.9},
    {"choice": "nadam", "learning_rate": 0.01, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-7},
    {"choice": "nadam", "learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3},
    {"choice": "rmsprop", "learning_rate": 0.01, "rho": 0.9, "momentum": 0.0, "epsilon": 1e-7},
    {"choice": "rmsprop", "learning_rate": 0.01, "rho": 0.8, "momentum": 0.7, "epsilon": 1e-3},
    {"choice": "sgd", "learning_rate": 0.01, "momentum": 0.0, "nesterov": False},
    {"choice": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": False},
    {"choice": "sgd", "learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
)


def name(module: Mapping[str, Any]) -> str:
    return "-".join(str(value) for value in module.values())


def expected(module: Mapping[str, Any]) -> Sequence[np.ndarray]:
    """The weights after each step from `START` by `GRADIENTS`, the rate scaled by `FACTORS`: (STEPS, 5)."""
    rule, rate = RULES[module["choice"]], module["learning_rate"]
    parameters = {key: value for key, value in module.items() if key not in ("choice", "learning_rate")}
    weights, memory, found = START, {}, []
    for t, (gradient, factor) in enumerate(zip(GRADIENTS, FACTORS, strict=True), 1):
        weights = rule(weights, gradient, t, memory, rate * factor, **parameters)
        found.append(weights)
    return found
