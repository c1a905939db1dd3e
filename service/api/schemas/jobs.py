"""The form of jobs and of what one asks of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from service.api.schemas.base import Answer, Body, Role, State
from service.api.schemas.problems import Note
from service.db.runs import NUMBERS, TEXTS

SORTS = tuple(sign + name for name in (*TEXTS, *NUMBERS) for sign in ("", "-"))


class Evaluating(Answer):
    step: int = Field(description="The training step whose model is being scored.")
    what: str = Field(description="The metric, or what has to be done before.")
    done: int
    total: int | None


class ProgressOut(Answer):
    step: int
    total: int | None
    epoch: int | None
    epochs: int | None
    fraction: float = Field(description="0 to 1")
    images_per_second: float | None
    steps_per_second: float | None
    eta_seconds: float | None
    seconds: float | None = Field(description="Trained so far, pauses left out.")
    compiling: bool = Field(description="Whether the step is being compiled, seconds before the first loss.")
    evaluating: Evaluating | None = Field(description="Scores that are being computed, while the training goes on.")


class Losses(Answer):
    generator: float | None
    discriminator: float | None


class SampleOut(Answer):
    """A grid of samples; the same noise at every step."""

    model_config = ConfigDict(extra="allow")

    step: int
    epoch: int | None = None
    url: str
    width: int | None = Field(None, description="Of the whole picture, in pixels.")
    height: int | None = None
    columns: int | None = None
    count: int | None = None


class JobProblem(Answer):
    model_config = ConfigDict(extra="allow")

    code: str
    message: str


class SweepPlace(Answer):
    """Where a job stands in its sweep."""

    id: str = Field(description="Of the sweep.")
    combination: dict[str, Any] = Field(description="The value that this job has for the pointer of each axis.")


class Job(Answer):
    id: str
    name: str
    state: State
    hash: str
    choices: dict[str, str] = Field(
        description="What the spec is in a few words: the choice of data, generator, discriminator, loss and training, "
        "and the driver."
    )
    tags: list[str]
    comment: str
    archived: bool
    sweep: SweepPlace | None
    deleted_at: str | None = Field(description="Since when it has been in the bin.")
    created_at: str = Field(description="ISO 8601, UTC")
    started_at: str | None
    ended_at: str | None
    attempt: int = Field(description="How many times it was started; more than 1 after a worker was lost.")
    progress: ProgressOut
    losses: Losses | None
    latest_sample: SampleOut | None
    problem: JobProblem | None
    notes: list[Note]
    environment: dict[str, Any] | None = Field(description="Device, precision, versions.")
    links: dict[str, str]


class JobWithSpec(Job):
    spec: dict[str, Any] = Field(description="The resolved spec.")


Tag = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^,\x00-\x1f\x7f]{1,64}$")]


class JobEdit(Body):
    """What people say of a job. What is left out stays as it is."""

    name: str | None = Field(None, min_length=1, max_length=200)
    tags: list[Tag] | None = Field(
        None, description="All of them, in place of the old ones; up to 64 characters each, no commas."
    )
    comment: str | None = Field(None, description="Plain text or Markdown.")
    archived: bool | None = Field(None, description="Out of sight in listings, but kept.")

    @model_validator(mode="after")
    def _says_something(self) -> JobEdit:
        if not self.model_fields_set:
            raise ValueError('nothing to change; give for example {"tags": ["keep"]}')
        for name in self.model_fields_set:
            if getattr(self, name) is None:
                raise ValueError(f"'{name}' cannot be null; leave it out to keep what is there")
        return self


class TagCount(Answer):
    tag: str
    count: int = Field(description="Jobs that have it.")


class TagList(Answer):
    tags: list[TagCount]


class JobList(Answer):
    jobs: list[Job]
    next: str | None = Field(description="Pass it as `cursor` for the next page; null on the last.")


class JobQuery(Body):
    state: str | None = Field(None, description="One or more states, separated by commas.")
    name: str | None = Field(None, max_length=200, description="Only jobs whose name contains this.")
    q: str | None = Field(
        None, max_length=200, description="Only jobs with each of these words in name, comment, tags or id."
    )
    tag: str | None = Field(None, max_length=1000, description="Only jobs with this tag, or all of several: `a,b`.")
    sweep: str | None = Field(None, max_length=64, description="Only jobs of this sweep.")
    archived: Literal["false", "true", "any"] = Field("false", description="`true`: only those in the archive.")
    deleted: bool = Field(False, description="Only those in the bin, which can be restored.")
    sort: Literal[SORTS] = Field(  # type: ignore[valid-type]
        "-created_at",
        description="A leading minus: descending. Jobs that lack what they are sorted by come last either way.",
    )
    limit: int = Field(20, ge=1, description="Jobs on a page.")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before.")

    @field_validator("state")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        for state in (value or "").split(","):
            if state and state not in State.__args__:  # type: ignore[attr-defined]
                raise ValueError(f"'{state}' is no state; there are {', '.join(State.__args__)}")  # type: ignore[attr-defined]
        return value


LearningRate = Annotated[float, Field(gt=0, le=10, allow_inf_nan=False)]


class Changes(BaseModel):
    """Settings that may change while a training runs; a training process may have further ones of its own."""

    model_config = ConfigDict(extra="allow")

    learning_rate: LearningRate | dict[Role, LearningRate] | None = Field(
        None, description='One for both networks, or one for each: `{"generator": 0.0001}`.'
    )
    discriminator_steps: int | None = Field(
        None, ge=1, le=100, description="Steps of the discriminator for one of the generator."
    )


class Action(Body):
    """What to do with a training."""

    action: Literal["pause", "resume", "stop", "step", "update", "checkpoint", "restore"] = Field(
        description="`restore` takes a deleted job out of the bin."
    )
    update: list[Role] | None = Field(
        None, min_length=1, max_length=2, description="`step` only: the networks to train; both by default."
    )
    count: int | None = Field(None, ge=1, le=1000, description="`step` only: how many steps; 1 by default.")
    changes: Changes | None = Field(None, description="`update` only: the settings to change.")

    @model_validator(mode="after")
    def _belongs(self) -> Action:
        if self.action != "step" and (self.update is not None or self.count is not None):
            raise ValueError("'update' and 'count' belong to the action 'step'")
        if (self.action == "update") != (self.changes is not None):
            raise ValueError("'changes' belongs to the action 'update', which needs it")
        if self.changes is not None and not self.parameters()["changes"]:
            raise ValueError("'changes' is empty; give for example {\"learning_rate\": 0.0001}")
        return self

    def parameters(self) -> dict[str, Any]:
        """What the training process is told besides the action."""
        return self.model_dump(exclude={"action"}, exclude_none=True)


class DeleteQuery(Body):
    permanently: bool = Field(False, description="At once and for good, instead of into the bin.")
