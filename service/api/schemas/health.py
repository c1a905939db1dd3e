"""The form of what machines ask: is it alive, is it ready."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from service.api.schemas.base import Answer


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
