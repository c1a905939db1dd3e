"""The form of what is asked of a model's noise and hidden layers, and of the answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat

from service.api.schemas.base import Answer, Body, Index, Label, Role, Seed


class InterpolateBody(Body):
    """Either `seeds` or `noise`: two points or more."""

    seeds: list[Seed] | None = Field(
        None, min_length=2, description="Each stands for the first sample that `sample` draws for it."
    )
    noise: list[list[FiniteFloat]] | None = Field(
        None, min_length=2, description="Latent vectors instead, `latent_dim` numbers each."
    )
    labels: list[Label] | None = Field(
        None,
        min_length=1,
        description="For a conditional generator: one class for all points, or one each, which are mixed between them; "
        "by default class 0.",
    )
    method: Literal["spherical", "linear"] = Field(
        "spherical", description="`spherical`: along the great circle, where there is as much noise as at the ends."
    )
    layout: Literal["auto", "path", "grid"] = Field(
        "auto",
        description="`path`: from point to point; `grid`: between four corners, row by row; `auto`: a grid for four "
        "points, unless there is a `loop` or a movie is asked for.",
    )
    steps: int = Field(
        8, ge=2, description="Samples from one point to the next, both of them counted; the rows of a grid."
    )
    loop: bool = Field(False, description="Back to the first point in the end.")
    columns: int | None = Field(
        None, ge=1, description="Of the picture; by default a strip of a path, and a grid as wide as it is high."
    )
    fps: int = Field(12, ge=1, le=60, description="Frames a second, of a movie.")


Method = Literal["sefa", "principal"]
METHOD = (
    "`sefa`: eigenvectors of the first layer's matrix (Shen and Zhou 2021); `principal`: principal components of "
    "activations (Härkönen et al. 2020)."
)
LAYER = "By default the first layer with weights that the noise reaches, for `principal` the activation behind it."


class TermBody(Body):
    """A class, or a point of the noise: exactly one of `label`, `seed` and `noise`."""

    label: Label | None = Field(None, description="A class of the data.")
    seed: Seed | None = Field(None, description="The first sample that `sample` draws for it.")
    noise: list[FiniteFloat] | None = Field(None, description="A latent vector.")
    sign: Literal[1, -1] = 1


class ArithmeticBody(Body):
    terms: list[TermBody] = Field(
        min_length=1,
        description="Of a generator without classes, a classifier of the data judges which noise draws a `label`, and "
        "means of it are added; of a conditional one what labels are embedded as is added, on the same noise.",
    )
    count: int = Field(8, ge=1, description="Samples of each term, and variations of the result.")
    seed: Seed = Field(0, description="Of the noise that is looked through, or that all classes are drawn from.")


class Pictured(Answer):
    """Either `images` or `sequences`, whichever the model makes."""

    images: list[str] | None = Field(None, description="PNG files, base64.")
    sequences: list[list[list[float]]] | None = None


class Arithmetic(Answer):
    """Of a generator without classes, the last sample of a term is the mean of its noise, and that of the result is the
    result itself; the others are examples and variations."""

    terms: list[Pictured]
    result: Pictured
    picture: str = Field(description="All of it in one sheet, as the PNG has it, base64.")
    noise: list[float] | None = Field(description="The result's latent vector; null where only classes were added.")
    step: int | None = Field(description="The training step that the weights are from.")


class DirectionsBody(Body):
    method: Method = Field("sefa", description=METHOD)
    layer: str | None = Field(None, min_length=1, description=LAYER)
    count: int = Field(10, ge=1, description="Directions, at most `latent_dim`.")


class DirectionOut(Answer):
    index: int
    share: float = Field(description="Of the variance of the layer's values, 0 to 1.")
    vector: list[float] = Field(description="Of length 1, to be added to noise.")


class DirectionList(Answer):
    method: Method
    layer: str
    directions: list[DirectionOut] = Field(description="The one along which samples change most first.")
    step: int | None = Field(description="The training step that the weights are from.")


class ExploreBody(Body):
    """One sample moved by `amounts`, or a strip along one `direction`."""

    seed: Seed = Field(0, description="The first sample that `sample` draws for it is the beginning.")
    noise: list[FiniteFloat] | None = Field(None, description="A latent vector instead of a seed.")
    label: Label | None = Field(None, description="The class, for a conditional generator; by default class 0.")
    method: Method = Field("sefa", description=METHOD)
    layer: str | None = Field(None, min_length=1, description=LAYER)
    amounts: dict[Index, FiniteFloat] = Field(
        {}, description="How far along which direction, in standard deviations of the noise."
    )
    direction: int | None = Field(None, ge=0, description="The direction of a strip.")
    range: FiniteFloat = Field(3.0, gt=0, description="A strip goes from minus this amount to plus this amount.")
    steps: int = Field(7, ge=2, description="Samples of a strip.")


class Sheet(Answer):
    """Either `images` or `sequences`, whichever the model makes."""

    images: list[str] | None = Field(None, description="PNG files, base64.")
    sequences: list[list[list[float]]] | None = Field(None, description="Of each its steps, of each step its numbers.")
    columns: int = Field(description="Of them in a row of the picture.")
    count: int
    step: int | None = Field(description="The training step that the weights are from.")


class LayersBody(Body):
    """Without `layer`: which there are. A generator looks at noise, a discriminator at what it is given or, without
    that, at what the generator draws."""

    network: Role = "generator"
    layer: str | None = Field(None, min_length=1, description="Its id.")
    seed: Seed = Field(0, description="The first sample that `sample` draws for it.")
    noise: list[FiniteFloat] | None = Field(None, description="A latent vector instead of a seed.")
    images: list[str] | None = Field(
        None, min_length=1, description="PNG or JPEG files, base64, for a discriminator of images."
    )
    sequences: list[list[list[FiniteFloat]]] | None = Field(
        None, min_length=1, description="Of each its steps, of each step its numbers, for one of sequences."
    )
    label: Label | None = Field(None, description="The class, for a conditional network; by default class 0.")
    max_maps: int = Field(64, ge=1, description="Units that are shown of each sample, the first ones.")
    columns: int | None = Field(None, ge=1, description="Of the picture; by default as square as it gets.")
    normalization: Literal["map", "layer"] = Field(
        "map", description="Black to white is the range of each map by itself, or of the whole layer."
    )


class LayerOut(Answer):
    id: str
    type: str
    output_shape: list[int]
    units: int = Field(description="Channels, the last axis; 0: it gives one number.")
    has_maps: bool = Field(description="Each unit has values at several places or steps.")


class Layers(Answer):
    """Either `layers`, or `maps` of one."""

    network: Role
    layers: list[LayerOut] | None = None
    layer: str | None = None
    maps: list[list[str]] | None = Field(None, description="PNG files, base64: of each sample its units.")
    units: list[int] | None = Field(None, description="Which units these are; null where one picture holds them all.")
    step: int | None = Field(None, description="The training step that the weights are from.")


class DissectBody(Body):
    """Units that stand for a class, by `label`, or for a region of the image, by `mask`."""

    layer: str = Field(min_length=1, description="A layer of the generator, by its id.")
    label: Label | None = Field(None, description="A class of the data.")
    mask: str | None = Field(None, description="A PNG or JPEG file, base64; white is what is looked for.")
    count: int = Field(256, ge=10, description="Samples that are looked at.")
    seed: Seed = Field(0, description="Of these samples.")
    top: int = Field(8, ge=1, description="Units that are named, and switched for `after`.")
    switch: Literal["off", "on"] = Field(
        "off",
        description="`off`: in samples of the class, units give zero (ablation); `on`: in samples of others, they "
        "give their `level` everywhere (insertion). For a mask, in all samples.",
    )
    samples: int = Field(6, ge=1, le=32, description="Samples in the picture of a unit.")


class UnitOut(Answer):
    unit: int
    score: float = Field(description="By the `measure`.")
    level: float = Field(description="How bright its brightest place is, on average; a value to switch it on with.")
    threshold: float | None = Field(description="Above it the unit counts as lit; null for a class.")
    picture: str = Field(
        description="A PNG file, base64: the samples in which it is brightest, dimmed where it is not lit."
    )


class Changed(Answer):
    count: int = Field(description="Samples that are taken for another class than before.")
    of: int
    to_label: int | None = Field(description="Those that are now, and were not before, of the `label`.")


class Dissection(Answer):
    by: Literal["class", "mask"]
    measure: Literal["cohens_d", "iou"] = Field(
        description="`cohens_d`: how much brighter in samples of the class than in others, in standard deviations; "
        "`iou`: intersection over union of the mask and where the unit is lit (Bau et al. 2019)."
    )
    units: list[UnitOut] = Field(description="The best first.")
    before: str = Field(description="A PNG file, base64: samples, the first sixteen of those that are changed.")
    after: str = Field(description="The same with these units switched.")
    changed: Changed | None = Field(
        description="What a classifier of the data says of all samples that are changed; null where the data have no "
        "labelled images."
    )
    step: int | None = Field(description="The training step that the weights are from.")
