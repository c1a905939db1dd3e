"""Every layer on every backend against the PyTorch driver: the same weights in, the same numbers and slopes out."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spec import catalogue
from tests.drivers.keras.cases import CASES, CLASSES, DRAWING, IN_BOTH_MODES, LABELS
from tests.drivers.pytorch.building import build, randomize, resolved

BACKENDS = ("tensorflow", "jax", "torch")
BATCH = 5
# float32: absolutely for numbers near 1, relatively for larger ones.
TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4
ALL = [
    (kind, parameters, shapes, training)
    for kind, cases in CASES.items()
    for parameters, shapes in cases
    for training in ((False, True) if kind in IN_BOTH_MODES else (kind not in DRAWING,))
]


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> tuple[Path, list[dict[str, Any]], dict[str, np.ndarray]]:
    """Every case with its weights and inputs: the folder that holds them, the cases, the arrays."""
    folder, rng = tmp_path_factory.mktemp("layers"), np.random.default_rng(7)
    cases, arrays = [], {}
    for index, (kind, parameters, shapes, training) in enumerate(ALL):
        config = resolved(kind, shapes, **parameters)
        weights = randomize(build(config, shapes), rng)
        if kind == "LSTM":  # unbounded activations multiply from step to step
            weights = {name: value / 2 for name, value in weights.items()}
        arrays.update({f"{index}/weights/{name}": value for name, value in weights.items()})
        for position, shape in enumerate(shapes):
            drawn = rng.normal(size=(BATCH, *shape))
            if LABELS.get(kind) == position:
                drawn = rng.integers(0, CLASSES, (BATCH, *shape))
            arrays[f"{index}/inputs/{position}"] = drawn.astype(np.float32)
        arrays[f"{index}/factor"] = rng.normal(size=(BATCH, *config["output_shape"])).astype(np.float32)
        cases.append({"config": config, "input_shapes": shapes, "training": training})
    (folder / "cases.json").write_text(json.dumps(cases))
    np.savez(folder / "given.npz", **arrays)
    return folder, cases, arrays


@pytest.fixture(scope="module")
def found(given) -> dict[str, tuple[dict[str, np.ndarray], dict[str, str]]]:
    """What each backend computed, and what it could not."""
    folder = given[0]
    settings = {
        "OMP_NUM_THREADS": "1",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        # What runs once is not worth optimizing.
        "XLA_FLAGS": "--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true",
        "KERAS_HOME": str(folder),
    }
    children = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.drivers.keras.child", str(folder)],
            env={**os.environ, **settings, "KERAS_BACKEND": backend},
        )
        for backend in BACKENDS
    ]
    assert [child.wait() for child in children] == [0] * len(BACKENDS)
    return {
        backend: (
            dict(np.load(folder / f"found-{backend}.npz")),
            json.loads((folder / f"errors-{backend}.json").read_text()),
        )
        for backend in BACKENDS
    }


def expected(index: int, case: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same computed by the PyTorch driver."""
    layer = build(case["config"], case["input_shapes"], training=case["training"])
    variables = layer.variables()
    with torch.no_grad():
        for name, value in variables.items():
            layer.to_keras(name, value).copy_(torch.from_numpy(arrays[f"{index}/weights/{name}"]))
    trained = [name for name, value in variables.items() if isinstance(value, torch.nn.Parameter)]
    parameters = [variables[name] for name in trained]
    inputs = [
        torch.tensor(arrays[f"{index}/inputs/{position}"], requires_grad=True)
        for position in range(len(case["input_shapes"]))
    ]
    factor = torch.from_numpy(arrays[f"{index}/factor"])

    def gradients(y, of, **options):
        if not (of and y.requires_grad):
            return [torch.zeros_like(value) for value in of]
        slopes = torch.autograd.grad(y, of, allow_unused=True, **options)
        return [torch.zeros_like(v) if slope is None else slope for v, slope in zip(of, slopes, strict=True)]

    y = layer(*inputs)
    first = gradients((y * factor).sum(), [*inputs, *parameters])
    layer.mode.update_statistics = False
    slopes = gradients((layer(*inputs) * factor).sum(), inputs, create_graph=True)
    second = gradients(sum(slope.square().sum() for slope in slopes), parameters)
    values = {
        "output": y,
        **{f"inputs/{position}": value for position, value in enumerate(first[: len(inputs)])},
        **{
            f"gradients/{name}": layer.to_keras(name, value)
            for name, value in zip(trained, first[len(inputs) :], strict=True)
        },
        **{f"penalty/{name}": layer.to_keras(name, value) for name, value in zip(trained, second, strict=True)},
        **{f"after/{name}": layer.to_keras(name, value) for name, value in variables.items()},
    }
    names = {"names": np.array(list(variables)), "trainable": np.array(trained)}
    return {**names, **{name: value.detach().numpy() for name, value in values.items()}}


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_same_numbers(backend: str, kind: str, given, found) -> None:
    _, cases, arrays = given
    results, errors = found[backend]
    assert kind not in errors, errors[kind]
    for index, case in enumerate(cases):
        if case["config"]["type"] != kind:
            continue
        wanted = expected(index, case, arrays)
        ours = {name.partition("/")[2]: value for name, value in results.items() if name.startswith(f"{index}/")}
        assert {name for name in wanted if not name.startswith("penalty/")} <= set(ours) <= set(wanted)
        for name in ours:
            value = wanted[name]
            what = f"{name} of {case['config']}, training: {case['training']}"
            if name in ("names", "trainable"):
                assert ours[name].tolist() == value.tolist(), what
                continue
            tolerance = TOLERANCE if name == "output" or name.startswith("after/") else GRADIENT_TOLERANCE
            assert ours[name].shape == value.shape, what
            # Slopes that cancel to 0 are compared with the slopes beside them.
            alike = [wanted[other] for other in ours if other.partition("/")[0] == name.partition("/")[0]]
            assert np.isfinite(value).all(), what
            scale = max(1.0, *(np.abs(other).max(initial=0.0) for other in alike))
            np.testing.assert_allclose(ours[name], value, rtol=tolerance, atol=tolerance * scale, err_msg=what)


def test_every_layer_is_compared_at_three_settings() -> None:
    assert set(CASES) == set(catalogue.load()["layers"]) - {"Input"}
    assert {kind: len(cases) for kind, cases in CASES.items() if len(cases) < 3} == {}
