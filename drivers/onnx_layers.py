"""The layers that a network was exported from, inside its ONNX file.

Exporters join and leave out operators (a bias of zeros, an enlargement before a convolution), so that a graph does not
tell the layers it was made of. A file of ours carries them as metadata, with a digest of the graph: where another
program has changed the graph since, they no longer hold and are passed over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

LAYERS, DIGEST = "authorgan.layers", "authorgan.graph"
DERIVED = ("output_shape", "parameter_count", "node_id")
"""Keys of a resolved layer that follow from the others, or belong to a drawing."""


def put_layers(model: Any, layers: Sequence[Mapping[str, Any]]) -> None:
    """Adds resolved layers to an `onnx.ModelProto`."""
    plain = [{key: value for key, value in layer.items() if key not in DERIVED} for layer in layers]
    for key, value in ((LAYERS, json.dumps(plain)), (DIGEST, _digest(model.graph))):
        model.metadata_props.add(key=key, value=value)


def layers_in(model: Any) -> list[dict[str, Any]] | None:
    """The layers of an `onnx.ModelProto`; None where it has none, or they are not those of its graph."""
    found = {entry.key: entry.value for entry in model.metadata_props}
    if LAYERS not in found or found.get(DIGEST) != _digest(model.graph):
        return None
    try:
        layers = json.loads(found[LAYERS])
    except (ValueError, RecursionError):
        return None
    is_network = isinstance(layers, list) and all(_is_layer(layer) for layer in layers)
    return layers if is_network else None


def _is_layer(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("id"), str)
        and isinstance(value.get("type"), str)
        and isinstance(value.get("inputs"), list)
    )


def _digest(graph: Any) -> str:
    """Of the operators, how they are connected, and the weights' shapes; the weights themselves may change."""
    nodes = [(node.domain, node.op_type, list(node.input), list(node.output)) for node in graph.node]
    weights = [(weight.name, list(weight.dims)) for weight in graph.initializer]
    return hashlib.sha256(json.dumps([nodes, weights]).encode()).hexdigest()
