"""The form of what a job has produced."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from service.api.schemas.base import Answer, Body
from service.api.schemas.jobs import SampleOut


class EventsQuery(Body):
    new: bool = Field(False, description="Only what happens from now on.")


class MetricsQuery(Body):
    model_config = ConfigDict(populate_by_name=True)

    x: Literal["step", "epoch", "seconds"] = Field(
        "step", description="What the curve is drawn over; `seconds` of training, pauses left out."
    )
    start: float = Field(0, ge=0, alias="from", description="Only from here on, in units of `x`.")
    end: float | None = Field(None, ge=0, alias="to", description="Only up to here.")
    max_points: int | None = Field(
        None, ge=10, description="Thin the curve to at most this many rows; its extremes stay."
    )
    bands: bool = Field(False, description="Thin to means with bands from the least to the greatest value.")


class Metrics(Answer):
    columns: list[str] = Field(
        examples=[["step", "generator", "discriminator", "epoch", "seconds"]],
        description="With `bands` also `generator_min`, `generator_max`, `discriminator_min`, `discriminator_max`.",
    )
    rows: list[list[float | int | None]] = Field(description="null: the loss was no finite number.")
    count: int = Field(description="Steps in the range.")
    thinned: bool = Field(description="There are fewer rows than steps.")
    measurements: dict[str, list[list[float | int | None]]] = Field(
        description="By name, each a list of `[step, value]`: evaluation metrics; `accuracy/real` and `accuracy/fake`, "
        "the shares of a step's reals and fakes that the discriminator told right (a critic has none); "
        "`gradient_norm/generator` and `gradient_norm/discriminator`."
    )
    usage: dict[str, list[list[float | int | None]]] = Field(
        description="Of the training process: `cpu_percent` of one processor, `memory_bytes`, and on a GPU "
        "`gpu_memory_bytes` and `gpu_percent`; each a list of `[step, value]`."
    )
    learning_rates: dict[str, list[list[float | int]]] = Field(
        description="By network, each a list of `[step, rate]`: wherever it differs from the row before."
    )


class MarkerOut(Answer):
    model_config = ConfigDict(extra="allow")

    step: int = Field(description="After this step.")
    at: str = Field(description="ISO 8601, UTC")
    kind: str = Field(
        description="`paused`, `resumed`, `changed` (with `changes`), `stepped` (with `update`, `count`) or "
        "`continued`: from the checkpoint of this step, on another worker or after a park."
    )


class MarkerList(Answer):
    markers: list[MarkerOut] = Field(description="In the order in which they happened.")


class FindingOut(Answer):
    code: str
    title: str
    severity: Literal["info", "warning", "bad"]
    message: str = Field(description="What was found, with the numbers.")
    rule: str = Field(description="By which rule.")
    evidence: dict[str, float] = Field(description="The numbers of the message.")
    since_step: int | None = Field(description="From which step on it holds, where that can be said.")
    advice: list[str] = Field(alias="try", description="What to try, the likeliest first.")


class RuleOut(Answer):
    code: str
    title: str
    rule: str
    judged: bool
    reason: str | None = Field(description="Why it could not judge.")


class Reading(Answer):
    verdict: str = Field(
        description="`healthy`, `too_early`, or the code of the gravest finding: `diverging`, `discriminator_won`, "
        "`noise`, `blank`, `mode_collapse`, `low_precision`, `missing_modes`, `copying`, `oscillation`."
    )
    title: str
    message: str
    step: int = Field(description="The last step that was looked at.")
    findings: list[FindingOut] = Field(description="The gravest first; `plateau` is a remark, no illness.")
    rules: list[RuleOut] = Field(description="All there are.")
    diversity: list[list[float | int]] = Field(
        description="`[step, value]`: the root mean square distance between two images of a grid of samples, 0 to 1."
    )


class MovieQuery(Body):
    seconds: int = Field(10, ge=1, description="Length.")
    fps: int = Field(12, ge=1, le=60, description="Frames a second.")


class PageQuery(Body):
    limit: int = Field(100, ge=1)
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before.")


class SampleList(Answer):
    samples: list[SampleOut] = Field(description="The newest first.")
    next: str | None


class Artifact(Answer):
    name: str
    size: int = Field(description="Bytes.")
    modified_at: str
    url: str


class ArtifactList(Answer):
    artifacts: list[Artifact]
