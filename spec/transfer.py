"""Transfer learning: networks that start from the weights of an earlier training, and layers that do not learn.

A layer with `"trainable": false` keeps its weights, as Keras means it: they get no gradient, and normalizations use
their moving statistics and leave them as they are. `"frozen": ["conv2d_1", "dense_*"]` in a network's module says the
same of every layer whose id fits. `"weights": {"job": "<id>", "replace": ["dense_1"]}` starts the network from the
weights that the job saved, but for the layers in `replace`, which start anew.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from spec.graph import Graph
from spec.parameters import INVALID, Place, check, nearest
from spec.problems import Report, join, show
from spec.shapes import Shape, measure, text

# Keys that the module of a network may carry besides the parameters of its choice.
KEYS = ("frozen", "weights")

StoredWeights = Callable[[str], Mapping[str, Shape] | None]
"""From the id of a job to the names (`network/layer/variable`) and shapes of its weights; None where it has none."""

_PATTERNS = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 64}, "maxItems": 2000}
_JOB = {"type": "string", "minLength": 1, "maxLength": 64}
# Tensors that one message names before it breaks off.
_MOST_NAMED = 8


def resolve_transfer(
    role: str, given: Mapping[str, Any], graph: Graph, stored: StoredWeights | None, report: Report
) -> dict[str, Any]:
    """Freeze layers of `graph` as `given`, the network's module, says, and check what it starts from.

    Args:
        stored: Finds the weights of a job; None leaves open whether they are there and fit.

    Returns:
        The keys `frozen` and `weights` of the resolved module; each only where it says something.
    """
    pointer = f"/{role}"
    found: dict[str, Any] = {}
    patterns = _names(given, "frozen", Place(report, join(pointer, "frozen"), role, "frozen"))
    if patterns:
        found["frozen"] = patterns
        _freeze(patterns, graph, report, join(pointer, "frozen"))
    if given.get("weights") is not None:
        start = _read_start(role, given["weights"], report)
        if start:
            found["weights"] = start
            if stored is not None and graph.layers:
                _check_start(role, start, graph, stored, report)
    return found


def _names(given: Mapping[str, Any], key: str, place: Place) -> list[str]:
    if given.get(key) is None:
        return []
    names = check(given[key], _PATTERNS, place)
    return [] if names is INVALID else list(dict.fromkeys(names))


def _freeze(patterns: Iterable[str], graph: Graph, report: Report, pointer: str) -> None:
    identifiers = [layer["id"] for layer in graph.layers]
    for index, pattern in enumerate(patterns):
        fitting = [identifier for identifier in identifiers if fnmatchcase(identifier, pattern)]
        if not fitting and identifiers:
            known = nearest(pattern, identifiers) or f"there is {_listed(identifiers)}"
            report.problem(join(pointer, index), "unknown_layer", f"no layer has an id like {show(pattern)}; {known}")
        for identifier in fitting:
            graph.freeze(identifier)


def _read_start(role: str, given: Any, report: Report) -> dict[str, Any] | None:
    pointer = join(f"/{role}", "weights")
    if not isinstance(given, Mapping):
        message = f"{role}: weights must be an object with the job to start from, not {show(given)}"
        report.problem(pointer, "wrong_type", message)
        return None
    for key in given:
        if key not in ("job", "replace"):
            message = f"{role}: weights has a job and layers to replace, but no {show(key)}"
            report.problem(join(pointer, key), "unknown_key", message)
    if "job" not in given:
        report.problem(pointer, "missing", f"{role}: weights needs a job: the id of the training to start from")
        return None
    job = check(given["job"], _JOB, Place(report, join(pointer, "job"), role, "weights.job"))
    replace = _names(given, "replace", Place(report, join(pointer, "replace"), role, "weights.replace"))
    return None if job is INVALID else {"job": job, "replace": replace}


def _check_start(role: str, start: Mapping[str, Any], graph: Graph, stored: StoredWeights, report: Report) -> None:
    """Report every tensor that is missing, superfluous or misshapen, unless its layer is to be replaced."""
    pointer = join(f"/{role}", "weights")
    shapes = stored(start["job"])
    if shapes is None:
        message = f"{role}: the job {show(start['job'])} is not there, or has saved no weights yet"
        report.problem(join(pointer, "job"), "no_weights", message)
        return
    there = {name: shape for name, shape in shapes.items() if name.startswith(f"{role}/")}
    wanted = {
        f"{role}/{layer['id']}/{variable}": shape
        for layer in graph.layers
        if layer["id"] in graph.shapes
        for variable, shape, _ in measure(layer, [graph.shapes[source] for source in layer["inputs"]]).weights
    }
    layers = dict.fromkeys(name.split("/")[1] for name in (*wanted, *there))
    for index, identifier in enumerate(start["replace"]):
        if identifier not in layers:
            known = nearest(identifier, layers) or f"there is {_listed(list(layers))}"
            message = f"{role}: no layer with weights is called {show(identifier)}, here or in the job; {known}"
            report.problem(join(pointer, "replace", index), "unknown_layer", message)
    wrong = misfits(
        {name: shape for name, shape in wanted.items() if name.split("/")[1] not in start["replace"]},
        {name: shape for name, shape in there.items() if name.split("/")[1] not in start["replace"]},
    )
    if wrong:
        named = "; ".join(wrong[:_MOST_NAMED]) + (
            f"; and {len(wrong) - _MOST_NAMED} more" if len(wrong) > _MOST_NAMED else ""
        )
        message = (
            f"the weights of the job {show(start['job'])} do not fit the {role}: {named}. "
            "Name the layers that are to start anew in weights.replace"
        )
        report.problem(pointer, "weights_do_not_fit", message)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", …" if len(names) > _MOST_NAMED else "")


def misfits(wanted: Mapping[str, Shape], there: Mapping[str, Shape]) -> list[str]:
    """One sentence for each tensor that is missing, superfluous or misshapen."""
    wrong = [f"'{name}' is missing" for name in wanted if name not in there]
    for name, shape in there.items():
        if name not in wanted:
            wrong.append(f"{show(name, 80)} belongs to no layer")
        elif tuple(shape) != tuple(wanted[name]):
            wrong.append(f"'{name}' is {text(shape)} instead of {text(wanted[name])}")
    return wrong
