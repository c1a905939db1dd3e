"""The two networks of a spec: a family unfolded into layers, or layers its author drew."""

from collections.abc import Mapping, Sequence
from typing import Any

from spec import catalogue
from spec.families import DISCRIMINATORS, GENERATORS, Frame
from spec.graph import Graph, resolve_layers
from spec.modules import read_object, resolve_module
from spec.problems import Report

# Keys that `resolve` computes anew, so that a resolved spec can be resolved again.
DERIVED_KEYS = ("layers", "outputs", "output_shape", "parameter_count", "conditional")
DEFAULT_LATENT_DIM = 100


def resolve_network(role: str, spec: Mapping[str, Any], frame: Frame, report: Report) -> dict[str, Any] | None:
    """The generator or the discriminator with its layers, or None where its choice is missing or unknown.

    Args:
        role: "generator" or "discriminator".
        frame: Image shape and classes of the data.
    """
    given = read_object(spec, role, report)
    module = resolve_module(f"{role}s", given, report=report, pointer=f"/{role}", subject=role, other_keys=DERIVED_KEYS)
    if module is None:
        return None
    families = GENERATORS if role == "generator" else DISCRIMINATORS
    layers: Sequence[Any] = families[module["choice"]](frame, module)
    inputs = {"noise": [DEFAULT_LATENT_DIM], "label": [], "image": frame.shape}
    graph = resolve_layers(layers, report=report, pointer=f"/{role}/layers", inputs=inputs)
    return {**module, **_measures(graph)}


def _measures(graph: Graph) -> dict[str, Any]:
    output = graph.outputs[0] if len(graph.outputs) == 1 else None
    return {
        "layers": graph.layers,
        "outputs": graph.outputs,
        "output_shape": list(graph.shapes.get(output, ())) if output else None,
        "parameter_count": graph.parameter_count,
        "conditional": any(layer.get("source") == "label" for layer in graph.layers),
    }


def critic_of(spec: Mapping[str, Any]) -> str | None:
    """The discriminator's family, if it is a known one."""
    discriminator = spec.get("discriminator")
    choice = discriminator.get("choice") if isinstance(discriminator, Mapping) else None
    return choice if isinstance(choice, str) and choice in catalogue.load()["discriminators"] else None
