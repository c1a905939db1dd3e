"""Every layer that Keras has against Keras itself: the same weights in, the same numbers, gradients and counts out."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from spec import catalogue

from .cases import CASES, IN_BOTH_MODES
from .keras_side import FROM_PAPERS, TOLERANCE, build, close, compare, keras, keras_layer, match, randomize, resolved

LAYERS = catalogue.load()["layers"]
ALL = [
    pytest.param(layer, parameters, shapes, training, id=f"{layer}-{index}{'-training' if training else ''}")
    for layer, cases in CASES.items()
    for index, (parameters, shapes) in enumerate(cases)
    for training in ((False, True) if layer in IN_BOTH_MODES else (False,))
]


@pytest.mark.parametrize(("layer", "parameters", "shapes", "training"), ALL)
def test_same_numbers(layer: str, parameters: dict[str, Any], shapes: list[tuple[int, ...]], training: bool) -> None:
    compare(layer, shapes, training=training, **parameters)


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize(
    ("layer", "parameters", "shape"),
    [
        ("Embedding", {"input_dim": 4, "output_dim": 3}, ()),
        ("Embedding", {"input_dim": 4, "output_dim": 1}, (2,)),
        ("Embedding", {"input_dim": 9, "output_dim": 3}, (2, 3)),
        ("SpectralNormalization", {"layer": {"type": "Embedding", "input_dim": 4, "output_dim": 3}}, (2,)),
        ("TimeDistributed", {"layer": {"type": "Embedding", "input_dim": 4, "output_dim": 3}}, (2, 3)),
    ],
)
def test_same_rows(layer: str, parameters: dict[str, Any], shape: tuple[int, ...], training: bool) -> None:
    labels = np.random.default_rng(0).integers(0, 4, (5, *shape)).astype(np.float32)
    compare(layer, [shape], training=training, inputs=[labels], **parameters)


def test_every_layer_that_keras_has_is_compared_at_three_settings() -> None:
    assert set(CASES) == set(LAYERS) - FROM_PAPERS - {"Input", "Embedding"}
    assert {layer: len(cases) for layer, cases in CASES.items() if len(cases) < 3} == {}


def test_spectral_normalization_used_again_and_again() -> None:
    """A training step uses a discriminator several times before the gradient is computed."""
    config = resolved("SpectralNormalization", [(4,)], layer={"type": "Dense", "units": 3, "use_bias": False})
    ours, theirs = build(config, [(4,)]), keras_layer(config)
    weights = randomize(ours, np.random.default_rng(0))
    x = torch.randn(5, 4, generator=torch.Generator().manual_seed(0))
    theirs(x)
    pairs = match(weights, theirs)
    for name, variable in pairs.items():
        variable.assign(weights[name])
    total = torch.zeros(())
    for use in range(3):
        y = ours(x * (use + 1))
        total = total + y.square().sum()
        close(y, theirs(x * (use + 1), training=True), TOLERANCE, f"use {use}")
    total.backward()
    assert torch.isfinite(ours.inner.kernel.grad).all()


NO_CONSTRUCTOR = {"Input", "GELU", "InstanceNormalization", *("SELU", "SiLU", "Sigmoid", "Softplus", "Tanh")}
# The same in Keras's other words.
SAME = {"linear": None, "random_uniform": "uniform", 0.0: None}
# What Keras requires and the catalogue has a default for.
REQUIRED_BY_KERAS = {("AveragePooling1D", "pool_size"), ("AveragePooling2D", "pool_size"), ("Dot", "axes")}


@pytest.mark.parametrize("layer", sorted(set(LAYERS) - FROM_PAPERS - NO_CONSTRUCTOR))
def test_same_defaults(layer: str) -> None:
    theirs = inspect.signature(getattr(keras.layers, layer).__init__).parameters
    schema = LAYERS[layer]["parameters"]
    for name in set(schema["properties"]) - set(schema["required"]) - {"use_causal_mask"}:
        if (layer, name) in REQUIRED_BY_KERAS:
            assert theirs[name].default is inspect.Parameter.empty
            continue
        ours, keras_default = schema["properties"][name]["default"], _short(theirs[name].default)
        assert keras_default == ours or keras_default == SAME[ours], name


def _short(value: Any) -> Any:
    """((0, 0), (0, 0)) as 0, and names in small letters, as the catalogue writes them."""
    if isinstance(value, tuple) and len(set(value)) == 1:
        return _short(value[0])
    return value.lower() if isinstance(value, str) else value
