"""Sweeps: many jobs from one grid, watched and steered as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from service.api import paging, represent
from service.api.context import context
from service.api.events import BIRTH
from service.api.files import answer
from service.api.jobs import ask, idempotency_key, located, mismatch, resolve_here
from service.api.problems import ProblemError
from service.api.schemas.sweeps import (
    HeatmapQuery,
    SweepAction,
    SweepBody,
    SweepList,
    SweepQuery,
    SweepWithJobs,
)
from service.db.models import Job as JobRow
from service.db.models import Sweep as Row
from service.drawing import THEMES
from service.queue import enqueue_training
from service.queue.usage import PREFIX
from service.store import IdempotencyMismatchError, Member, RefusedError
from service.sweeps import summary
from service.sweeps.grid import Combination, GridError, axes_of, combinations
from service.sweeps.heatmap import Heatmap, heatmap
from service.values import OWN, best, describe, names, values_of
from spec import SpecError

sweeps = APIBlueprint("sweeps", __name__, url_prefix="/v1/sweeps", tag="Sweeps")

MAX_NAME = 200

PAPERS_PAIRS: dict[str, Any] = {
    "name": "The paper's 16 pairs",
    "spec": {"data": {"choice": "digits"}, "training": {"epochs": 5}},
    "pairs": {
        "generator": ["gan", "wgan", "wgan_gp", "dcgan"],
        "discriminator": ["gan", "dcgan", "wgan", "wgan_gp"],
    },
}
"""Every generator against every discriminator, as in figure 4 of the AuthorGAN paper; there the data is MNIST."""

LEARNING_RATES: dict[str, Any] = {
    "spec": {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}},
    "grid": {"/optimizer/generator/learning_rate": [0.0001, 0.0002, 0.0004], "/training/seed": [0, 1]},
}


def _file(content_type: str) -> dict[str, Any]:
    schema = {"type": "string", "format": "binary"}
    return {"description": "The file.", "content": {content_type: {"schema": schema}}}


@sweeps.post("")
@sweeps.input(SweepBody, examples={"the paper's pairs": {"value": PAPERS_PAIRS}, "a grid": {"value": LEARNING_RATES}})
@sweeps.output(SweepWithJobs, status_code=202, description="The jobs wait for a worker.")
@sweeps.doc(
    operation_id="submit_sweep",
    responses={
        404: "The key was used for a sweep that has been deleted since.",
        422: "The grid or some of its specs have problems, or the key was used for another body. Nothing was started.",
        429: "Too many jobs are waiting.",
    },
)
def submit(json_data: SweepBody) -> Any:
    """Train a grid of GANs

    A job for every combination of the values in `grid` and `pairs`. All of them are checked before any is started, and
    every problem names the `combination` it was found in. An `Idempotency-Key` works as for a job.
    """
    services = context()
    idempotency = idempotency_key()
    try:
        earlier = services.store.recall_id(idempotency) if idempotency else None
        if earlier:
            return _accepted(services.store.get_sweep(earlier))
        pairs = json_data.pairs.model_dump(exclude_none=True) if json_data.pairs else {}
        axes = _of_grid(lambda: axes_of(json_data.grid, pairs, services.settings.max_sweep_jobs))
        name = json_data.name or str(json_data.spec.get("name") or "sweep")[:MAX_NAME]
        sweep = services.store.submit_sweep(
            name,
            [axis.as_json() for axis in axes],
            _members(name, json_data.spec, list(combinations(axes))),
            request=json_data.model_dump(exclude_unset=True),
            idempotency=idempotency,
        )
    except IdempotencyMismatchError as error:
        raise mismatch() from error
    for job in _jobs(sweep):
        services.events.write(job.id, [BIRTH])
        enqueue_training(job.id, settings=services.settings)
    return _accepted(sweep)


def _of_grid(build: Callable[[], Any]) -> Any:
    try:
        return build()
    except GridError as error:
        raise ProblemError(422, "invalid_sweep", str(error), problems=error.problems) from error


def _members(name: str, base: Mapping[str, Any], points: list[Combination]) -> list[Member]:
    """The jobs to be.

    Raises:
        ProblemError: with every problem of every combination. One that all share is told once.
    """
    members: list[Member] = []
    found: dict[tuple[str, str, str], list[Combination]] = {}
    for point in points:
        try:
            spec = {**_of_grid(lambda: point.spec(base)), "name": f"{name}: {point.describe()}"[:MAX_NAME]}  # noqa: B023
            resolved = resolve_here(spec)
            notes = [*resolved["notes"], *located(resolved)]
            members.append(Member(resolved, resolved.sha256(), notes, point.values))
        except (SpecError, ProblemError) as error:
            for problem in error.problems:
                told = (point.source_of(problem["pointer"]), problem["code"], problem["message"])
                if isinstance(error, ProblemError) and error.code == "invalid_sweep":
                    told = (problem["pointer"], *told[1:])
                found.setdefault(told, []).append(point)
        time.sleep(0)  # resolving many specs must not hold up the other greenlets
    if found:
        problems = [
            {
                "pointer": pointer,
                "code": code,
                "message": message if len(those) == len(points) else f"{point.describe()}: {message}",
                "combination": {} if len(those) == len(points) else point.values,
            }
            for (pointer, code, message), those in found.items()
            for point in (those[:1] if len(those) == len(points) else those)
        ]
        wrong = len({point.indices for those in found.values() for point in those})
        detail = f"{wrong} of {len(points)} combinations cannot be trained; nothing was started."
        raise ProblemError(422, "invalid_sweep", detail, problems=problems)
    return members


def _accepted(sweep: Row) -> Any:
    shown = _show_whole(sweep)
    return shown, 202, {"Location": shown["links"]["self"]}


@sweeps.get("")
@sweeps.input(SweepQuery, location="query")
@sweeps.output(SweepList)
@sweeps.doc(operation_id="list_sweeps")
def list_sweeps(query_data: SweepQuery) -> Any:
    """List the sweeps, the newest first"""
    services = context()
    after = paging.decode(query_data.cursor, float, str) if query_data.cursor else None
    limit = min(query_data.limit, services.settings.max_page)
    found = services.store.sweeps.newest(limit=limit + 1, after=after, deleted=query_data.deleted)
    page, more = found[:limit], len(found) > limit
    jobs = services.store.sweeps.jobs([row.id for row in page])
    cursor = paging.encode(page[-1].created_at, page[-1].id) if more else None
    return {"sweeps": [_show(row, jobs[row.id]) for row in page], "next": cursor}


@sweeps.get("/<sweep_id>")
@sweeps.output(SweepWithJobs)
@sweeps.doc(operation_id="show_sweep")
def show(sweep_id: str) -> Any:
    """Show a sweep, with its jobs and who is best"""
    return _show_whole(context().store.get_sweep(sweep_id))


@sweeps.post("/<sweep_id>/actions")
@sweeps.input(SweepAction)
@sweeps.output(SweepWithJobs, status_code=202, description="The trainings look at it between two steps.")
@sweeps.doc(operation_id="act_on_sweep", responses={409: "The action fits none of the jobs."})
def act(sweep_id: str, json_data: SweepAction) -> Any:
    """Pause, resume or stop all jobs of a sweep; restore a deleted one"""
    services = context()
    if json_data.action == "restore":
        sweep = services.store.restore_sweep(sweep_id)
        for job in _jobs(sweep):
            if job.state == "queued":
                enqueue_training(job.id, settings=services.settings)
        return _show_whole(sweep), 202
    sweep = services.store.get_sweep(sweep_id)
    fitting, refusal = 0, None
    # From the last to the first: a worker that becomes free meanwhile finds none that is about to be told the same.
    for job in reversed(_jobs(sweep)):
        try:
            ask(job.id, json_data.action)
            fitting += 1
        except RefusedError as error:
            refusal = error
    if not fitting and refusal is not None:
        raise ProblemError(409, refusal.code, f"None of the jobs can {json_data.action}. {refusal}")
    return _show_whole(sweep), 202


@sweeps.delete("/<sweep_id>")
@sweeps.output({}, status_code=204)
@sweeps.doc(operation_id="delete_sweep", responses={409: "Workers hold some of its jobs; stop it first."})
def delete(sweep_id: str) -> Any:
    """Delete a sweep with its jobs

    It can be restored for a while (`AUTHORGAN_BIN_SECONDS`), with the action `restore`.
    """
    context().store.delete_sweep(sweep_id)
    return "", 204


@sweeps.get("/<sweep_id>/heatmap.svg")
@sweeps.input(HeatmapQuery, location="query")
@sweeps.doc(operation_id="draw_heatmap_svg", responses={200: _file("image/svg+xml")})
def heatmap_svg(sweep_id: str, query_data: HeatmapQuery) -> Response:
    """Draw a heatmap as SVG

    A number of the jobs over two axes, as it is now. Where more jobs share a cell, it shows their mean; a cell that
    has no number yet, or gets none, says why.
    """
    return answer(_heatmap(sweep_id, query_data).picture(THEMES[query_data.theme]).svg(), "image/svg+xml")


@sweeps.get("/<sweep_id>/heatmap.png")
@sweeps.input(HeatmapQuery, location="query")
@sweeps.doc(operation_id="draw_heatmap_png", responses={200: _file("image/png")})
def heatmap_png(sweep_id: str, query_data: HeatmapQuery) -> Response:
    """Draw a heatmap as PNG"""
    return answer(_heatmap(sweep_id, query_data).picture(THEMES[query_data.theme]).png(), "image/png")


@sweeps.get("/<sweep_id>/heatmap.csv")
@sweeps.input(HeatmapQuery, location="query")
@sweeps.doc(operation_id="show_heatmap_csv", responses={200: _file("text/csv")})
def heatmap_csv(sweep_id: str, query_data: HeatmapQuery) -> Response:
    """Show a heatmap as CSV

    A line a cell: both values, the mean, the least and the greatest number, and how many jobs have it and have it not.
    """
    return answer(_heatmap(sweep_id, query_data).csv().encode(), "text/csv; charset=utf-8")


def _heatmap(sweep_id: str, query: HeatmapQuery) -> Heatmap:
    sweep = context().store.get_sweep(sweep_id)
    pointers = [axis["pointer"] for axis in sweep.axes]
    for parameter, pointer in (("x", query.x), ("y", query.y)):
        if pointer is not None and pointer not in pointers:
            message = f"{parameter}: '{pointer}' does not vary in this sweep; there is {', '.join(pointers)}"
            raise _bad_query(parameter, "no_such_axis", message)
    x = query.x or next(pointer for pointer in reversed(pointers) if pointer != query.y)
    y = query.y or next((pointer for pointer in reversed(pointers) if pointer != x), None)
    jobs = _jobs(sweep)
    numbers = numbers_of(jobs)
    known = {*OWN, *names(list(numbers.values()))}
    if query.value not in known:
        message = f"value: none of the jobs has '{query.value}'; there is {', '.join(sorted(known))}"
        raise _bad_query("value", "no_such_value", message)
    cells = [
        (job.place.combination, numbers[job.id].get(query.value), job.state) for job in jobs if job.place is not None
    ]
    return heatmap(sweep.name, sweep.axes, cells, describe(query.value), x=x, y=y)


def _bad_query(parameter: str, code: str, message: str) -> ProblemError:
    problem = {"pointer": "", "code": code, "message": message, "parameter": parameter}
    return ProblemError(422, "invalid_request", message, problems=[problem])


def _jobs(sweep: Row) -> list[JobRow]:
    return context().store.sweeps.jobs([sweep.id])[sweep.id]


def numbers_of(jobs: list[JobRow]) -> dict[str, dict[str, float]]:
    """Every number that is known of each job, by its id."""
    measured = context().store.history.latest([job.id for job in jobs])
    return {
        job.id: values_of(job, {name: value for name, value in measured[job.id].items() if not name.startswith(PREFIX)})
        for job in jobs
    }


def _show(sweep: Row, jobs: list[JobRow]) -> dict[str, Any]:
    own = f"/v1/sweeps/{sweep.id}"
    return {
        "id": sweep.id,
        "name": sweep.name,
        "created_at": represent.time(sweep.created_at),
        "state": summary.state(jobs),
        "states": summary.states(jobs),
        "progress": summary.progress(jobs, context().settings.training_workers),
        "axes": sweep.axes,
        "links": {
            "self": own,
            "actions": f"{own}/actions",
            "heatmap": f"{own}/heatmap.svg",
            "jobs": f"/v1/jobs?sweep={sweep.id}",
        },
    }


def _show_whole(sweep: Row) -> dict[str, Any]:
    jobs = _jobs(sweep)
    numbers = numbers_of(jobs)
    return {
        **_show(sweep, jobs),
        "request": sweep.request,
        "values": [represent.value(describe(name)) for name in names(list(numbers.values()))],
        "best": best(numbers.items()),
        "jobs": [
            {
                "id": job.id,
                "name": job.name,
                "state": job.state,
                "combination": job.place.combination if job.place else {},
                "fraction": summary.fraction(job),
                "losses": job.losses,
                "values": numbers[job.id],
                "problem": job.problem,
            }
            for job in jobs
        ],
    }
