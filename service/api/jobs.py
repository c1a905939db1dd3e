"""Jobs: submit, list, show, steer, delete."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from apiflask import APIBlueprint
from flask import request

from drivers import capabilities
from drivers.data import DataError, locate
from drivers.evaluation.inception import INCEPTION, unmet_weights
from service import weights
from service.api import paging, represent
from service.api.context import context
from service.api.events import BIRTH
from service.api.problems import ProblemError, invalid
from service.api.schemas.jobs import Action, DeleteQuery, Job, JobEdit, JobList, JobQuery, JobWithSpec, TagList
from service.config import Settings
from service.db.models import Job as Row
from service.db.runs import TEXTS, Filter
from service.queue import enqueue_training, nudge
from service.store import Idempotency, IdempotencyMismatchError, JobNotFoundError
from spec import Limits, ResolvedSpec, resolve

jobs = APIBlueprint("jobs", __name__, url_prefix="/v1/jobs", tag="Jobs")
tags = APIBlueprint("tags", __name__, url_prefix="/v1/tags", tag="Jobs")

IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


def limits(settings: Settings) -> Limits:
    """The bounds of a spec that the settings name."""
    return Limits(max_parameters=settings.max_parameters, max_json_depth=settings.max_json_depth)


def resolve_here(document: Any) -> ResolvedSpec:
    """A document as a resolved spec, held to this service's limits and drivers and to the weights that it has.

    Raises:
        SpecError: with every problem found.
    """
    services = context()
    stored = partial(weights.shapes, services.storage)
    return resolve(document, limits=limits(services.settings), drivers=capabilities(), stored=stored)


def resolve_body() -> ResolvedSpec:
    """The request's body by `resolve_here`."""
    return resolve_here(request.get_json())


@jobs.post("")
@jobs.output(Job, status_code=202, description="The job waits for a worker.")
@jobs.doc(
    operation_id="submit_job",
    responses={
        404: "The key was used for a job that has been deleted since.",
        422: "The spec has problems, its data is not there, or the key was used for another body.",
        429: "Too many jobs are waiting.",
    },
)
def submit() -> Any:
    """Train a GAN

    The body is a spec, in the full form or in that of the AuthorGAN paper. With an `Idempotency-Key` header the same
    request can be sent again without starting a second training: the answer is the job that the first one made.
    """
    services = context()
    idempotency = idempotency_key()
    if idempotency and (earlier := _recall(idempotency)):
        return _accepted(earlier)
    resolved = resolve_body()
    notes = [*resolved["notes"], *located(resolved)]
    try:
        job = services.store.submit(resolved, notes=notes, idempotency=idempotency)
    except IdempotencyMismatchError as error:
        raise mismatch() from error
    services.events.write(job.id, [BIRTH])
    enqueue_training(job.id, settings=services.settings)
    return _accepted(job)


def _accepted(job: Row) -> Any:
    shown = represent.job(job)
    return shown, 202, {"Location": shown["links"]["self"]}


def located(resolved: ResolvedSpec) -> list[dict[str, str]]:
    """Look for the data, and the weights of an extractor, before anything is queued; what its author should know."""
    evaluation = resolved["evaluation"]
    if evaluation["metrics"] and evaluation["extractor"] == INCEPTION:
        require_inception("/evaluation/extractor")
    try:
        return locate(resolved["data"], settings=context().data_settings).notes
    except DataError as error:
        problem = {"pointer": error.pointer, "code": error.code, "message": error.message}
        raise ProblemError(422, "data_unusable", error.message, problems=[problem]) from error


def require_inception(pointer: str) -> None:
    """End the request with a problem where the weights of Inception V3 are not to be had."""
    if problem := unmet_weights(context().data_settings):
        raise invalid(pointer, "no_inception_weights", problem)


def idempotency_key() -> Idempotency | None:
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not IDEMPOTENCY_KEY.fullmatch(key):
        raise ProblemError(400, "bad_idempotency_key", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
    return Idempotency(key, hashlib.sha256(request.get_data()).hexdigest())


def _recall(idempotency: Idempotency) -> Row | None:
    try:
        return context().store.recall(idempotency)
    except IdempotencyMismatchError as error:
        raise mismatch() from error
    except JobNotFoundError as error:
        raise ProblemError(404, "job_deleted", f"The job of this Idempotency-Key, {error}, was deleted.") from error


def mismatch() -> ProblemError:
    return ProblemError(
        422, "idempotency_mismatch", "This Idempotency-Key came with another body before; use a new key."
    )


@jobs.get("")
@jobs.input(JobQuery, location="query")
@jobs.output(JobList)
@jobs.doc(operation_id="list_jobs")
def list_jobs(query_data: JobQuery) -> Any:
    """List the jobs"""
    by_text = query_data.sort.removeprefix("-") in TEXTS
    after = paging.decode(query_data.cursor, str if by_text else float, str) if query_data.cursor else None
    page = context().store.runs.find(
        Filter(
            states=_several(query_data.state),
            name=query_data.name,
            text=query_data.q,
            tags=_several(query_data.tag),
            archived={"false": False, "true": True, "any": None}[query_data.archived],
            deleted=query_data.deleted,
            sweep=query_data.sweep,
        ),
        sort=query_data.sort,
        limit=min(query_data.limit, context().settings.max_page),
        after=after,
    )
    return {"jobs": [represent.job(row) for row in page.jobs], "next": page.after and paging.encode(*page.after)}


def _several(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]


@tags.get("")
@tags.output(TagList)
@tags.doc(operation_id="list_tags")
def list_tags() -> Any:
    """List the tags in use"""
    return {"tags": [{"tag": tag, "count": count} for tag, count in context().store.runs.tags().items()]}


@jobs.get("/<job_id>")
@jobs.output(JobWithSpec)
@jobs.doc(operation_id="show_job")
def show(job_id: str) -> Any:
    """Show a job, with its spec"""
    return represent.job(context().store.get(job_id), with_spec=True)


@jobs.patch("/<job_id>")
@jobs.input(JobEdit, examples={"keep this one": {"value": {"tags": ["keep"], "comment": "The best of Tuesday."}}})
@jobs.output(Job)
@jobs.doc(operation_id="edit_job")
def edit(job_id: str, json_data: JobEdit) -> Any:
    """Name, tag, comment or archive a job"""
    services = context()
    most = services.settings
    if len(json_data.tags or ()) > most.max_tags:
        raise invalid("/tags", "too_many", f"{len(json_data.tags or ())} tags; a job may have {most.max_tags}.")
    if len(json_data.comment or "") > most.max_comment_characters:
        raise invalid("/comment", "too_long", f"A comment may have {most.max_comment_characters:,} characters.")
    if not services.store.runs.edit(job_id, **json_data.model_dump(exclude_unset=True)):
        raise JobNotFoundError(job_id)
    return represent.job(services.store.get(job_id))


@jobs.delete("/<job_id>")
@jobs.input(DeleteQuery, location="query")
@jobs.output({}, status_code=204)
@jobs.doc(operation_id="delete_job", responses={409: "A worker holds the job; stop it first."})
def delete(job_id: str, query_data: DeleteQuery) -> Any:
    """Delete a job and everything it produced

    It can be restored for a while (`AUTHORGAN_BIN_SECONDS`), with the action `restore`, unless it is deleted
    `permanently`.
    """
    services = context()
    services.store.delete(job_id, permanently=query_data.permanently)
    if query_data.permanently:
        services.storage.delete(job_id)
        services.events.forget(job_id)
    return "", 204


@jobs.post("/<job_id>/actions")
@jobs.input(
    Action,
    examples={
        "pause": {"value": {"action": "pause"}},
        "one step of the discriminator": {"value": {"action": "step", "update": ["discriminator"]}},
        "slower": {"value": {"action": "update", "changes": {"learning_rate": {"generator": 0.0001}}}},
    },
)
@jobs.output(Job, status_code=202, description="The training looks at it between two steps.")
@jobs.doc(operation_id="act_on_job", responses={409: "The action does not fit the job's state."})
def act(job_id: str, json_data: Action) -> Any:
    """Pause, resume, stop, step or change a training; restore a deleted one"""
    services = context()
    if json_data.action == "restore":
        job = services.store.restore(job_id)
        if job.state == "queued":
            enqueue_training(job_id, settings=services.settings)
        return represent.job(job), 202
    return represent.job(ask(job_id, json_data.action, json_data.parameters())), 202


def ask(job_id: str, action: str, parameters: Mapping[str, Any] | None = None) -> Row:
    """Ask something of a job and let its worker and its watchers know."""
    services = context()
    before = services.store.get(job_id)
    job = services.store.request(job_id, action, parameters)
    if job.state == before.state:
        nudge(job_id, settings=services.settings)
    else:
        _tell(job)
    return job


def _tell(job: Row) -> None:
    """A request changed the state of a job that no worker holds: nobody else will say so."""
    services = context()
    events: list[dict[str, Any]] = [{"type": "state", "state": job.state}]
    if job.state == "stopped":
        events.append({"type": "end", "state": job.state, "problem": None})
    services.events.write(job.id, events)
    if job.state == "queued":
        enqueue_training(job.id, settings=services.settings)
