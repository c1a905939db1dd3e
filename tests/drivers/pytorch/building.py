"""One layer of the catalogue by itself: resolved, built by the PyTorch driver, with weights from NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from drivers.pytorch.layers import LAYERS, Building, Layer, Mode
from spec import catalogue
from spec.parameters import fill
from spec.problems import Report
from spec.shapes import measure

Shape = tuple[int, ...]


def resolved(kind: str, input_shapes: Sequence[Shape], /, **given: Any) -> dict[str, Any]:
    """The layer as a resolved spec holds it: every parameter in its long form, and its output shape.

    A required parameter that is not given takes the value that the catalogue suggests.
    """
    schema, report = catalogue.load()["layers"][kind]["parameters"], Report()
    suggested = {name: schema["properties"][name]["default"] for name in schema["required"]}
    filled = fill(schema, {**suggested, **given}, report=report, pointer="", subject=kind)
    assert report.problems == []
    config = {"type": kind, **filled}
    return {**config, "output_shape": list(measure(config, input_shapes).output_shape)}


def build(config: dict[str, Any], input_shapes: Sequence[Shape], *, training: bool = True) -> Layer:
    """The driver's layer for a resolved one."""
    mode = Mode(training, dropout=torch.Generator().manual_seed(1))
    return LAYERS[config["type"]](config, input_shapes, Building(np.random.default_rng(0), mode))


def randomize(layer: Layer, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Gives every variable random values, variances positive ones; returns them in Keras's orientation."""
    weights = {}
    for name, value in layer.variables().items():
        drawn = rng.normal(size=tuple(layer.to_keras(name, value).shape)).astype(np.float32)
        weights[name] = np.abs(drawn) if name.endswith("moving_variance") else drawn
        with torch.no_grad():
            layer.to_keras(name, value).copy_(torch.from_numpy(weights[name]))
    return weights
