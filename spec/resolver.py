"""`resolve`: from what an author wrote to the full form of a spec, or to everything that is wrong with it."""

from collections.abc import Collection, Mapping
from typing import Any

from spec.families import Frame
from spec.jsontree import plain_copy
from spec.limits import DEFAULT_LIMITS, Limits
from spec.modules import (
    objective,
    resolve_data,
    resolve_evaluation,
    resolve_loss,
    resolve_optimizers,
    resolve_training,
)
from spec.networks import critic_of, resolve_network
from spec.problems import Report, show
from spec.resolved import ResolvedSpec

VERSION = 1
# What a driver can do, by driver and kind, as `drivers.capabilities()` says it.
Capabilities = Mapping[str, Mapping[str, Collection[str]]]


def resolve(spec: Any, *, limits: Limits = DEFAULT_LIMITS, drivers: Capabilities | None = None) -> ResolvedSpec:
    """Fill in and check a spec.

    Pure and idempotent: the same spec gives the same result, and a resolved spec resolves to itself.

    Args:
        spec: The spec as its author wrote it, in the full form or an old one (see `spec.legacy`).
        limits: Bounds it is held to.
        drivers: What each driver can do; a spec that asks for more is refused. None leaves that open.

    Raises:
        SpecError: With every problem found. No other exception, whatever `spec` is.
    """
    report = Report(limits)
    written = plain_copy(spec, report)
    report.raise_problems(None)
    if not isinstance(written, dict):
        report.problem(
            "", "wrong_type", f"a spec is an object with data, generator and discriminator, not {show(written)}"
        )
        report.raise_problems(None)

    data = resolve_data(written, report)
    frame = (
        Frame(data["image_size"], data["image_size"], data["channels"], data["classes"]) if data else Frame(16, 16, 1)
    )
    generator = resolve_network("generator", written, frame, report)
    discriminator = resolve_network("discriminator", written, frame, report)
    loss = resolve_loss(written, critic_of(written), report)
    defaults = objective(loss)
    optimizer = resolve_optimizers(written, defaults["optimizer"], report)
    training = resolve_training(written, defaults["training"], report)
    evaluation = resolve_evaluation(written, report)
    report.raise_problems(written)
    return ResolvedSpec(
        authorgan=VERSION,
        name=written.get("name", ""),
        data=data,
        generator=generator,
        discriminator=discriminator,
        loss=loss,
        optimizer=optimizer,
        training=training,
        evaluation=evaluation,
        driver=written.get("driver", "pytorch"),
        device=written.get("device", "auto"),
        precision=written.get("precision", "auto"),
        notes=report.corrections + report.advice,
    )
