"""`resolve`: from what an author wrote to the full form of a spec, or to everything that is wrong with it."""

from collections.abc import Mapping
from typing import Any

from spec import advice, catalogue, legacy
from spec.backends import resolve_backend
from spec.capabilities import Capabilities, check_driver
from spec.frame import Frame
from spec.jsontree import plain_copy
from spec.limits import DEFAULT_LIMITS, Limits
from spec.modules import (
    node_id,
    objective,
    resolve_data,
    resolve_evaluation,
    resolve_loss,
    resolve_optimizers,
    resolve_settings,
    resolve_training,
)
from spec.networks import resolve_network
from spec.problems import Report, show
from spec.resolved import ResolvedSpec
from spec.roles import check_role, suits
from spec.transfer import StoredWeights

VERSION = 1
# Stands in while the data is in question, so that families can still be unfolded and looked at.
_ANY_FRAME = Frame("image", (16, 16, 1), classes=10)


def resolve(
    spec: Any,
    *,
    limits: Limits = DEFAULT_LIMITS,
    drivers: Capabilities | None = None,
    stored: StoredWeights | None = None,
) -> ResolvedSpec:
    """Fill in and check a spec.

    Pure and idempotent: the same spec gives the same result, and a resolved spec resolves to itself.

    Args:
        spec: The spec as its author wrote it, in the full form or an old one (see `spec.legacy`).
        limits: Bounds it is held to.
        drivers: What each driver can do; a spec that asks for more is refused. None leaves that open.
        stored: Finds the weights that a network may start from (see `spec.transfer`); they must be there and fit.
            None leaves that open.

    Raises:
        SpecError: With every problem found. No other exception, whatever `spec` is.
    """
    report = Report(limits)
    written = plain_copy(spec, report)
    report.raise_problems(None)
    if not isinstance(written, dict):
        kind = "an object with data, generator and discriminator"
        report.problem("", "wrong_type", f"a spec is {kind}, not {show(written)}")
        report.raise_problems(None)
    _check_version(written, report)
    report.corrections += kept_notes(written)
    given = legacy.modernise(written, report)

    settings = resolve_settings(given, report)
    backend = resolve_backend(given, settings["driver"], report)
    data = resolve_data(given, report)
    frame = _frame(data, report)
    seen = frame or (Frame.of(data) if data else _ANY_FRAME)
    generator = resolve_network("generator", given, seen, report, stored)
    discriminator = resolve_network("discriminator", given, seen, report, stored)
    loss = resolve_loss(given, discriminator.module["choice"] if discriminator else None, report)
    defaults = objective(loss)
    optimizer = resolve_optimizers(given, defaults["optimizer"], report)
    training = resolve_training(given, defaults["training"], report)
    evaluation = resolve_evaluation(given, data if frame else None, bool(generator and generator.conditional), report)
    process = catalogue.load()["processes"][training["choice"] if training else "alternating"]
    if frame and not suits(process["roles"], frame):
        message = f"training '{process['name']}' has no use for {frame.source}s; choose other data or another training"
        report.problem("/training/choice", "wrong_data", message)
    for network in (generator, discriminator):
        if network:
            check_role(network, process["roles"][network.role], frame, report)
            report.measured[network.role] = network.measured()
    report.raise_problems(written)
    # With no problem found there is nothing left that could be missing.
    assert generator is not None
    assert discriminator is not None
    assert loss is not None
    advice.advise(generator, discriminator, loss, report)
    resolved = ResolvedSpec(
        authorgan=VERSION,
        name=settings["name"],
        description=settings["description"],
        data=data,
        generator=generator.resolved(),
        discriminator=discriminator.resolved(),
        loss=loss,
        optimizer=optimizer,
        training=training,
        evaluation=evaluation,
        driver=settings["driver"],
        **backend,
        device=settings["device"],
        precision=settings["precision"],
        notes=[],
        **node_id(given),
    )
    if drivers is not None:
        check_driver(resolved, (generator, discriminator), drivers, report)
        report.raise_problems(written)
    resolved["notes"] = report.notes
    return resolved


def kept_notes(written: Mapping[str, Any]) -> list[dict[str, str]]:
    """Notes of an earlier `resolve` about what it corrected, which cannot be seen in the spec any more."""
    keys = ("pointer", "code", "message")
    notes = written.get("notes")
    return [
        {key: note[key] for key in keys}
        for note in (notes if isinstance(notes, list) else [])
        if isinstance(note, dict)
        and all(isinstance(note.get(key), str) for key in keys)
        and note["code"] not in advice.CODES
    ]


def _check_version(written: Mapping[str, Any], report: Report) -> None:
    version = written.get("authorgan", VERSION)
    if version != VERSION or isinstance(version, bool):
        message = f"authorgan must be {VERSION}, the version of the spec's form that is known here, not {show(version)}"
        report.problem("/authorgan", "unknown_version", message)


def _frame(data: Mapping[str, Any] | None, report: Report) -> Frame | None:
    """Sample shape and classes of the data; None where they are in question."""
    if data is None:
        return None
    shape = catalogue.load()["datasets"][data["choice"]]["sample"]["shape"]
    telling = {
        report.origin(pointer) for pointer in ("/data", *(f"/data/{key}" for key in ("choice", *shape, "classes")))
    }
    if any(problem["pointer"] in telling for problem in report.problems):
        return None
    return Frame.of(data)
