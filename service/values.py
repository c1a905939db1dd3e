"""The numbers that jobs are told apart by, how each is called, and which way is better."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import spec.catalogue
from service.db.models import Job

Direction = Literal["lower", "higher"] | None


@dataclass(frozen=True)
class Value:
    """A number that every job may have.

    Attributes:
        name: in addresses and JSON.
        title: for people.
        better: which way is better; None where neither is: a loss says how the game between the networks stands, not
            how good the samples are, and losses of different kinds have different scales.
    """

    name: str
    title: str
    better: Direction = None


OWN = {
    value.name: value
    for value in (
        Value("generator_loss", "Generator loss"),
        Value("discriminator_loss", "Discriminator loss"),
        Value("seconds_per_epoch", "Seconds per epoch", "lower"),
        Value("images_per_second", "Images per second", "higher"),
        Value("accuracy/real", "Accuracy on real"),
        Value("accuracy/fake", "Accuracy on generated"),
        Value("gradient_norm/generator", "Gradient norm of the generator"),
        Value("gradient_norm/discriminator", "Gradient norm of the discriminator"),
    )
}
"""What a job has without being evaluated; everything else is a metric of the catalogue, or of its driver."""

PARTS = {"low": "lower bound", "high": "upper bound", "floor": "of real samples"}
"""What is kept of a metric beside its value: the ends of its confidence interval, and what real data scores."""


def describe(name: str) -> Value:
    """A value by its name. What belongs to a metric (``precision.floor``) is called by what it belongs to."""
    if name in OWN:
        return OWN[name]
    metric, _, part = name.partition(".")
    entry = _metrics().get(metric)
    if entry is None or (part and part not in PARTS):
        return Value(name, name.replace("_", " "))
    return Value(name, f"{entry['title']}, {PARTS[part]}") if part else Value(name, entry["title"], entry["direction"])


@cache
def _metrics() -> Mapping[str, Any]:
    return spec.catalogue.load().get("metrics", {})


def values_of(job: Job, measured: Mapping[str, float | None]) -> dict[str, float]:
    """Every number that is known of a job.

    Args:
        measured: the last value of each of its metrics.
    """
    losses, progress = job.losses or {}, job.progress or {}
    known = {
        "generator_loss": losses.get("generator"),
        "discriminator_loss": losses.get("discriminator"),
        "seconds_per_epoch": seconds_per_epoch(progress),
        "images_per_second": progress.get("images_per_second"),
        **measured,
    }
    return {name: number for name, number in known.items() if number is not None and math.isfinite(number)}


def seconds_per_epoch(progress: Mapping[str, Any]) -> float | None:
    """The mean over everything that was trained so far, pauses left out."""
    seconds, step, total, epochs = (progress.get(name) for name in ("seconds", "step", "total", "epochs"))
    if not seconds or not step or not total or not epochs:
        return None
    return float(seconds) / step * total / epochs


def best(jobs: Iterable[tuple[str, Mapping[str, float]]]) -> dict[str, dict[str, Any]]:
    """For each number with a better way, who has the best: ``{name: {"job", "value", "better"}}``; the first of equals.

    Args:
        jobs: ids with their `values_of`.
    """
    found: dict[str, dict[str, Any]] = {}
    for job_id, numbers in jobs:
        for name, number in numbers.items():
            better = describe(name).better
            if better is None:
                continue
            so_far = found.get(name)
            if so_far is None or (number < so_far["value"] if better == "lower" else number > so_far["value"]):
                found[name] = {"job": job_id, "value": number, "better": better}
    return found


def names(jobs: Sequence[Mapping[str, float]]) -> list[str]:
    """The numbers that some job has, a job's own first, then the metrics in the order of the alphabet."""
    known = {name for numbers in jobs for name in numbers}
    return [*(name for name in OWN if name in known), *sorted(known - OWN.keys())]
