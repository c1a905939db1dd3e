"""Random drawn networks with one mistake are refused, with a pointer to it, and never by another exception."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import spec
from tests.drawings import LAYERS, documents

# Mistakes to try; many of them where somebody has the time, as before a release.
GRAPHS = int(os.environ.get("AUTHORGAN_RANDOM_GRAPHS", "200"))

Layers = list[dict[str, Any]]
Draw = Callable[[Any], Any]
# A mistake changes the layers and returns where a problem must be told: a layer's index and a path below it.
Mistake = Callable[[Layers, Draw], tuple[int, str]]


def some(layers: Layers, draw: Draw, fits: Callable[[dict[str, Any]], Any] = lambda layer: True) -> int:
    """Any of the layers that fit; there is always an Input and a Dense."""
    return draw(st.sampled_from([index for index, layer in enumerate(layers) if fits(layer)]))


def is_fed(layer: dict[str, Any]) -> bool:
    return bool(layer["inputs"])


def unknown_type(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    layers[at]["type"] = draw(st.sampled_from(["Conv4D", "", None, 7, ["Dense"]]))
    return at, "/type"


def no_type(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    del layers[at]["type"]
    return at, ""


def no_id(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    del layers[at]["id"]
    return at, ""


def bad_id(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    layers[at]["id"] = draw(st.sampled_from(["", "two words", "a/b", 7, None, "x" * 65]))
    return at, "/id"


def same_id(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = draw(st.integers(1, len(layers) - 1))
    layers[at]["id"] = layers[draw(st.integers(0, at - 1))]["id"]
    return at, "/id"


def unknown_source(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw, is_fed)
    layers[at]["inputs"][0] = "nowhere"
    return at, "/inputs/0"


def circle(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = len(layers) - 1
    layers[at]["inputs"] = [layers[at]["id"]]
    return at, "/inputs"


def no_inputs(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw, is_fed)
    layers[at]["inputs"] = []
    return at, ""


def too_many_inputs(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw, lambda layer: is_fed(layer) and LAYERS[layer["type"]]["inputs"]["max"] is not None)
    layers[at]["inputs"] = layers[at]["inputs"][:1] * (LAYERS[layers[at]["type"]]["inputs"]["max"] + 1)
    return at, "/inputs"


def odd_inputs(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    layers[at]["inputs"] = draw(st.sampled_from(["l0", None, 3, [3], [None], {"from": "l0"}]))
    return at, "/inputs"


def fed_input(layers: Layers, draw: Draw) -> tuple[int, str]:
    layers[0]["inputs"] = [layers[-1]["id"]]
    return 0, "/inputs"


def no_layer(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    layers[at] = draw(st.sampled_from([None, 3, "Dense", []]))
    return at, ""


def unknown_parameter(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw)
    layers[at]["unitz"] = 3
    return at, "/unitz"


def missing_parameter(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = some(layers, draw, lambda layer: LAYERS[layer["type"]]["parameters"]["required"])
    del layers[at][draw(st.sampled_from(list(LAYERS[layers[at]["type"]]["parameters"]["required"])))]
    return at, ""


def wrong_value(layers: Layers, draw: Draw) -> tuple[int, str]:
    """A value of a kind that no parameter takes."""
    at = some(layers, draw, lambda layer: LAYERS[layer["type"]]["parameters"]["properties"])
    name = draw(st.sampled_from(sorted(LAYERS[layers[at]["type"]]["parameters"]["properties"])))
    layers[at][name] = draw(st.sampled_from([{"of": "nothing"}, "nonsense", [[[]]], [None], float("nan")]))
    return at, f"/{name}"


def out_of_range(layers: Layers, draw: Draw) -> tuple[int, str]:
    def bounded(layer: dict[str, Any]) -> list[str]:
        properties = LAYERS[layer["type"]]["parameters"]["properties"]
        return sorted(name for name, schema in properties.items() if {"minimum", "exclusiveMinimum"} & set(schema))

    at = some(layers, draw, bounded)
    name = draw(st.sampled_from(bounded(layers[at])))
    layers[at][name] = draw(st.sampled_from([-(10**9), 10**12, 10**400]))
    return at, f"/{name}"


def wrong_source(layers: Layers, draw: Draw) -> tuple[int, str]:
    sources = ("image", "sequence", "sound", None)
    layers[0]["source"] = draw(st.sampled_from([source for source in sources if source != layers[0]["source"]]))
    return 0, ""


def loose_end(layers: Layers, draw: Draw) -> tuple[int, str]:
    layers.insert(0, {"id": "loose", "type": "Flatten", "inputs": [layers[0]["id"]]})
    return 0, ""


def wrong_end(layers: Layers, draw: Draw) -> tuple[int, str]:
    layers.append({"id": "end", "type": "RepeatVector", "n": 3, "inputs": ["row"]})
    layers.append({"id": "row", "type": "Flatten", "inputs": [layers[-2]["id"]]})
    return len(layers) - 2, ""


def kernel_too_large(layers: Layers, draw: Draw) -> tuple[int, str]:
    at = len(layers)
    layers.append({"id": "small", "type": "Reshape", "target_shape": [-1, 1, 1], "inputs": [layers[-1]["id"]]})
    layers.append({"id": "large", "type": "Conv2D", "filters": 1, "kernel_size": [1, 2], "inputs": ["small"]})
    return at + 1, ""


def wrong_inner_layer(layers: Layers, draw: Draw) -> tuple[int, str]:
    inner = draw(st.sampled_from([{"type": "Add"}, {"type": "Dense"}, {}, None, 3, {"type": "Dense", "units": 0}]))
    layers.append({"id": "around", "type": "TimeDistributed", "layer": inner, "inputs": [layers[-1]["id"]]})
    return len(layers) - 1, ""


def looked_up_numbers(layers: Layers, draw: Draw) -> tuple[int, str]:
    table = {"type": "Embedding", "input_dim": 10, "output_dim": 1}
    layers.append({"id": "table", **table, "inputs": [layers[-1]["id"]]})
    return len(layers) - 1, "/inputs/0"


MISTAKES: list[Mistake] = [
    unknown_type,
    no_type,
    no_id,
    bad_id,
    same_id,
    unknown_source,
    circle,
    no_inputs,
    too_many_inputs,
    odd_inputs,
    fed_input,
    no_layer,
    unknown_parameter,
    missing_parameter,
    wrong_value,
    out_of_range,
    wrong_source,
    loose_end,
    wrong_end,
    kernel_too_large,
    wrong_inner_layer,
    looked_up_numbers,
]


def refused(document: dict[str, Any], role: str, at: int, below: str) -> None:
    before = repr(document)
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    assert repr(document) == before
    expected = f"/{role}/layers/{at}{below}"
    pointers = [problem["pointer"] for problem in error.value.problems]
    assert any(pointer == expected or pointer.startswith(f"{expected}/") for pointer in pointers), (expected, pointers)
    assert all(problem["message"] and problem["code"] for problem in error.value.problems)
    json.dumps(error.value.problems, allow_nan=False)


@settings(max_examples=GRAPHS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(document=documents(), mistake=st.sampled_from(MISTAKES), data=st.data())
def test_one_mistake_is_refused_and_pointed_at(document: Any, mistake: Mistake, data: st.DataObject) -> None:
    role = data.draw(st.sampled_from(["generator", "discriminator"]))
    at, below = mistake(document[role]["layers"], data.draw)
    refused(document, role, at, below)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(document=documents(), data=st.data())
def test_every_mistake_is_refused(mistake: Mistake, document: Any, data: st.DataObject) -> None:
    at, below = mistake(document["generator"]["layers"], data.draw)
    refused(document, "generator", at, below)
