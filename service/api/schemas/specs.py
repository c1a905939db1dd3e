"""The form of the catalogue, the zoo and specs."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from service.api.schemas.base import Answer, Body
from service.api.schemas.problems import Note


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
