"""Rows as JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from service.db.models import Job
from service.values import Value

PROGRESS = (
    "step",
    "total",
    "epoch",
    "epochs",
    "images_per_second",
    "steps_per_second",
    "eta_seconds",
    "seconds",
    "compiling",
    "evaluating",
)


def time(seconds: float | None) -> str | None:
    """Seconds since 1970 as ISO 8601 in UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def job(row: Job, *, with_spec: bool = False) -> dict[str, Any]:
    """A job; ``with_spec`` only for a row that was read with its spec."""
    own = f"/v1/jobs/{row.id}"
    shown = {
        "id": row.id,
        "name": row.name,
        "state": row.state,
        "hash": row.hash,
        "choices": row.choices,
        "tags": [tag.tag for tag in row.tags],
        "comment": row.comment,
        "archived": row.archived,
        "sweep": row.place and {"id": row.place.sweep_id, "combination": row.place.combination},
        "deleted_at": time(row.deleted_at),
        "created_at": time(row.created_at),
        "started_at": time(row.started_at),
        "ended_at": time(row.ended_at),
        "attempt": row.attempt,
        "progress": progress(row),
        "losses": row.losses,
        "latest_sample": row.latest_sample,
        "problem": row.problem,
        "notes": row.notes,
        "environment": row.environment,
        "links": {
            "self": own,
            **{name: f"{own}/{name}" for name in ("events", "actions", "metrics", "samples", "artifacts")},
            "sample": f"/v1/models/{row.id}/sample",
            "discriminate": f"/v1/models/{row.id}/discriminate",
            "evaluate": f"/v1/models/{row.id}/evaluate",
        },
    }
    return {**shown, "spec": row.spec} if with_spec else shown


def value(known: Value) -> dict[str, Any]:
    """A number that jobs are told apart by."""
    return {"name": known.name, "title": known.title, "better": known.better}


def progress(row: Job) -> dict[str, Any]:
    """How far a job is; all of it is there from the start, as null where nothing is known yet."""
    known = row.progress or {}
    shown = {name: known.get(name) for name in PROGRESS}
    step = shown["step"] or 0
    fraction = min(1.0, step / shown["total"]) if shown["total"] else 0.0
    shown["compiling"] = bool(shown["compiling"]) and row.state == "running"
    if row.state not in ("running", "paused"):
        shown["eta_seconds"] = shown["evaluating"] = None
    return {**shown, "step": step, "fraction": 1.0 if row.state == "succeeded" else fraction}
