"""The functional models of Keras that networks leave as."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import keras
import numpy as np
import pytest

from drivers.keras.export import write_keras
from drivers.keras.layers.composed import COMPOSED
from drivers.keras.network import Network
from tests.drivers.keras.cases import CASES, CLASSES, LABELS
from tests.drivers.keras.children import SETTINGS
from tests.drivers.pytorch.building import resolved

SOURCES = ("noise", "image", "sequence")


def network_of(
    kind: str, parameters: dict[str, Any], shapes: list[tuple[int, ...]], count: int = 3
) -> tuple[Network, dict[str, Any]]:
    """A network of one layer, and inputs for it by source."""
    rng, layers, inputs = np.random.default_rng(0), [], {}
    for position, shape in enumerate(shapes):
        is_label = LABELS.get(kind) == position
        source = "label" if is_label else SOURCES[position]
        layers.append({"id": source, "type": "Input", "source": source, "inputs": [], "output_shape": shape})
        drawn = rng.integers(0, CLASSES, (count, *shape)) if is_label else rng.normal(size=(count, *shape))
        inputs[source] = drawn.astype(np.float32)
    config = resolved(kind, shapes, **parameters)
    # A name that Keras does not accept.
    layers.append({"id": f"the/{kind} ü", "inputs": list(inputs), **config})
    return Network(layers, [f"the/{kind} ü"], weights=rng, dropout=keras.random.SeedGenerator(0)), inputs


@pytest.mark.parametrize("kind", CASES)
def test_saved_and_loaded_a_model_computes_what_the_network_does(kind, tmp_path):
    for parameters, shapes in CASES[kind][:3]:
        network, inputs = network_of(kind, parameters, shapes)
        network.mode.training = False
        expected = keras.ops.convert_to_numpy(network(**inputs))
        model = network.keras_model()
        assert model.count_params() == sum(int(np.prod(v.shape)) for v in network.weights().values())
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        given = inputs if len(inputs) > 1 else next(iter(inputs.values()))
        for one in (model, loaded):
            y = keras.ops.convert_to_numpy(one(given, training=False))
            np.testing.assert_allclose(y, expected, rtol=1e-5, atol=1e-5, err_msg=str(parameters))


def test_a_model_holds_copies():
    network, inputs = network_of("Dense", {"units": 2}, [(4,)])
    model = network.keras_model()
    before = keras.ops.convert_to_numpy(model(inputs["noise"])).copy()
    for variable in network.weights().values():
        variable.assign(keras.ops.zeros_like(variable.value))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(model(inputs["noise"])), before)


LACKING = {
    "AdaIN",
    "ConditionalBatchNormalization",
    "GELU",  # Keras has the function only
    "MinibatchDiscrimination",
    "MinibatchStdDev",
    "PixelNormalization",
    "SelfAttention2D",
}
STRANGER = """
import importlib.util, sys
import numpy as np
assert importlib.util.find_spec("drivers") is None
import keras
given = np.load("given.npz")
for name in {name.split("/")[0] for name in given.files}:
    model = keras.saving.load_model(name + ".keras")
    inputs = {each.name: given[name + "/" + each.name] for each in model.inputs}
    found, wanted = model.predict(inputs, verbose=0), given[name + "/wanted"]
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4, err_msg=name)
print(len(given.files))
"""


def test_what_keras_lacks_is_a_model_of_what_it_has():
    composed = set()
    for kind, cases in CASES.items():
        network, _ = network_of(kind, *cases[0])
        layer = network.keras_model().layers[-1]
        assert all(type(part).__module__.startswith("keras.") for part in within(layer)), kind
        if isinstance(layer, keras.Model):
            composed.add(kind)
    assert composed == LACKING == set(COMPOSED)


def within(layer):
    yield layer
    for part in getattr(layer, "_layers", ()):
        yield from within(part)


def test_a_stranger_opens_them_on_another_backend(tmp_path):
    """In a process that does not find this project."""
    cases = [(kind, case) for kind in sorted(LACKING) for case in CASES[kind]]
    cases.append(("TimeDistributed", ({"layer": "SelfAttention2D"}, [(3, 2, 2, 4)])))
    cases.append(("TimeDistributed", ({"layer": "MinibatchStdDev"}, [(3, 5)])))
    given = {}
    for index, (kind, case) in enumerate(cases):
        network, inputs = network_of(kind, *case, count=7)  # samples that fill no group
        for variable in network.weights().values():
            variable.assign(np.random.default_rng(index).uniform(0.5, 1.5, variable.shape))
        network.mode.training = False
        write_keras(network, tmp_path / f"{index}.keras")
        given[f"{index}/wanted"] = keras.ops.convert_to_numpy(network(**inputs))
        given.update({f"{index}/{source}": value for source, value in inputs.items()})
    np.savez(tmp_path / "given.npz", **given)
    environment = {**os.environ, **SETTINGS, "KERAS_BACKEND": "jax", "KERAS_HOME": str(tmp_path)}
    environment.pop("PYTHONPATH", None)
    done = subprocess.run(
        [sys.executable, "-c", STRANGER], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(given)
