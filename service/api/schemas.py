"""The form of what goes in and out, as pydantic models; the OpenAPI document is made of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    StringConstraints,
    field_validator,
    model_validator,
)

from service.db.runs import NUMBERS, TEXTS

State = Literal["queued", "running", "paused", "succeeded", "failed", "stopped"]
Role = Literal["generator", "discriminator"]
Label = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
SORTS = tuple(sign + name for name in (*TEXTS, *NUMBERS) for sign in ("", "-"))


class Body(BaseModel):
    """A request's body or query: unknown keys are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A response."""


# -- problems ------------------------------------------------------------------------------------------------------


class SingleProblem(Answer):
    pointer: str = Field(description="JSON pointer (RFC 6901) into the body that was sent.")
    code: str = Field(description="For programs.")
    message: str = Field(description="For people: what is wrong, and what would be right.")
    node_id: str | None = Field(None, description="The Node-RED node that this part of the spec was drawn with.")
    parameter: str | None = Field(None, description="The query parameter at fault.")
    combination: dict[str, Any] | None = Field(
        None, description="Of a sweep: the combination that has the problem; empty: all of them."
    )


class Problem(Answer):
    """RFC 9457, `application/problem+json`."""

    type: str = Field(description="`urn:authorgan:problem:<code>`")
    title: str
    status: int
    detail: str
    problems: list[SingleProblem]


class Note(Answer):
    """Something that was read otherwise than it was written, or that its author should know."""

    pointer: str
    code: str
    message: str


# -- catalogue, zoo, specs -----------------------------------------------------------------------------------------


class ZooEntry(Answer):
    name: str = Field(description="What `GET /v1/zoo/{name}` knows it by.")
    title: str
    summary: str


class Zoo(Answer):
    zoo: list[ZooEntry]


class Drivers(Answer):
    drivers: dict[str, dict[str, list[str]]] = Field(
        description="By driver and kind of the catalogue: what it can do. `backends` are those installed here."
    )


class Resolved(Answer):
    spec: dict[str, Any] = Field(description="Everything filled in; every layer with its shape and parameter count.")
    hash: str = Field(description="SHA-256 of the canonical JSON; equal hashes mean equal trainings.")
    notes: list[Note]


class PictureBody(Body):
    image: str = Field(min_length=1, description="A PNG file, base64; a data URL will do.")


class FromPicture(Resolved):
    hash_matches: bool = Field(description="The spec is what the picture's own hash was taken of.")
    seed: int | None = Field(description="Of the noise of the samples.")
    step: int | None = Field(description="Of the training.")
    job: str | None = Field(description="The id of the job that drew it, wherever that was.")
    count: int | None = Field(description="How many samples it shows.")
    columns: int | None = Field(description="Of the grid that they stand in.")
    labels: list[int] | None = Field(description="The classes that were asked for, if any were.")


# -- jobs ----------------------------------------------------------------------------------------------------------


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


# -- what a job has produced ---------------------------------------------------------------------------------------


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


# -- models --------------------------------------------------------------------------------------------------------


Index = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})$")]
"""A number from 0 as the key of an object."""


class UnitsBody(Body):
    """What units of a layer give, whatever they compute."""

    off: list[Annotated[int, Field(ge=0)]] = Field([], description="Units that give zero everywhere.")
    on: dict[Index, FiniteFloat] = Field({}, description="Units that give this value everywhere.")


class SampleBody(Body):
    count: int | None = Field(
        None, ge=1, description="Images or sequences to draw; by default as many as `noise` or `labels` has, else 64."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="The same seed draws the same samples.")
    noise: list[list[FiniteFloat]] | None = Field(
        None, min_length=1, description="Latent vectors instead of a seed, one a sample, `latent_dim` numbers each."
    )
    labels: list[Label] | None = Field(
        None,
        min_length=1,
        description="Classes to draw, for a conditional generator; repeated until there are `count`.",
    )
    columns: int | None = Field(None, ge=1, description="Of the grid; by default as square as it gets.")
    units: dict[str, UnitsBody] | None = Field(
        None,
        description="By the id of a layer of the generator: units, its channels, that are switched off or on. The "
        "answer has the same samples before and after.",
    )
    driver: str | None = Field(None, description="What draws, as in a spec; by default what trained the model.")
    backend: str | None = Field(None, description="Of that driver.")


class Samples(Answer):
    """Either `images` or `sequences`, whichever the model makes."""

    images: list[str] | None = Field(None, description="PNG files, base64.")
    sequences: list[list[list[float]]] | None = Field(None, description="Of each its steps, of each step its numbers.")
    before: list[str] | list[list[list[float]]] | None = Field(
        None, description="The same samples without the switched `units`."
    )
    count: int
    step: int | None = Field(description="The training step that the weights are from.")


Library = Literal["pytorch", "keras"]


class ExportBody(Body):
    format: Literal["onnx", "torch_export", "keras", "safetensors", "script", "notebook"] = Field(
        description="`onnx`, `torch_export` and `keras` hold one network, `safetensors` all weights and the spec; "
        "`script` and `notebook` are programs that train the same model without this service."
    )
    network: Role = Field("generator", description="Of `onnx`, `torch_export` and `keras`.")
    library: Library | None = Field(None, description="Of `script` and `notebook`; by default the one that trains it.")


class SpecExportBody(Body):
    spec: dict[str, Any] = Field(description="In the full form or that of the paper.")
    format: Literal["script", "notebook"]
    library: Library | None = Field(None, description="By default the one that trains it.")


class Exported(Answer):
    name: str = Field(description="Among the artefacts of the job.")
    format: str
    size: int = Field(description="Bytes.")
    step: int | None = Field(description="The training step that the weights are from; null for a program.")
    url: str
    beside: list[str] = Field([], description="Where the weights are that a program starts from, to lie beside it.")


class NetworkUpload(Body):
    """`file`: a network that another program has saved, `.keras` or `.onnx`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile


class ImportedNetwork(Answer):
    choice: Literal["custom"]
    layers: list[dict[str, Any]] = Field(description="To stand in a spec as `generator` or `discriminator`.")


class WeightsUpload(Body):
    """`file`: weights as safetensors, named `network/layer/variable`, or a network as `.keras` or `.onnx`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    spec: str | None = Field(None, description="The spec of the weights, as JSON; by default the file's.")
    name: str | None = Field(None, min_length=1, max_length=200, description="By default the spec's.")
    network: Literal["generator", "discriminator"] | None = Field(
        None, description="Which of the spec's networks a `.keras` or `.onnx` file is; by default what it takes tells."
    )


class EvaluateBody(Body):
    metrics: list[str | dict[str, Any]] | None = Field(
        None,
        min_length=1,
        max_length=32,
        description='Names, or modules such as `{"choice": "precision", "k": 3}`; default: those of the spec.',
    )
    count: int | None = Field(
        None, ge=20, description="Images of each kind, at most half of the data; default: the spec's `sample_count`."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="The same seed draws the same samples, real and generated.")
    extractor: str | None = Field(None, max_length=64, description="What sees features; default: the spec's.")


class ScoreOut(Answer):
    name: str
    value: float
    low: float | None = Field(description="Lower end of the 95 % confidence interval.")
    high: float | None = Field(description="Its upper end.")
    interval: str = Field(description="How it was found.")
    floor: float | None = Field(description="The score of real samples against other real ones.")
    extractor: str = Field(description="What saw the features; scores of different ids cannot be compared.")
    count: int = Field(description="Samples of each kind.")
    seed: int
    details: dict[str, Any]


class Scores(Answer):
    scores: list[ScoreOut]
    step: int | None = Field(description="The training step that the weights are from.")


class DiscriminateBody(Body):
    """Either `images` or `sequences`, whichever the model was trained on."""

    images: list[str] | None = Field(None, min_length=1, description="PNG or JPEG files, base64.")
    sequences: list[list[list[FiniteFloat]]] | None = Field(
        None, min_length=1, description="Of each its steps, of each step its numbers, -1 to 1."
    )
    labels: list[Label] | None = Field(None, description="The class of each, for a conditional discriminator.")


class Verdict(Answer):
    score: float | None = Field(description="What the discriminator says: a logit or a critic's score.")
    probability_real: float | None


class Verdicts(Answer):
    results: list[Verdict]
    calibration: str = Field(
        description="`sigmoid`: the score is a logit; `logistic`: a curve fitted to scores of real and drawn images."
    )
    step: int | None


# -- data sets -----------------------------------------------------------------------------------------------------


class Dataset(Answer):
    id: str
    kind: Literal["known", "uploaded"]
    title: str
    summary: str
    available: bool = Field(description="False: it is downloaded when a training first needs it.")
    count: int | None = Field(description="Images or sequences.")
    length: int | None = Field(description="Steps of a sequence; null for images.")
    height: int | None = Field(description="null: they differ, or there are none.")
    width: int | None
    channels: int | None
    class_names: list[str] | None
    created_at: str | None
    size: int | None = Field(description="Bytes that were uploaded.")
    use: dict[str, Any] = Field(description="The `data` module of a spec that trains on it.")
    links: dict[str, str]


class DatasetList(Answer):
    datasets: list[Dataset]


class DatasetUpload(Body):
    """`file`: `.npz`, `.npy`, or `.zip` of images (one folder a class gives labels)."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile
    name: str | None = Field(None, min_length=1, max_length=200, description="By default the file's.")


class PreviewQuery(Body):
    image_size: int | None = Field(
        None, ge=4, le=128, description="Height and width of each image; by default its own."
    )
    count: int = Field(64, ge=1, le=400, description="Images in the grid.")
    columns: int = Field(8, ge=1, le=40)
    seed: int = Field(0, ge=0, lt=2**31, description="Which images.")
    per_class: bool = Field(False, description="One row for each class.")


# -- health --------------------------------------------------------------------------------------------------------


class Health(Answer):
    status: Literal["ok"]
    version: str


class Part(Answer):
    ok: bool
    detail: str


class Readiness(Answer):
    ready: bool
    parts: dict[str, Part] = Field(
        description="`database`, `broker`, `training_workers`, `interactive_workers`, `lengthy_workers`."
    )
