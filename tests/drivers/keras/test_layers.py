"""Every layer on every backend against the PyTorch driver: the same weights in, the same numbers and slopes out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spec import catalogue
from tests.drivers.keras.cases import CASES, CLASSES, DRAWING, IN_BOTH_MODES, LABELS
from tests.drivers.keras.children import BACKENDS, Found, on_every_backend
from tests.drivers.keras.uneven import bent, uneven
from tests.drivers.pytorch.building import build, randomize, resolved

BATCH = 5
# float32: absolutely for numbers near 1, relatively for larger ones.
TOLERANCE = 1e-5
GRADIENT_TOLERANCE = 1e-4
# bfloat16, whose numbers are 1/128 apart at 1: of the largest.
REDUCED_TOLERANCE = 0.08
# Slopes that jump: where two samples are nearly the same, rounding decides which of them is the larger.
JUMPS = {"MinibatchDiscrimination": 2.0}
# What multiplies, and puts out bfloat16 then; AdaIN, which multiplies the style alone, puts out float32.
MULTIPLYING = {
    "AdaIN",
    *("Conv1D", "Conv2D", "Conv3D", "Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"),
    *("DepthwiseConv2D", "SeparableConv2D", "Dense", "Dot", "GRU", "LSTM", "SimpleRNN", "ConvLSTM2D"),
    *("MultiHeadAttention", "SelfAttention2D", "MinibatchDiscrimination"),
    *("Bidirectional", "SpectralNormalization", "TimeDistributed"),  # of such layers
}
ALL = [
    (kind, parameters, shapes, training)
    for kind, cases in CASES.items()
    for parameters, shapes in cases
    for training in ((False, True) if kind in IN_BOTH_MODES else (kind not in DRAWING,))
]
# The cases that are also computed in bfloat16: the first of each layer, and the last of those of which that one is
# computed apart from Keras's layer on some backend, or has a softmax.
APART = ("AveragePooling2D", "Conv2DTranspose", "DepthwiseConv2D", "MultiHeadAttention", "SeparableConv2D", "SimpleRNN")
CASES_OF = {kind: [index for index, (other, *_) in enumerate(ALL) if other == kind] for kind in CASES}
REDUCED = {kind: {indices[0], *(indices[-1:] if kind in APART else ())} for kind, indices in CASES_OF.items()}


@pytest.fixture(scope="module")
def given(tmp_path_factory) -> tuple[Path, list[dict[str, Any]], dict[str, np.ndarray]]:
    """Every case with its weights and inputs: the folder that holds them, the cases, the arrays."""
    folder, rng = tmp_path_factory.mktemp("layers"), np.random.default_rng(7)
    cases, arrays = [], {}
    for index, (kind, parameters, shapes, training) in enumerate(ALL):
        config = resolved(kind, shapes, **parameters)
        weights = randomize(build(config, shapes), rng)
        if "LSTM" in kind:  # unbounded activations multiply from step to step
            weights = {name: value / 2 for name, value in weights.items()}
        arrays.update({f"{index}/weights/{name}": value for name, value in weights.items()})
        for position, shape in enumerate(shapes):
            drawn = rng.normal(size=(BATCH, *shape))
            if LABELS.get(kind) == position:
                drawn = rng.integers(0, CLASSES, (BATCH, *shape))
            arrays[f"{index}/inputs/{position}"] = drawn.astype(np.float32)
        arrays[f"{index}/factor"] = rng.normal(size=(BATCH, *config["output_shape"])).astype(np.float32)
        case = {"config": config, "input_shapes": shapes, "training": training}
        cases.append({**case, "reduced": index in REDUCED[kind]})
    (folder / "cases.json").write_text(json.dumps(cases))
    np.savez(folder / "given.npz", **arrays)
    return folder, cases, arrays


@pytest.fixture(scope="module")
def found(given) -> Found:
    """What each backend computed, and what it could not."""
    return on_every_backend("tests.drivers.keras.layers_child", given[0])


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
    slopes = gradients((bent(layer(*inputs)) * factor).sum(), inputs, create_graph=True)
    penalty = sum((torch.from_numpy(uneven(slope)).float() * slope.square()).sum() for slope in slopes)
    second = gradients(penalty, [*inputs, *parameters])
    values = {
        "output": y,
        **{f"inputs/{position}": value for position, value in enumerate(first[: len(inputs)])},
        **{
            f"gradients/{name}": layer.to_keras(name, value)
            for name, value in zip(trained, first[len(inputs) :], strict=True)
        },
        **{f"penalty/inputs/{position}": value for position, value in enumerate(second[: len(inputs)])},
        **{
            f"penalty/{name}": layer.to_keras(name, value)
            for name, value in zip(trained, second[len(inputs) :], strict=True)
        },
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
        what = f"{kind} {case['config']}, training: {case['training']}"
        ours = under(f"{index}/", results)
        assert {name for name in wanted if not name.startswith("penalty/")} <= set(ours) <= set(wanted), what
        compare(ours, wanted, what)
        # Compiled and eagerly, one of them here.
        compare(under(f"{index}-otherwise/", results), wanted, what)


@pytest.mark.parametrize("kind", CASES)
@pytest.mark.parametrize("backend", BACKENDS)
def test_what_multiplies_may_compute_in_bfloat16_and_nothing_else(backend: str, kind: str, given, found) -> None:
    """Near float32 where operands are rounded, and elsewhere the same; what is kept is the same everywhere."""
    _, cases, _ = given
    results, _ = found[backend]
    for index in REDUCED[kind]:
        exact, reduced = under(f"{index}/", results), under(f"{index}-reduced/", results)
        rounds = kind in MULTIPLYING and cases[index]["config"].get("activation") != "softmax"
        assert reduced.pop("dtype") == ("bfloat16" if rounds and kind != "AdaIN" else "float32")
        near(reduced.pop("rounded"), exact["output"], [exact["output"]])
        same = kept(reduced) if rounds else reduced
        compare(same, exact, kind)
        for name in reduced.keys() - same.keys():
            near(reduced[name], exact[name], beside(name, exact), JUMPS.get(kind, 1.0))


def kept(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name: value for name, value in arrays.items() if name.partition("/")[0] in ("names", "trainable", "after")}


def near(rounded: np.ndarray, exact: np.ndarray, alike: list[np.ndarray], times: float = 1.0) -> None:
    """Within what rounding to bfloat16 may do to numbers as large as those beside them, or so many times that."""
    np.testing.assert_allclose(rounded, exact, rtol=0, atol=times * REDUCED_TOLERANCE * largest(alike))


def beside(name: str, arrays: dict[str, np.ndarray]) -> list[np.ndarray]:
    """The arrays of the same kind: all slopes by weights, all slopes by inputs, …"""
    return [value for other, value in arrays.items() if other.partition("/")[0] == name.partition("/")[0]]


def largest(arrays: list[np.ndarray]) -> float:
    return max(np.abs(value).max(initial=0.0) for value in arrays)


def under(start: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {name.removeprefix(start): value for name, value in arrays.items() if name.startswith(start)}


def compare(ours: dict[str, np.ndarray], wanted: dict[str, np.ndarray], what: str) -> None:
    """Holds what a backend found of one layer against what is wanted."""
    for name, value in ours.items():
        expected = wanted[name]
        if name in ("names", "trainable"):
            assert value.tolist() == expected.tolist(), what
            continue
        assert np.isfinite(expected).all(), (name, what)
        tolerance = TOLERANCE if name == "output" or name.startswith("after/") else GRADIENT_TOLERANCE
        # Slopes that cancel to 0 are compared with the slopes beside them.
        scale = max(1.0, largest(beside(name, {other: wanted[other] for other in ours})))
        assert value.shape == expected.shape, (name, what)
        np.testing.assert_allclose(value, expected, rtol=tolerance, atol=tolerance * scale, err_msg=f"{name} of {what}")


def test_every_layer_is_compared_at_three_settings() -> None:
    assert set(CASES) == set(catalogue.load()["layers"]) - {"Input"}
    assert {kind: len(cases) for kind, cases in CASES.items() if len(cases) < 3} == {}
