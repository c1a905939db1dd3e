"""The form of sweeps in requests and answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator

from service.api.schemas.base import Answer, Body, State
from service.api.schemas.jobs import JobProblem, Losses


class Pairs(Body):
    """Modules that are replaced as a whole: by name, or by an object with its choice and parameters."""

    generator: list[Any] | None = Field(None, examples=[["gan", "dcgan"]])
    discriminator: list[Any] | None = Field(None, examples=[["gan", {"choice": "dcgan", "filters": 32}]])


class SweepBody(Body):
    """One job for each combination of values."""

    name: str | None = Field(None, min_length=1, max_length=200)
    spec: dict[str, Any] = Field(
        description="What all jobs share; `generator` and `discriminator` may come from pairs."
    )
    grid: dict[str, list[Any]] = Field(
        default_factory=dict,
        description="JSON pointers into the spec, each with the values to take.",
        examples=[{"/training/batch_size": [32, 64], "/optimizer/generator/learning_rate": [0.0001, 0.0002]}],
    )
    pairs: Pairs | None = None


class AxisOut(Answer):
    pointer: str
    values: list[Any]


class SweepProgress(Answer):
    jobs: int
    ended: int
    fraction: float = Field(description="0 to 1, the mean of the jobs.")
    eta_seconds: float | None = Field(
        description="Until all have ended, if those that wait need as long as those that have trained."
    )


class Best(Answer):
    job: str
    value: float
    better: Literal["lower", "higher"]


class SweepJob(Answer):
    id: str
    name: str
    state: State
    combination: dict[str, Any] = Field(description="A value for the pointer of each axis.")
    fraction: float
    losses: Losses | None
    values: dict[str, float] = Field(description="Every number that is known of it; see `values` of the sweep.")
    problem: JobProblem | None


class ValueOut(Answer):
    """A number that jobs are told apart by."""

    name: str
    title: str
    better: Literal["lower", "higher"] | None = Field(
        description="null: neither way. A loss says how the game between the networks stands, not how good samples are."
    )


class Sweep(Answer):
    id: str
    name: str
    created_at: str
    state: State = Field(description="What the liveliest of its jobs does; `succeeded` only if every one has.")
    states: dict[str, int] = Field(description="How many jobs are in each state.")
    progress: SweepProgress
    axes: list[AxisOut]
    links: dict[str, str]


class SweepWithJobs(Sweep):
    request: dict[str, Any] = Field(description="The body that it was made from.")
    values: list[ValueOut] = Field(description="What heatmaps can be drawn of.")
    best: dict[str, Best] = Field(description="Who is best by each value that has a better way.")
    jobs: list[SweepJob] = Field(description="In the order of their combinations; the last axis varies fastest.")


class SweepList(Answer):
    sweeps: list[Sweep]
    next: str | None


class SweepQuery(Body):
    limit: int = Field(20, ge=1)
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before.")
    deleted: bool = Field(False, description="Only those in the bin, which can be restored.")


class SweepAction(Body):
    action: Literal["pause", "resume", "stop", "restore"] = Field(
        description="For every job that it fits; `restore` takes a deleted sweep out of the bin."
    )


class HeatmapQuery(Body):
    value: str = Field(
        max_length=100,
        description="`generator_loss`, `discriminator_loss`, `seconds_per_epoch`, `images_per_second` or a metric.",
    )
    x: str | None = Field(None, max_length=500, description="Pointer of the axis of the columns; by default the last.")
    y: str | None = Field(
        None, max_length=500, description="Pointer of the axis of the rows; by default the one before."
    )
    theme: Literal["light", "dark"] = Field("light", description="Of pictures.")

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="after")
    def _differ(self) -> HeatmapQuery:
        if self.x is not None and self.x == self.y:
            raise ValueError("'x' and 'y' are the same axis")
        return self
