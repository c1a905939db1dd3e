"""The form of what is asked of a model's noise and hidden layers, and of the answers."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, FiniteFloat

from service.api.schemas import Answer, Body, Label, Seed


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


class Sheet(Answer):
    """Either `images` or `sequences`, whichever the model makes."""

    images: list[str] | None = Field(None, description="PNG files, base64.")
    sequences: list[list[list[float]]] | None = Field(None, description="Of each its steps, of each step its numbers.")
    columns: int = Field(description="Of them in a row of the picture.")
    count: int
    step: int | None = Field(description="The training step that the weights are from.")
