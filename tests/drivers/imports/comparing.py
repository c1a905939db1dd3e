"""Imported networks, computed by a driver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from drivers.imports import Network, read_network
from drivers.pytorch.network import Network as Built
from spec.graph import resolve_layers
from spec.problems import Report


def imported(path: Path) -> Network:
    return read_network(path, path.suffix, with_weights=True)


def types(network: Network) -> list[str]:
    return [layer["type"] for layer in network.layers]


def computed(network: Network, *given: np.ndarray) -> np.ndarray:
    """What the PyTorch driver makes of an imported network with its weights; given what its Inputs take, in order."""
    report = Report()
    graph = resolve_layers(network.layers, report=report, pointer="/layers", inputs={})
    assert report.problems == []
    built = Built(graph.layers, graph.outputs, weights=np.random.default_rng(0), dropout=torch.Generator())
    variables = built.weights()
    assert set(variables) == set(network.weights)
    for name, value in variables.items():
        value.copy_(torch.from_numpy(network.weights[name]))
    built.mode.training = False
    sources = [layer["source"] for layer in network.layers if layer["type"] == "Input"]
    with torch.no_grad():
        return built(**dict(zip(sources, map(torch.from_numpy, given), strict=True))).numpy()


def agree(found: np.ndarray, wanted: np.ndarray) -> None:
    """To 1e-5, of the largest number where that is more than 1."""
    assert found.shape == wanted.shape
    np.testing.assert_allclose(found, wanted, atol=1e-5 * max(1.0, np.abs(wanted).max()), rtol=0)
