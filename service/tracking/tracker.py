"""What a tracker is: a place elsewhere that keeps runs, each with parameters, curves and pictures."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from service.comparison import flatten


class TrackerUnavailable(Exception):  # noqa: N818  (the reason is the name)
    """The tracker does not answer just now; the same may work later."""


class TrackerRefused(Exception):  # noqa: N818
    """The tracker does not take it, and will not later."""


class Point(NamedTuple):
    """One number of a curve.

    Attributes:
        name: `loss/generator`, `score/kid`, `speed/images_per_second`, `usage/memory_bytes`, …
        step: of the training.
        value: finite.
        at: when it was reported, in seconds since 1970.
    """

    name: str
    step: int
    value: float
    at: float


@dataclass(frozen=True)
class Run:
    """What a tracker is told of a job when an attempt of it starts.

    Attributes:
        job_id: what the run is found by again, when another attempt goes on with it.
        parameters: the spec with flat keys: `{"generator.latent_dim": 100, …}`.
        facts: what may be another in another attempt: driver, device, versions, the hash of the spec.
        sweep: the sweep that the job is of.
    """

    job_id: str
    name: str
    spec: Mapping[str, Any]
    facts: Mapping[str, str] = field(default_factory=dict)
    tags: Sequence[str] = ()
    comment: str = ""
    sweep: str | None = None

    @property
    def parameters(self) -> dict[str, Any]:
        return {pointer.removeprefix("/").replace("/", "."): value for pointer, value in flatten(self.spec).items()}


class Tracker(ABC):
    """One run of one tracker. Every method may take its time and may fail, with the two errors above or any other.

    Attributes:
        title: what the tracker is called in messages.
    """

    title: str

    @abstractmethod
    def start(self, run: Run) -> list[str]:
        """Begin the run, or take up the one that an earlier attempt began.

        Returns:
            What its owner should know: sentences, such as that pictures cannot be sent.
        """

    @abstractmethod
    def log(self, points: Sequence[Point]) -> None:
        """Add points to curves. What is at a step already stays as it is."""

    @abstractmethod
    def picture(self, step: int, png: bytes) -> None:
        """Add the sheet of samples of a step."""

    @abstractmethod
    def finish(self, state: str) -> None:
        """The attempt has ended.

        Args:
            state: `succeeded`, `failed` or `stopped`; `queued` or `paused` where another attempt will go on;
                `lost` where the training died, and another may.
        """


def numbers(event: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of an event of a training, by the names that trackers know them by; those that are finite."""
    match event["type"]:
        case "loss":
            found = {f"loss/{network}": event.get(network) for network in ("generator", "discriminator")}
        case "metric":
            found = {f"score/{event['name']}": event["value"]}
        case "progress":
            found = {"speed/images_per_second": event.get("images_per_second")}
        case "measurement":
            found = event["values"]
        case _:
            found = {}
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}
