"""Random drawn networks of all layers, on every backend: one seed gives what it gives in the PyTorch driver."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings

import drivers
import spec
from drivers.pytorch.network import Network
from spec.frame import Frame
from spec.nesting import within
from tests.drawings import CLASSES, KINDS, NOISE, documents
from tests.drivers.keras.children import BACKENDS, Found, on_every_backend
from tests.drivers.keras.uneven import bent, uneven

# Random graphs to try, by default one for each layer; many of them where somebody has the time, as before a release.
GRAPHS = int(os.environ.get("AUTHORGAN_RANDOM_GRAPHS", len(KINDS)))
# One of so many also on JAX, whose compiler takes seconds for each.
ONE_IN = 12 if "AUTHORGAN_RANDOM_GRAPHS" not in os.environ else 1
# One round through the catalogue of so many in use; the others while training, and through a penalty.
IN_USE = 4
# Hypothesis begins with its simplest drawings.
SIMPLE = 3
# What a layer draws while training, by its parameter: two libraries draw different numbers, so nothing is drawn here.
DRAWS = ("rate", "stddev", "dropout", "recurrent_dropout")
BATCH = 3
# Relatively to the largest number of a kind, in float64. A deep graph may enlarge a difference ten thousand times: in
# float32 rounding alone reaches 1e-3, and would hide what differs for another reason.
TOLERANCE = 1e-7


def collect(count: int) -> list[dict[str, Any]]:
    """So many drawings, always the same, in which each layer of the catalogue has its turn."""
    by_kind = [drawings(kind, len(range(turn, count, len(KINDS)))) for turn, kind in enumerate(KINDS)]
    return [by_kind[index % len(KINDS)][index // len(KINDS)] for index in range(count)]


def drawings(kind: str, count: int) -> list[dict[str, Any]]:
    """So many drawings that hold such a layer."""
    found: list[dict[str, Any]] = []

    @settings(
        max_examples=SIMPLE + count,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(documents(kind))
    def add(document: dict[str, Any]) -> None:
        found.append(document)

    if count:
        add()
    return found[SIMPLE:]


def comparable(layers: list[dict[str, Any]]) -> None:
    """Has no layer draw random numbers; and numbers such as slopes are ones of float32, as TensorFlow holds them."""
    for layer in layers:
        for inner in within(layer):
            numbers = {name: float(np.float32(value)) for name, value in inner.items() if isinstance(value, float)}
            inner.update(numbers | {name: 0.0 for name in DRAWS if name in inner})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory) -> tuple[Path, list[dict[str, Any]], dict[str, np.ndarray]]:
    """The folder that holds the graphs, the graphs, and what is put into them."""
    folder, rng = tmp_path_factory.mktemp("graphs"), np.random.default_rng(0)
    graphs, arrays = [], {}
    for index, document in enumerate(collect(GRAPHS)):
        resolved = spec.resolve(json.loads(json.dumps(document)), drivers=drivers.capabilities())
        graph = {role: dict(resolved[role]) for role in ("generator", "discriminator")}
        for module in graph.values():
            comparable(module["layers"])
        source, training = Frame.of(resolved["data"]).source, index // len(KINDS) % IN_USE != IN_USE - 1
        graphs.append({**graph, "source": source, "training": training, "one_in": ONE_IN})
        arrays[f"{index}/noise"] = rng.normal(size=(BATCH, NOISE)).astype(np.float32)
        # Not class 0: a layer such as LeakyReLU may get the number itself, and libraries choose different slopes there.
        arrays[f"{index}/label"] = rng.integers(1, CLASSES, BATCH).astype(np.float32)
        shape = (BATCH, *resolved["generator"]["output_shape"])
        arrays[f"{index}/data"] = rng.uniform(-1, 1, shape).astype(np.float32)
    (folder / "graphs.json").write_text(json.dumps(graphs))
    np.savez(folder / "given.npz", **arrays)
    return folder, graphs, arrays


@pytest.fixture(scope="module")
def wanted(drawn) -> list[dict[str, np.ndarray]]:
    """What the PyTorch driver computes of each graph."""
    _, graphs, arrays = drawn
    return [
        expected(graph, [arrays[f"{index}/{name}"] for name in ("noise", "label", "data")])
        for index, graph in enumerate(graphs)
    ]


@pytest.fixture(scope="module")
def found(drawn) -> Found:
    return on_every_backend("tests.drivers.keras.graphs_child", drawn[0])


def expected(graph: dict[str, Any], inputs: list[np.ndarray]) -> dict[str, np.ndarray]:
    """The same computed by the PyTorch driver."""
    weights, dropout = np.random.default_rng(0), torch.Generator().manual_seed(0)
    networks = {
        role: Network(graph[role]["layers"], graph[role]["outputs"], weights=weights, dropout=dropout).double()
        for role in ("generator", "discriminator")
    }
    for network in networks.values():
        network.mode.training = graph["training"]
    rng = np.random.default_rng(1)
    for network in networks.values():
        for value in network.weights().values():
            value.copy_(torch.from_numpy(np.asarray(value.numpy() + np.abs(rng.normal(0, 0.05, tuple(value.shape))))))
    generator, discriminator = networks.values()
    noise, label, data = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in inputs)

    def layers_of(gradients):
        return {
            f"{role}/{name}": (network.layers[name.partition("/")[0]], name.partition("/")[2], next(gradients))
            for role, network in networks.items()
            for name in network.trainable()
        }

    def keras(slopes):
        oriented = layers_of(iter(slopes))
        return {
            name: layer.to_keras(variable, torch.zeros(()) if slope is None else slope).numpy()
            for name, (layer, variable, slope) in oriented.items()
        }

    parameters = [value for network in networks.values() for value in network.trainable().values()]

    def gradients(y):
        slopes = torch.autograd.grad(y, parameters, allow_unused=True, retain_graph=True)
        return keras(
            [torch.zeros_like(p) if s is None else s.detach() for p, s in zip(parameters, slopes, strict=True)]
        )

    source = graph["source"]
    y = discriminator(**{source: generator(noise=noise, label=label)}, label=label)
    values = {"output": y.detach().numpy()}
    values |= {f"gradients/{name}": slope for name, slope in gradients(y.sum()).items()}
    for role, network in networks.items():
        values |= {f"after/{role}/{name}": value.numpy().copy() for name, value in network.weights().items()}
    if graph["training"]:
        discriminator.mode.update_statistics = False
        y = discriminator(**{source: data}, label=label)
        slopes = torch.autograd.grad(bent(y).sum(), [label, data], allow_unused=True, create_graph=True)
        penalty = sum((torch.from_numpy(uneven(slope)) * slope.square()).sum() for slope in slopes if slope is not None)
        if penalty.requires_grad:
            values |= {f"penalty/{name}": slope for name, slope in gradients(penalty).items()}
            (slope,) = torch.autograd.grad(penalty, data, allow_unused=True, materialize_grads=True)
            values["penalty/data"] = slope.numpy()
    return values


@pytest.mark.parametrize("index", range(GRAPHS))
@pytest.mark.parametrize("backend", BACKENDS)
def test_random_networks_compute_the_same(backend: str, index: int, drawn, wanted, found) -> None:
    _, graphs, _ = drawn
    results, errors = found[backend]
    assert str(index) not in errors, f"{errors[str(index)]}\n{json.dumps(graphs[index])}"
    if backend == "jax" and index % ONE_IN:
        return
    ours = {name.partition("/")[2]: value for name, value in results.items() if name.startswith(f"{index}/")}
    for name, value in wanted[index].items():
        kind = name.partition("/")[0]
        largest = max(np.abs(other).max(initial=0.0) for key, other in wanted[index].items() if key.startswith(kind))
        np.testing.assert_allclose(
            ours[name],
            value,
            rtol=TOLERANCE,
            atol=TOLERANCE * max(largest, 1e-3),
            err_msg=f"{name} of {json.dumps(graphs[index])}",
        )
