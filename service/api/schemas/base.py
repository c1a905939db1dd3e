"""What every form is made of: bodies that refuse unknown keys, and the values that several share."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

State = Literal["queued", "running", "paused", "succeeded", "failed", "stopped"]
Role = Literal["generator", "discriminator"]
Label = Annotated[int, Field(ge=0)]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Index = Annotated[str, StringConstraints(pattern=r"^(0|[1-9][0-9]{0,8})$")]
"""A number from 0 as the key of an object."""


class Body(BaseModel):
    """A request's body or query: unknown keys are refused, so that a misspelt one is noticed."""

    model_config = ConfigDict(extra="forbid")


class Answer(BaseModel):
    """A response."""
