"""A network as a directed acyclic graph of catalogue layers: checked, put in order, and measured.

`resolve_layers` takes layers as their author (or a family) wrote them and gives them back complete: every parameter
filled in, inputs before the layers they feed, each with its output shape and parameter count.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from math import prod
from typing import Any

from spec import catalogue, nesting
from spec.parameters import INVALID, Place, check, fill, nearest, pick
from spec.problems import Report, join, show
from spec.shapes import Shape, ShapeError, measure, text

# Keys of a resolved layer that are not parameters; the last two are computed.
LAYER_KEYS = ("id", "type", "inputs", "node_id", "trainable", "output_shape", "parameter_count")
_TRAINABLE = {"type": "boolean"}
# Identifiers name weights (network/layer/variable) and modules of a library, so they are kept plain.
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass
class Graph:
    """A resolved network.

    Attributes:
        layers: In order of computation; empty where problems kept the order from being found.
        outputs: Identifiers of the layers that feed no other.
        shapes: Output shape of every layer that fits.
        labels: Layers that put out the numbers of classes: Inputs of labels, and what only rearranges them.
        pointers: Where each layer was written.
        trainable_counts: Numbers in the weights that are trained, of every layer that has some.
        complete: Every layer has an id of its own, every wire an origin, and there is no circle, so that it can be said
            which layers feed no other.
    """

    layers: list[dict[str, Any]] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    shapes: dict[str, Shape] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)
    pointers: dict[str, str] = field(default_factory=dict)
    trainable_counts: dict[str, int] = field(default_factory=dict)
    complete: bool = True

    @property
    def parameter_count(self) -> int:
        """Weights of all layers, trainable or not."""
        return sum(layer.get("parameter_count", 0) for layer in self.layers)

    @property
    def trainable_count(self) -> int:
        """Numbers in all weights that are trained."""
        return sum(self.trainable_counts.values())

    def freeze(self, identifier: str) -> None:
        """Have a layer keep its weights as they are; one without weights is left alone."""
        layer = self.layer(identifier)
        if layer.get("parameter_count"):
            layer["trainable"] = False
        self.trainable_counts.pop(identifier, None)

    def layer(self, identifier: str) -> dict[str, Any]:
        """The layer with this identifier."""
        return next(layer for layer in self.layers if layer["id"] == identifier)

    def sources(self, source: str) -> list[dict[str, Any]]:
        """The Inputs that take this source (noise, label, image or sequence)."""
        return [layer for layer in self.layers if layer["type"] == "Input" and layer["source"] == source]


def resolve_layers(
    given: Sequence[Any], *, report: Report, pointer: str, inputs: Mapping[str, Sequence[int] | None]
) -> Graph:
    """Check and complete a list of layers written at `pointer`.

    Args:
        given: The layers as written, each `{"id", "type", "inputs", …parameters}`.
        inputs: Shape of an Input that leaves its shape open, by source; None where the source itself does not suit.

    Returns:
        The network. Where something is wrong it was reported, and what follows from it is left out.
    """
    graph = Graph()
    layers = [_read(layer, report, join(pointer, index), inputs) for index, layer in enumerate(given)]
    named: dict[str, dict[str, Any]] = {}
    for index, layer in enumerate(layers):
        if layer is None or layer["id"] is None:
            continue
        if layer["id"] in named:
            first = graph.pointers[layer["id"]]
            message = f"two layers have the id {show(layer['id'])} (the other is {first}); give each its own"
            report.problem(join(pointer, index, "id"), "duplicate_id", message)
            continue
        named[layer["id"]] = layer
        graph.pointers[layer["id"]] = join(pointer, index)
    graph.complete = len(named) == len(given)
    _check_wires(named, graph, report)
    order = _in_order(named, graph, report)
    for identifier in order:
        _build(named[identifier], graph, report)
    fed = {source for layer in named.values() for source in layer["inputs"]}
    graph.layers = [named[identifier] for identifier in order]
    graph.outputs = [identifier for identifier in order if identifier not in fed]
    return graph


def _read(
    layer: Any, report: Report, pointer: str, inputs: Mapping[str, Sequence[int] | None]
) -> dict[str, Any] | None:
    """One layer with its parameters filled in; `type` is None where it is unknown."""
    if not isinstance(layer, Mapping):
        report.problem(pointer, "wrong_type", f"a layer must be an object with id, type and inputs, not {show(layer)}")
        return None
    identifier = layer.get("id")
    if "id" not in layer:
        report.problem(pointer, "missing", "this layer needs an id: a short name of its own")
        identifier = None
    elif not isinstance(identifier, str) or not _IDENTIFIER.fullmatch(identifier):
        message = f"an id is 1 to 64 letters, digits, - or _, not {show(identifier)}"
        report.problem(join(pointer, "id"), "bad_id", message)
        identifier = None
    kinds = catalogue.load()["layers"]
    subject = f"layer {show(identifier)}" if identifier else "this layer"
    if "type" not in layer:
        report.problem(pointer, "missing", f"{subject} needs a type, such as 'Dense'")
        kind = None
    else:
        kind = pick(layer["type"], kinds, Place(report, join(pointer, "type"), subject, "type"), "unknown_layer")
        kind = None if kind is INVALID else kind
    read: dict[str, Any] = {"id": identifier, "type": kind}
    if kind:
        subject = f"{kind} {show(identifier)}" if identifier else f"this {kind}"
        read |= fill(
            kinds[kind]["parameters"], layer, report=report, pointer=pointer, subject=subject, other_keys=LAYER_KEYS
        )
        if kind == "Input" and read["shape"] is None:
            shape = inputs[read["source"]]
            read["shape"] = None if shape is None else list(shape)
    if "trainable" in layer:
        trainable = check(
            layer["trainable"], _TRAINABLE, Place(report, join(pointer, "trainable"), subject, "trainable")
        )
        # A layer that learns does not say so, so that equal networks have equal hashes.
        if trainable is False:
            read["trainable"] = False
    read["inputs"] = _read_inputs(layer, kind, report, pointer, subject)
    if isinstance(layer.get("node_id"), str):
        read["node_id"] = layer["node_id"]
    return read


def _read_inputs(layer: Mapping[str, Any], kind: str | None, report: Report, pointer: str, subject: str) -> list[str]:
    inputs = layer.get("inputs", [])
    if not isinstance(inputs, list) or not all(isinstance(source, str) for source in inputs):
        message = f"{subject}: inputs must be a list of layer ids, not {show(inputs)}"
        report.problem(join(pointer, "inputs"), "wrong_type", message)
        return []
    if kind is None:
        return list(inputs)
    takes = catalogue.load()["layers"][kind]["inputs"]
    low, high, names = takes["min"], takes["max"], takes.get("names", ())
    if len(inputs) < low:
        wanted = "one layer" if low == high == 1 else f"{low} layers" if low == high else f"at least {low} layers"
        named = f" ({', '.join(names[:low])})" if len(names) > 1 else ""
        message = f"{subject} needs {wanted} before it{named}, but has {len(inputs) or 'none'}; connect its input"
        report.problem(pointer, "missing_input", message)
    elif high is not None and len(inputs) > high:
        remedy = "join them with Concatenate or Add first" if high else "remove its wires"
        allowed = f"takes {'no input' if not high else 'one input' if high == 1 else f'{high} inputs'}"
        message = f"{subject} {allowed}, but has {len(inputs)}; {remedy}"
        report.problem(join(pointer, "inputs"), "too_many_inputs", message)
    return list(inputs)


def _check_wires(named: Mapping[str, dict[str, Any]], graph: Graph, report: Report) -> None:
    """Report wires from layers that are not there; nothing can be said while some layers have no usable id."""
    if not graph.complete:
        return
    for identifier, layer in named.items():
        for index, source in enumerate(layer["inputs"]):
            if source in named:
                continue
            graph.complete = False
            if not report.full:
                hint = nearest(source, named)
                wrong = f"layer '{identifier}': its input {show(source)} is the id of no layer"
                pointer = join(graph.pointers[identifier], "inputs", index)
                report.problem(pointer, "unknown_input", f"{wrong}; {hint}" if hint else wrong)


def _in_order(named: Mapping[str, dict[str, Any]], graph: Graph, report: Report) -> list[str]:
    """Layers after all their inputs, otherwise as written; cycles are reported and left out."""
    rank = {identifier: index for index, identifier in enumerate(named)}
    names = list(named)
    waiting = dict.fromkeys(named, 0)
    feeds: dict[str, list[str]] = {identifier: [] for identifier in named}
    for identifier, layer in named.items():
        for source in layer["inputs"]:
            if source in named:
                feeds[source].append(identifier)
                waiting[identifier] += 1
    ready = [rank[identifier] for identifier, count in waiting.items() if not count]
    heapify(ready)
    order = []
    while ready:
        identifier = names[heappop(ready)]
        order.append(identifier)
        for fed in feeds[identifier]:
            waiting[fed] -= 1
            if not waiting[fed]:
                heappush(ready, rank[fed])
    left = [identifier for identifier in named if waiting[identifier]]
    if left:
        graph.complete = False
        loop = _find_cycle(left, named)
        message = (
            f"these layers feed each other in a circle: {' -> '.join(map(str, [*loop, loop[0]]))}; remove one wire"
        )
        report.problem(join(graph.pointers[loop[0]], "inputs"), "cycle", message)
    return order


def _find_cycle(left: Sequence[str], named: Mapping[str, dict[str, Any]]) -> list[str]:
    """One circle among the layers that never became ready, in the direction of the data."""
    blocked, seen, here = set(left), [], left[0]
    while here not in seen:
        seen.append(here)
        here = next(source for source in named[here]["inputs"] if source in blocked)
    loop = seen[seen.index(here) :][::-1]
    start = loop.index(min(loop, key=list(named).index))
    return loop[start:] + loop[:start]


def _build(layer: dict[str, Any], graph: Graph, report: Report) -> None:
    """Add output shape and parameter count to a layer whose inputs are known."""
    if layer["type"] is None or any(source not in graph.shapes for source in layer["inputs"]):
        return
    if layer["type"] == "Input" and layer["shape"] is None:
        return
    entry = catalogue.load()["layers"][layer["type"]]
    low, high = entry["inputs"]["min"], entry["inputs"]["max"]
    if len(layer["inputs"]) < low or (high is not None and len(layer["inputs"]) > high):
        return
    pointer, name = graph.pointers[layer["id"]], f"{layer['type']} '{layer['id']}'"
    try:
        built = measure(layer, [graph.shapes[source] for source in layer["inputs"]])
    except ShapeError as error:
        report.problem(pointer, "does_not_fit", f"{name}: {error}")
        return
    if not _labels_fit(layer, entry, graph, report):
        return
    limit = report.limits.max_layer_output
    if max(prod(built.output_shape), built.largest) > limit:
        what = text(built.output_shape) if prod(built.output_shape) > limit else built.largest_name
        message = f"{name}: {what} are more numbers than the {limit} allowed"
        report.problem(pointer, "too_large", message)
        return
    graph.shapes[layer["id"]] = built.output_shape
    if not built.weights:
        layer.pop("trainable", None)
    elif "trainable" not in layer:
        graph.trainable_counts[layer["id"]] = sum(prod(shape) for _, shape, trainable in built.weights if trainable)
    layer["output_shape"] = list(built.output_shape)
    layer["parameter_count"] = built.parameter_count


def _labels_fit(layer: Mapping[str, Any], entry: Mapping[str, Any], graph: Graph, report: Report) -> bool:
    """Follow the numbers of classes through the network, and report other numbers where a layer looks labels up."""
    inputs = layer["inputs"]
    if layer.get("source") == "label" or (entry.get("rearranges") and inputs[0] in graph.labels):
        graph.labels.add(layer["id"])
    fits = True
    for position in nesting.label_inputs(layer):
        if inputs[position] not in graph.labels:
            fits = False
            message = (
                f"{layer['type']} '{layer['id']}' looks up labels, but '{inputs[position]}' puts out other numbers; "
                "connect an Input of source 'label'"
            )
            report.problem(join(graph.pointers[layer["id"]], "inputs", position), "no_label", message)
    return fits
