"""Every optimizer against Keras itself: the same gradients in, the same weights out for ten steps."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from drivers.pytorch import optimizers
from spec import catalogue

from .keras_side import keras

OPTIMIZERS = catalogue.load()["optimizers"]
# Keras makes variables from arrays in a way that NumPy 2 is leaving behind.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
STEPS = 10
TOLERANCE = 1e-6
# Keras writes no weight decay as None.
NO_DECAY = {"weight_decay": None}

CASES: list[tuple[str, dict[str, Any]]] = [
    ("sgd", {}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    ("sgd", {"learning_rate": 0.1, "momentum": 0.5, "nesterov": True}),
    ("rmsprop", {}),
    ("rmsprop", {"learning_rate": 0.01, "momentum": 0.7, "rho": 0.5}),
    ("rmsprop", {"learning_rate": 0.01, "epsilon": 1e-2}),
    ("adam", {}),
    ("adam", {"learning_rate": 0.01, "beta_1": 0.5, "epsilon": 1e-3}),
    ("adam", {"learning_rate": 0.01, "beta_1": 0.0, "beta_2": 0.9}),
    ("adamw", {}),
    ("adamw", {"learning_rate": 0.01, "weight_decay": 0.5}),
    ("adamw", {"learning_rate": 0.01, "weight_decay": 0.0, "beta_1": 0.5}),
    ("adagrad", {}),
    ("adagrad", {"learning_rate": 1.0, "initial_accumulator_value": 0.0}),
    ("adagrad", {"learning_rate": 0.1, "epsilon": 1e-2}),
    ("adadelta", {}),
    ("adadelta", {"learning_rate": 1.0, "rho": 0.5}),
    ("adadelta", {"learning_rate": 1.0, "epsilon": 1e-2}),
    ("adamax", {}),
    ("adamax", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7}),
    ("adamax", {"learning_rate": 0.01, "epsilon": 1e-2}),
    ("nadam", {}),
    ("nadam", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7}),
    ("nadam", {"learning_rate": 0.01, "epsilon": 1e-2}),
    ("lion", {}),
    ("lion", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.7}),
    ("lion", {"learning_rate": 0.01, "weight_decay": 0.5}),
]


def module(choice: str, given: dict[str, Any]) -> dict[str, Any]:
    properties = OPTIMIZERS[choice]["parameters"]["properties"]
    return {"choice": choice, **{name: schema["default"] for name, schema in properties.items()}, **given}


def keras_class(choice: str) -> type:
    return getattr(keras.optimizers, OPTIMIZERS[choice]["title"])


@pytest.mark.parametrize(("choice", "given"), CASES)
def test_ten_steps(choice: str, given: dict[str, Any]) -> None:
    rng = np.random.default_rng(0)
    start = [rng.normal(size=shape).astype(np.float32) for shape in ((3, 4), (4,), (2, 2, 1, 3))]
    config = module(choice, given)
    ours = [torch.nn.Parameter(torch.from_numpy(value.copy())) for value in start]
    optimizer = optimizers.build(config, {f"layer/{index}": weight for index, weight in enumerate(ours)})
    variables = [keras.Variable(value) for value in start]
    theirs = keras_class(choice)(**{name: value for name, value in config.items() if name != "choice"})
    for _ in range(STEPS):
        # gradients of very different sizes, so that every epsilon counts
        gradients = [
            (rng.normal(size=value.shape) * 10.0 ** rng.uniform(-6, 1, value.shape)).astype(np.float32)
            for value in start
        ]
        for weight, gradient in zip(ours, gradients, strict=True):
            weight.grad = torch.from_numpy(gradient)
        optimizer.step(1.0)
        theirs.apply([torch.from_numpy(gradient) for gradient in gradients], variables)
        for weight, variable in zip(ours, variables, strict=True):
            expected = variable.value.detach().numpy()
            np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=TOLERANCE, atol=TOLERANCE)


def test_every_optimizer_is_compared_at_three_settings() -> None:
    counts = {choice: sum(case[0] == choice for case in CASES) for choice in OPTIMIZERS}
    assert min(counts.values()) >= 3


@pytest.mark.parametrize("choice", sorted(OPTIMIZERS))
def test_same_defaults(choice: str) -> None:
    theirs = inspect.signature(keras_class(choice).__init__).parameters
    for name, schema in OPTIMIZERS[choice]["parameters"]["properties"].items():
        default = theirs[name].default
        assert schema["default"] == (default if default is not None else {**NO_DECAY, name: 0.0}[name])
