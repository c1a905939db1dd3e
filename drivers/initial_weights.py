"""First weights of a network, without a learning library: for one that a file does not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from drivers.initializers import initialize
from spec import nesting
from spec.shapes import measure

ONES = ("gamma", "moving_variance")
ZEROS = ("alpha", "beta", "bias", "moving_mean")
USUAL = {"recurrent_kernel": {"choice": "orthogonal", "gain": 1.0}}


def initial_weights(spec: Mapping[str, Any], role: str, seed: int) -> dict[str, np.ndarray]:
    """All weights of a resolved spec's network by ``role/layer/variable``, as its initializers say.

    They are drawn in the order of the layers from a stream of their own, not that of a training.
    """
    generator = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {}
    found = {}
    for layer in spec[role]["layers"]:
        built = measure(layer, [shapes[source] for source in layer["inputs"]])
        shapes[layer["id"]] = built.output_shape
        for name, shape, _ in built.weights:
            initializer = _initializer(nesting.innermost(layer), name.rpartition("/")[2])
            found[f"{role}/{layer['id']}/{name}"] = initialize(initializer, shape, generator)
    return found


def _initializer(layer: Mapping[str, Any], variable: str) -> Mapping[str, Any]:
    """What a variable starts with: what its layer says, or what Keras takes."""
    given = layer.get(f"{variable}_initializer")
    if given is not None:
        return given
    if variable in ONES or variable in ZEROS:
        return {"choice": "ones" if variable in ONES else "zeros"}
    return USUAL.get(variable, layer.get("kernel_initializer") or {"choice": "glorot_uniform"})
