"""The form of what went wrong, and of what one should know."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from service.api.schemas.base import Answer


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
