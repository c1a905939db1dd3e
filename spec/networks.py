"""The two networks of a spec: a family unfolded into layers, or layers its author drew."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spec import catalogue, nesting, transfer
from spec.families import DISCRIMINATORS, GENERATORS
from spec.frame import SOURCES, Frame
from spec.graph import Graph, resolve_layers
from spec.modules import read_object, resolve_module
from spec.problems import Report, show
from spec.transfer import StoredWeights, resolve_transfer

CUSTOM = "custom"
# Keys that `resolve` computes anew, so that a resolved spec can be resolved again.
DERIVED_KEYS = ("layers", "outputs", "output_shape", "parameter_count", "conditional")
DEFAULT_LATENT_DIM = 100
# What may end a classifier, but no discriminator: the losses take the score as it is.
_SQUEEZES = ("sigmoid", "softmax")


@dataclass
class Network:
    """The generator or the discriminator: its module (choice and parameters) and its layers."""

    role: str
    module: dict[str, Any]
    graph: Graph

    @property
    def conditional(self) -> bool:
        """Whether it is shown the label."""
        return bool(self.graph.sources("label"))

    @property
    def output(self) -> str | None:
        """The one layer that feeds no other, if that much is settled."""
        return self.graph.outputs[0] if self.graph.complete and len(self.graph.outputs) == 1 else None

    def measured(self) -> dict[str, Any]:
        """Output shape and parameter count of the layers that fit, in a network with or without problems."""
        keys = ("id", "node_id", "output_shape", "parameter_count")
        fitting = [layer for layer in self.graph.layers if "output_shape" in layer]
        return {"layers": [{key: layer[key] for key in keys if key in layer} for layer in fitting]}

    def resolved(self) -> dict[str, Any]:
        """The network as it stands in the resolved spec."""
        derived: dict[str, Any] = {}
        if self.role == "generator" and self.module["choice"] == CUSTOM:
            derived["latent_dim"] = self.graph.sources("noise")[0]["shape"][0]
        return {
            **self.module,
            **derived,
            "layers": self.graph.layers,
            "outputs": self.graph.outputs,
            "output_shape": self.graph.layer(self.graph.outputs[0])["output_shape"],
            "parameter_count": self.graph.parameter_count,
            "conditional": self.conditional,
        }


def resolve_network(
    role: str, spec: Mapping[str, Any], frame: Frame, report: Report, stored: StoredWeights | None = None
) -> Network | None:
    """A network with its layers measured, or None where its choice is missing or unknown.

    Args:
        role: "generator" or "discriminator".
        frame: Sample shape and classes of the data.
        stored: Finds the weights that a network may start from.
    """
    given = read_object(spec, role, report)
    derived = (*DERIVED_KEYS, "latent_dim") if given.get("choice") == CUSTOM else DERIVED_KEYS
    other_keys = (*derived, *transfer.KEYS)
    module = resolve_module(f"{role}s", given, report=report, pointer=f"/{role}", subject=role, other_keys=other_keys)
    if module is None:
        return None
    families = GENERATORS if role == "generator" else DISCRIMINATORS
    if module["choice"] == CUSTOM:
        layers = _drawn_layers(role, given, report)
    elif _suits(role, module["choice"], frame):
        layers = families[module["choice"]](frame, module)
    else:
        able = " or ".join(show(name) for name in families if _suits(role, name, frame))
        message = f"{role} {show(module['choice'])} is not made for {frame.source}s; choose {able}, or draw its layers"
        report.problem(f"/{role}/choice", "wrong_data", message)
        return None
    inputs = {
        "noise": [DEFAULT_LATENT_DIM],
        "label": [],
        **{source: frame.shape if source == frame.source else None for source in SOURCES},
    }
    graph = resolve_layers(layers, report=report, pointer=f"/{role}/layers", inputs=inputs)
    network = Network(role, module, graph)
    if role == "discriminator":
        _leave_logit(network, report)
    module |= resolve_transfer(role, given, graph, stored, report)
    _check_size(network, report)
    return network


def _suits(role: str, family: str, frame: Frame) -> bool:
    """Whether a family can be made for the kind of data there is; most are for images alone."""
    return frame.source in catalogue.load()[f"{role}s"][family].get("data", ("image",))


def _drawn_layers(role: str, given: Mapping[str, Any], report: Report) -> Sequence[Any]:
    layers, limit = given.get("layers"), report.limits.max_layers
    if not isinstance(layers, list) or not layers:
        message = f"a custom {role} needs layers: a list of objects with id, type and inputs"
        report.problem(f"/{role}", "missing", message if layers is None else f"{message}, not {show(layers)}")
        return []
    if len(layers) > limit:
        report.problem(f"/{role}/layers", "too_large", f"the {role} has {len(layers)} layers; {limit} are allowed")
        return []
    return layers


def _leave_logit(network: Network, report: Report) -> None:
    """Take a last sigmoid or softmax off a discriminator: the losses take the score before it."""
    graph = network.graph
    while network.output:
        last = graph.layer(network.output)
        inner = nesting.innermost(last)
        name = f"{last['type']} '{last['id']}'"
        if last["type"] and last["type"].lower() in _SQUEEZES and len(last["inputs"]) == 1:
            graph.layers.remove(last)
            graph.outputs = list(last["inputs"])
            what = f"{name} was taken off the end of the discriminator"
        elif inner.get("activation") in _SQUEEZES:
            what = f"the activation {inner['activation']} of {name}, the discriminator's last layer, was set to linear"
            inner["activation"] = "linear"
        else:
            return
        message = f"{what}: the losses take the score as it is (the logit)"
        report.correct(graph.pointers[last["id"]], "logit_kept", message)


def _check_size(network: Network, report: Report) -> None:
    count, limit = network.graph.parameter_count, report.limits.max_parameters
    if count > limit:
        largest = max(network.graph.layers, key=lambda layer: layer.get("parameter_count", 0))
        message = (
            f"the {network.role} has {count} parameters; {limit} are allowed. "
            f"Make the largest layer smaller: {largest['type']} '{largest['id']}' has {largest['parameter_count']}"
        )
        report.problem(f"/{network.role}", "too_large", message)
