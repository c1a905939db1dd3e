"""The functional models of Keras that networks leave as."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from drivers.keras.network import Network
from tests.drivers.keras.cases import CASES, CLASSES, LABELS
from tests.drivers.pytorch.building import resolved

SOURCES = ("noise", "image", "sequence")


def network_of(kind: str, parameters: dict[str, Any], shapes: list[tuple[int, ...]]) -> tuple[Network, dict[str, Any]]:
    """A network of one layer, and inputs for it by source."""
    rng, layers, inputs = np.random.default_rng(0), [], {}
    for position, shape in enumerate(shapes):
        is_label = LABELS.get(kind) == position
        source = "label" if is_label else SOURCES[position]
        layers.append({"id": source, "type": "Input", "source": source, "inputs": [], "output_shape": shape})
        drawn = rng.integers(0, CLASSES, (3, *shape)) if is_label else rng.normal(size=(3, *shape))
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


def test_only_layers_that_keras_lacks_are_ours():
    ours = set()
    for kind, cases in CASES.items():
        parameters, shapes = cases[0]
        network, _ = network_of(kind, parameters, shapes)
        layer = network.keras_model().layers[-1]
        if not type(layer).__module__.startswith("keras."):
            ours.add(kind)
    assert ours == {
        "AdaIN",
        "ConditionalBatchNormalization",
        "GELU",  # Keras has the function only
        "MinibatchDiscrimination",
        "MinibatchStdDev",
        "PixelNormalization",
        "SelfAttention2D",
    }
