"""What a driver cannot do is said when a spec is resolved, never halfway through a training."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from spec import nesting
from spec.networks import CUSTOM, Network
from spec.parameters import Place, describe, pick
from spec.problems import Report, join

# What each driver can do, by driver and kind of the catalogue, as `drivers.capabilities()` says it.
# A kind that a driver does not list is taken to be done in full. Two kinds are not the catalogue's: `backends`, those
# that are installed, and `precisions`.
Capabilities = Mapping[str, Mapping[str, Collection[str]]]


def check_driver(spec: Mapping[str, Any], networks: Collection[Network], drivers: Capabilities, report: Report) -> None:
    """Report everything in a resolved spec that its driver cannot do."""
    name = pick(spec["driver"], list(drivers), Place(report, "/driver", "the spec", "driver"), "unknown_driver")
    if name not in drivers:
        return
    for kind, choice, pointer in _parts(spec, networks):
        known = drivers[name].get(kind)
        if known is None or choice in known:
            continue
        if kind == "backends":
            here = f"here the driver '{name}' has {describe({'enum': list(known)})}" if known else "here is none"
            install = "`make run DRIVERS=all` installs it"
            report.problem(pointer, "not_installed", f"the backend '{choice}' is not installed; {here}. {install}")
        else:
            others = [other for other in drivers if choice in drivers[other].get(kind, (choice,))]
            hint = f"; choose the driver {describe({'enum': others})}" if others else ""
            report.problem(pointer, "not_supported", f"the driver '{name}' cannot do '{choice}' ({kind}){hint}")


def _parts(spec: Mapping[str, Any], networks: Collection[Network]) -> Iterator[tuple[str, str, str]]:
    """Every entry of the catalogue that a resolved spec uses: kind, name, and where its author wrote it."""
    yield "datasets", spec["data"]["choice"], "/data/choice"
    for network in networks:
        role, drawn = network.role, network.module["choice"] == CUSTOM
        for layer in network.graph.layers:
            pointer = join(network.graph.pointers[layer["id"]], "type") if drawn else f"/{role}/choice"
            for part in nesting.within(layer):
                yield "layers", part["type"], pointer
                for key, value in part.items():
                    if key.endswith("_initializer"):
                        yield "initializers", value["choice"], pointer
        yield "optimizers", spec["optimizer"][role]["choice"], f"/optimizer/{role}/choice"
    if "backend" in spec:
        yield "backends", spec["backend"], "/backend"
    yield "precisions", spec["precision"], "/precision"
    yield "losses", spec["loss"]["choice"], "/loss/choice"
    for index, regularizer in enumerate(spec["loss"]["regularizers"]):
        yield "regularizers", regularizer["choice"], join("/loss/regularizers", index, "choice")
    yield "processes", spec["training"]["choice"], "/training/choice"
    schedule = spec["training"].get("learning_rate_schedule")
    if schedule:
        yield "schedules", schedule["choice"], "/training/learning_rate_schedule/choice"
    for index, metric in enumerate(spec["evaluation"]["metrics"]):
        yield "metrics", metric["choice"], join("/evaluation/metrics", index, "choice")
