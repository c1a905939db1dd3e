"""For machines: does the process live, and does everything it needs."""

from __future__ import annotations

from typing import Any

import redis
from apiflask import APIBlueprint
from sqlalchemy.exc import SQLAlchemyError

from service import __version__
from service.api.context import context
from service.api.schemas.health import Health, Readiness
from service.queue.app import QUEUES
from service.queue.connection import redis_client
from service.queue.presence import workers

health = APIBlueprint("health", __name__, tag="Health")


@health.get("/healthz")
@health.output(Health)
@health.doc(operation_id="healthz")
def healthz() -> Any:
    """Does the process answer?"""
    return {"status": "ok", "version": __version__}


@health.get("/readyz")
@health.output(Readiness)
@health.doc(
    operation_id="readyz",
    responses={
        503: {
            "description": "Something is missing; `parts` says what.",
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Readiness"}}},
        }
    },
)
def readyz() -> Any:
    """Is everything there that a training needs?"""
    parts = {"database": _database(), "broker": _broker(), **_workers()}
    ready = all(part["ok"] for part in parts.values())
    return {"ready": ready, "parts": parts}, 200 if ready else 503


def _part(ok: bool, detail: str) -> dict[str, Any]:
    return {"ok": ok, "detail": detail}


def _database() -> dict[str, Any]:
    try:
        context().store.ping()
    except SQLAlchemyError as error:
        return _part(False, f"The database does not answer: {type(error).__name__}.")
    return _part(True, "answers")


def _broker() -> dict[str, Any]:
    try:
        redis_client(context().settings).ping()
    except redis.RedisError as error:
        return _part(False, f"The broker does not answer: {type(error).__name__}.")
    return _part(True, "answers")


def _workers() -> dict[str, dict[str, Any]]:
    try:
        counts = workers(context().settings)
    except redis.RedisError:
        counts = dict.fromkeys(QUEUES, 0)
    return {
        f"{queue}_workers": _part(count > 0, f"{count} heard of" if count else "None was heard of lately.")
        for queue, count in counts.items()
    }
