"""The modules of a spec that are not networks: data, loss, optimizer, training, evaluation.

Each is a `choice` from one kind of the catalogue plus that choice's parameters. What its author leaves open follows
from the critic: the discriminator's family names its loss, the loss its optimizer and steps (see `objective`).
"""

from collections.abc import Collection, Mapping
from typing import Any

from spec import catalogue, legacy
from spec.metrics import shows_images, unmet_needs
from spec.parameters import INVALID, Place, describe, fill, pick
from spec.problems import Report, join, show

# Keys of a spec that are resolved elsewhere.
SPEC_KEYS = (
    "authorgan",
    "data",
    "generator",
    "discriminator",
    "loss",
    "optimizer",
    "training",
    "evaluation",
    "backend",
    "notes",
    "node_id",
)
# Keys that any module may carry besides the parameters of its choice.
MODULE_KEYS = ("choice", "node_id")


def read_object(spec: Mapping[str, Any], key: str, report: Report, pointer: str = "") -> dict[str, Any]:
    """The object at a key; empty where it is left out or, after a report, not an object."""
    value = spec.get(key)
    if value is None:
        return {}
    if isinstance(value, str):
        report.correct(join(pointer, key), "choice_from_text", f"{key} was written as a text; read as its choice")
        return {"choice": value}
    if not isinstance(value, dict):
        report.problem(join(pointer, key), "wrong_type", f"{key} must be an object with a choice, not {show(value)}")
        return {}
    return value


def resolve_module(
    kind: str,
    given: Mapping[str, Any],
    *,
    report: Report,
    pointer: str,
    subject: str,
    choice: str | None = None,
    defaults: Mapping[str, Any] | None = None,
    other_keys: Collection[str] = (),
) -> dict[str, Any] | None:
    """A module with its choice checked and every parameter filled in.

    Args:
        choice: Used where the author made none; without it a choice has to be made.
        defaults: Values that replace the catalogue's defaults, where the author's choice is `choice`.
        other_keys: Keys that are dealt with elsewhere.

    Returns:
        The module, or None where its choice is missing or unknown.
    """
    entries = catalogue.load()[kind]
    picked: Any = choice
    if "choice" in given:
        picked = pick(given["choice"], entries, Place(report, join(pointer, "choice"), subject, "choice"))
    elif choice is None and not report.has(pointer):
        wanted = describe({"enum": list(entries)})
        report.problem(pointer, "missing", f"{subject} needs a choice: {wanted}")
    if picked is None or picked is INVALID:
        return None
    filled = fill(
        entries[picked]["parameters"],
        given,
        report=report,
        pointer=pointer,
        subject=f"{subject} '{picked}'",
        defaults=defaults if picked == choice else None,
        other_keys=(*MODULE_KEYS, *other_keys),
    )
    return {"choice": picked, **filled, **node_id(given)}


def node_id(given: Mapping[str, Any]) -> dict[str, str]:
    """The drawn node a module came from, to be kept with it."""
    return {"node_id": given["node_id"]} if isinstance(given.get("node_id"), str) else {}


def resolve_data(spec: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """The data module."""
    data = resolve_module("datasets", read_object(spec, "data", report), report=report, pointer="/data", subject="data")
    if data and data["include_classes"]:
        classes = data["classes"]
        beyond = [number for number in data["include_classes"] if number >= (classes or 0)]
        if beyond:
            known = f"the classes are 0 to {classes - 1}" if classes else "the data has no classes; set data.classes"
            message = f"data: include_classes holds {show(beyond)}, but {known}"
            report.problem("/data/include_classes", "out_of_range", message)
    return data


def resolve_loss(spec: Mapping[str, Any], critic: str | None, report: Report) -> dict[str, Any] | None:
    """The loss with its regularizers; both follow from the critic (the discriminator's family) where left open."""
    given = read_object(spec, "loss", report)
    entries = catalogue.load()
    family = entries["discriminators"][critic]["defaults"] if critic else {}
    natural = family.get("loss", {}).get("choice", "non_saturating")
    loss = resolve_module(
        "losses",
        given,
        report=report,
        pointer="/loss",
        subject="loss",
        choice=natural,
        defaults=family.get("loss"),
        other_keys=("regularizers",),
    )
    place = Place(report, "/loss/regularizers", "loss", "regularizers")
    if loss is None:
        _resolve_regularizers(given.get("regularizers", []), place)
        return None
    defaults = entries["losses"][loss["choice"]]["defaults"]
    if loss["choice"] == natural:
        defaults = {**defaults, **family}
    wanted = given.get("regularizers", defaults["regularizers"])
    loss["regularizers"] = _resolve_regularizers(wanted, place)
    return loss


def _resolve_regularizers(given: Any, place: Place) -> list[dict[str, Any]]:
    if not isinstance(given, list | tuple):
        place.bad("wrong_type", f"must be a list, not {show(given)}")
        return []
    regularizers: list[dict[str, Any]] = []
    for index, item in enumerate(given):
        inside = place.within(index)
        module = {"choice": item} if isinstance(item, str) else item
        if not isinstance(module, Mapping):
            inside.bad("wrong_type", f"must be an object with a choice, not {show(item)}")
            continue
        resolved = resolve_module(
            "regularizers", module, report=place.report, pointer=inside.pointer, subject="regularizer"
        )
        if resolved is None:
            continue
        if any(other["choice"] == resolved["choice"] for other in regularizers):
            inside.bad("duplicate", f"'{resolved['choice']}' stands in the list twice; keep one")
            continue
        regularizers.append(resolved)
    return regularizers


def objective(loss: Mapping[str, Any] | None) -> dict[str, Any]:
    """Optimizer and training defaults that go with a loss and its regularizers, the regularizers' word being last."""
    entries = catalogue.load()
    if loss is None:
        return dict(entries["losses"]["non_saturating"]["defaults"])
    defaults = dict(entries["losses"][loss["choice"]]["defaults"])
    for regularizer in loss["regularizers"]:
        defaults |= entries["regularizers"][regularizer["choice"]].get("defaults", {})
    return defaults


def resolve_optimizers(spec: Mapping[str, Any], defaults: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """One optimizer for each network. A single `{"choice": …}` stands for both."""
    given = read_object(spec, "optimizer", report)
    roles = ("generator", "discriminator")
    shared = not any(role in given for role in roles)
    if not shared:
        for key in given:
            if key not in (*roles, "node_id"):
                message = f"optimizer has generator and discriminator; {show(key)} belongs inside one of them"
                report.problem(join("/optimizer", key), "unknown_key", message)
    optimizers: dict[str, Any] = {}
    for role in roles:
        pointer = "/optimizer" if shared else f"/optimizer/{role}"
        optimizers[role] = resolve_module(
            "optimizers",
            given if shared else read_object(given, role, report, "/optimizer"),
            report=report,
            pointer=pointer,
            subject="optimizer" if shared else f"{role}'s optimizer",
            choice=defaults["choice"],
            defaults=defaults,
        )
    return optimizers if shared else {**optimizers, **node_id(given)}


def resolve_training(spec: Mapping[str, Any], defaults: Mapping[str, Any], report: Report) -> dict[str, Any] | None:
    """The training process."""
    return resolve_module(
        "processes",
        read_object(spec, "training", report),
        report=report,
        pointer="/training",
        subject="training",
        choice="alternating",
        defaults=defaults,
    )


EVALUATION = {
    "properties": {
        "metrics": {
            "type": "array",
            "items": {"format": "module:metrics"},
            "maxItems": 32,
            "default": [],
            "title": "Metrics",
            "description": "Scores to take while training.",
        },
        "every_epochs": {
            "type": "integer",
            "minimum": 1,
            "maximum": 100000,
            "default": 1,
            "title": "Every epochs",
            "unit": "epochs",
            "description": "Take them after so many epochs, and at the end.",
        },
        "sample_count": {
            "type": "integer",
            "minimum": 20,
            "maximum": 100000,
            "default": 2000,
            "title": "Images",
            "unit": "images",
            "description": "Images of each kind that are compared; at most half of the data.",
        },
        "extractor": {
            "type": "string",
            "enum": ["auto", "classifier", "identity", "inception"],
            "default": "auto",
            "title": "Extractor",
            "description": "A classifier trained on the data, the data itself, or Inception V3 with the weights of the "
            "FID; auto: a classifier for images.",
        },
    },
    "required": [],
}


def resolve_evaluation(
    spec: Mapping[str, Any], data: Mapping[str, Any] | None, conditional: bool, report: Report
) -> dict[str, Any]:
    """The metrics to take while training, how often, and of how many images.

    Args:
        data: The resolved data module, if it is settled.
        conditional: Whether the generator is shown the label.
    """
    given = read_object(spec, "evaluation", report)
    filled = fill(
        EVALUATION, given, report=report, pointer="/evaluation", subject="evaluation", other_keys=("node_id",)
    )
    if data and filled["extractor"] in ("classifier", "inception") and not shows_images(data):
        message = f"'{filled['extractor']}' looks at images, but the data are sequences; choose 'identity' or 'auto'"
        report.problem("/evaluation/extractor", "metric_not_possible", f"evaluation: {message}")
    for index, metric in enumerate(filled["metrics"]):
        place = Place(report, join("/evaluation/metrics", index), "evaluation", f"metric '{metric['choice']}'")
        if any(metric["choice"] == other["choice"] for other in filled["metrics"][:index]):
            place.bad("duplicate", "stands in the list twice; keep one")
        elif data and (reason := unmet_needs(metric["choice"], data, conditional, filled["extractor"])):
            place.bad("metric_not_possible", reason)
    return {**filled, **node_id(given)}


_SETTINGS: dict[str, Any] = {
    "name": {"type": "string", "maxLength": 200, "default": "", "title": "Name"},
    "description": {"type": "string", "maxLength": 5000, "default": "", "title": "Description"},
    "driver": {"type": "string", "minLength": 1, "maxLength": 64, "default": "pytorch", "title": "Driver"},
    "device": {"type": "string", "minLength": 1, "maxLength": 64, "default": "auto", "title": "Device"},
    "precision": {
        "type": "string",
        "enum": ["auto", "float32", "bfloat16"],
        "default": "auto",
        "title": "Precision",
    },
}


def resolve_settings(spec: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """The keys of a spec that are plain values, such as name and driver. Keys that belong nowhere are reported."""
    schema = {"properties": _SETTINGS, "required": []}
    keys = (*SPEC_KEYS, *legacy.OLD_KEYS)
    return fill(schema, spec, report=report, pointer="", subject="the spec", other_keys=keys, listed=SPEC_KEYS[1:8])
