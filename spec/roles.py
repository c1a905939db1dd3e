"""What a network may take in and has to give out, by its role in the training process.

The process's catalogue entry says it: `{"sources": ["noise", "label"], "required": ["noise"], "output": "image"}`.
"""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

from spec import nesting
from spec.families import Frame
from spec.networks import Network
from spec.problems import Report, join
from spec.shapes import text

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
        frame: Image shape and classes of the data; None while the data itself is in question.
    """
    _check_inputs(network, rules, frame, report)
    if frame and network.conditional:
        _check_labels(network, frame, report)
    if network.graph.complete and network.graph.layers:
        wanted = [1] if rules["output"] == "score" else frame.shape if frame else None
        output = _check_ends(network, wanted or [1], report)
        if wanted and _check_output(network, output, wanted, report):
            _check_weights(network, report)


def _check_inputs(network: Network, rules: Mapping[str, Any], frame: Frame | None, report: Report) -> None:
    role, graph = network.role, network.graph
    shapes: dict[str, list[int]] = {"label": [], **({"image": frame.shape} if frame else {})}
    for source in _SOURCES:
        layers = graph.sources(source)
        if source in rules["required"] and not layers and graph.complete and graph.layers:
            message = f"the {role} needs an Input of source '{source}' ({_SOURCES[source]})"
            report.problem(f"/{role}/layers", "missing_source", message)
        for layer in layers:
            pointer, name = graph.pointers[layer["id"]], f"Input '{layer['id']}'"
            if source not in rules["sources"]:
                allowed = " and ".join(f"'{known}'" for known in rules["sources"])
                message = f"{name}: a {role} takes the sources {allowed}, not '{source}'"
                report.problem(join(pointer, "source"), "wrong_source", message)
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


def _check_output(network: Network, output: str, wanted: Sequence[int], report: Report) -> bool:
    """Whether the network ends as it has to; reported where it does not."""
    graph, shape = network.graph, network.graph.shapes.get(output)
    if shape is None or list(shape) == list(wanted):
        return shape is not None
    goal = f"the images of the data, {text(wanted)}" if len(wanted) == 3 else "one number, the score"
    message = (
        f"the {network.role} ends in {graph.layer(output)['type']} '{output}' with {text(shape)}, but has to end in "
        f"{goal}; {image_hint(shape, wanted) if len(wanted) == 3 else score_hint(shape)}"
    )
    report.problem(graph.pointers[output], "wrong_output", message)
    return False


def score_hint(shape: Sequence[int]) -> str:
    """Which layers turn a discriminator's output into one score."""
    if not shape:
        return "add an Embedding and a Dense with 1 unit"
    return f"add {'a Flatten and ' if len(shape) > 1 else ''}a Dense with 1 unit"


def image_hint(shape: Sequence[int], wanted: Sequence[int]) -> str:
    """Which layers turn a generator's output into an image of the data."""
    if len(shape) != 3:
        if prod(shape) == prod(wanted):
            return f"add a Reshape to {list(wanted)}"
        return f"add a Dense with {prod(wanted)} units and a Reshape to {list(wanted)}"
    steps = []
    sizes = list(shape[:2])
    if any(have < want for have, want in zip(sizes, wanted, strict=False)):
        factors = [-(-want // have) for have, want in zip(sizes, wanted, strict=False)]
        steps.append(f"an UpSampling2D of size {factors[0] if factors[0] == factors[1] else factors}")
        sizes = [have * factor for have, factor in zip(sizes, factors, strict=True)]
    if sizes != list(wanted[:2]):
        extra = [have - want for have, want in zip(sizes, wanted, strict=False)]
        steps.append(f"a Cropping2D of {[[surplus // 2, surplus - surplus // 2] for surplus in extra]}")
    if shape[2] != wanted[2]:
        steps.append(f"a Conv2D with {wanted[2]} {'filter' if wanted[2] == 1 else 'filters'} and padding 'same'")
    return f"add {' and '.join(steps)}"
