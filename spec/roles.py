"""What a network may take in and has to give out, by its role in the training process.

The process's catalogue entry says it: `{"sources": ["noise", "label"], "required": ["noise"], "output": "data"}`.
"data" stands for what the data are, images or sequences; a process that names one of them takes no other.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from spec import nesting
from spec.frame import SOURCES, Frame
from spec.networks import Network
from spec.problems import Report, join
from spec.shapes import text

DATA = "data"
_SOURCES = {
    "noise": "a list of random numbers",
    "label": "the number of a class",
    "image": "an image of the data",
    "sequence": "a sequence of the data",
}


def check_role(network: Network, rules: Mapping[str, Any], frame: Frame | None, report: Report) -> None:
    """Report Inputs that do not suit the network's role, labels that the data lacks, and a wrong output.

    Args:
        rules: The role in the training process.
        frame: Sample shape and classes of the data; None while the data itself is in question.
    """
    _check_inputs(network, rules, frame, report)
    if frame and network.conditional:
        _check_labels(network, frame, report)
    if network.graph.complete and network.graph.layers:
        scores = rules["output"] == "score"
        wanted = [1] if scores else frame.shape if frame else None
        output = _check_ends(network, wanted or [1], report)
        what = (
            "one number, the score" if scores or not frame else f"the {frame.source}s of the data, {text(frame.size)}"
        )
        if wanted and _check_output(network, output, wanted, what, report):
            _check_weights(network, report)


def suits(rules: Mapping[str, Mapping[str, Any]], frame: Frame) -> bool:
    """Whether a process with these roles works on the kind of data there is."""
    named = {word for role in rules.values() for word in (*role["sources"], role["output"])}
    return named.isdisjoint(SOURCES) or frame.source in named


def _sources(words: Sequence[str], frame: Frame | None) -> list[str]:
    """The sources that a role names, with what the data are put in for "data": either, while that is in question."""
    data = [frame.source] if frame else SOURCES
    return [source for word in words for source in (data if word == DATA else [word])]


def _check_inputs(network: Network, rules: Mapping[str, Any], frame: Frame | None, report: Report) -> None:
    role, graph = network.role, network.graph
    shapes: dict[str, list[int]] = {"label": [], **({frame.source: frame.shape} if frame else {})}
    allowed = _sources(rules["sources"], frame)
    for word in rules["required"]:
        accepted = _sources([word], frame)
        if not any(map(graph.sources, accepted)) and graph.complete and graph.layers:
            wanted = " or ".join(f"'{source}' ({_SOURCES[source]})" for source in accepted)
            report.problem(f"/{role}/layers", "missing_source", f"the {role} needs an Input of source {wanted}")
    for source in _SOURCES:
        layers = graph.sources(source)
        for layer in layers:
            pointer, name = graph.pointers[layer["id"]], f"Input '{layer['id']}'"
            if source not in allowed:
                known = " and ".join(f"'{known}'" for known in allowed)
                of_data = f" of {frame.source}s" if frame and source in SOURCES and DATA in rules["sources"] else ""
                message = f"{name}: a {role}{of_data} takes the sources {known}, not '{source}'"
                report.problem(join(pointer, "source"), "wrong_source", message)
            elif layer["shape"] is None:
                pass  # follows from the data, which are in question
            elif source == "noise" and len(layer["shape"]) != 1:
                message = (
                    f"{name}: noise is one list of numbers, such as [100], not {layer['shape']}; add a Reshape after it"
                )
                report.problem(join(pointer, "shape"), "wrong_shape", message)
            elif source in shapes and layer["shape"] != shapes[source]:
                message = f"{name}: {_SOURCES[source]} has the shape {shapes[source]}, not {layer['shape']}"
                report.problem(join(pointer, "shape"), "wrong_shape", message)
        for layer in layers[1:]:
            message = f"Input '{layer['id']}': the {role} has another Input of source '{source}'; use that one for both"
            report.problem(graph.pointers[layer["id"]], "duplicate_source", message)


def _check_weights(network: Network, report: Report) -> None:
    """A network that is right otherwise must have something to learn."""
    if not network.graph.trainable_count:
        frozen = any("trainable" in layer for layer in network.graph.layers)
        remedy = "all that has some is frozen" if frozen else "add a layer that learns, such as Dense or Conv2D"
        message = f"the {network.role} has no weights to train; {remedy}"
        report.problem(f"/{network.role}/layers", "nothing_to_learn", message)


def _check_labels(network: Network, frame: Frame, report: Report) -> None:
    """The data must have labels, and each of them a row in the table (Embedding) that it is looked up in."""
    role, graph, classes = network.role, network.graph, frame.classes
    if not classes:
        message = (
            f"the {role} takes a label, but the data has no classes; set data.classes if the data has labels, "
            "or choose a network without labels"
        )
        report.problem(f"/{role}", "labels_missing", message)
        return
    for layer in graph.layers:
        table = nesting.label_table(layer) if layer["id"] in graph.shapes else None
        if table and table[1] < classes:
            where, rows = table
            message = (
                f"{layer['type']} '{layer['id']}' has {rows} rows, but the data has {classes} classes; "
                f"set {where.rpartition('/')[2]} to {classes}"
            )
            report.problem(graph.pointers[layer["id"]] + where, "out_of_range", message)


def _check_ends(network: Network, wanted: Sequence[int], report: Report) -> str:
    """The layer that is the network's output; others that feed no layer are reported."""
    graph = network.graph
    fitting = [end for end in graph.outputs if list(graph.shapes.get(end, ())) == list(wanted)]
    output = fitting[0] if len(fitting) == 1 else graph.outputs[-1]
    for end in graph.outputs:
        if end != output:
            message = (
                f"{graph.layer(end)['type'] or 'layer'} '{end}' feeds no other layer, and '{output}' is already the "
                f"{network.role}'s output; connect it or remove it"
            )
            report.problem(graph.pointers[end], "dangling", message)
    return output


def _check_output(network: Network, output: str, wanted: Sequence[int], what: str, report: Report) -> bool:
    """Whether the network ends as it has to; reported where it does not."""
    graph, shape = network.graph, network.graph.shapes.get(output)
    if shape is None or list(shape) == list(wanted):
        return shape is not None
    message = (
        f"the {network.role} ends in {graph.layer(output)['type']} '{output}' with {text(shape)}, but has to end in "
        f"{what}; {data_hint(shape, wanted) if len(wanted) > 1 else score_hint(shape)}"
    )
    report.problem(graph.pointers[output], "wrong_output", message)
    return False


def score_hint(shape: Sequence[int]) -> str:
    """Which layers turn a discriminator's output into one score."""
    if not shape:
        return "add an Embedding and a Dense with 1 unit"
    return f"add {'a Flatten and ' if len(shape) > 1 else ''}a Dense with 1 unit"


def data_hint(shape: Sequence[int], wanted: Sequence[int]) -> str:
    """Which layers turn a generator's output into an image or a sequence of the data."""
    if len(shape) != len(wanted):
        if prod(shape) == prod(wanted):
            return f"add a Reshape to {list(wanted)}"
        flatten = "a Flatten, " if len(shape) > 1 else ""
        return f"add {flatten}a Dense with {prod(wanted)} units and a Reshape to {list(wanted)}"
    rank, channels = len(wanted) - 1, wanted[-1]
    steps = []
    sizes = list(shape[:-1])
    if any(have < want for have, want in zip(sizes, wanted, strict=False)):
        factors = [-(-want // have) for have, want in zip(sizes, wanted, strict=False)]
        steps.append(f"an UpSampling{rank}D of size {factors[0] if len(set(factors)) == 1 else factors}")
        sizes = [have * factor for have, factor in zip(sizes, factors, strict=True)]
    if sizes != list(wanted[:-1]):
        extra = [have - want for have, want in zip(sizes, wanted, strict=False)]
        edges = [[surplus // 2, surplus - surplus // 2] for surplus in extra]
        steps.append(f"a Cropping{rank}D of {edges if rank > 1 else edges[0]}")
    if shape[-1] != channels:
        filters = "filter" if channels == 1 else "filters"
        steps.append(f"a Conv{rank}D with {channels} {filters} and padding 'same'")
    return f"add {' and '.join(steps)}"
