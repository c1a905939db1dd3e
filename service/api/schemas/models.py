"""The form of what a model is asked, and of its answers."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import ConfigDict, Field, FiniteFloat

from service.api.schemas.base import Answer, Body, Index, Label, Role


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
