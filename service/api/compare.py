"""Several jobs side by side."""

from __future__ import annotations

from typing import Any, Literal

from apiflask import APIBlueprint
from flask import Response
from PIL import Image
from pydantic import Field

from service.api import represent
from service.api.context import context
from service.api.files import answer
from service.api.problems import ProblemError
from service.api.schemas.base import Answer, Body, State
from service.api.schemas.jobs import Losses, SampleOut
from service.api.schemas.problems import Note
from service.api.schemas.sweeps import Best, ValueOut
from service.api.sweeps import numbers_of
from service.comparison import Sheet, differences, own_names, picture
from service.db.models import Job
from service.drawing import THEMES
from service.store import JobNotFoundError
from service.values import OWN, best, describe, names

compare = APIBlueprint("compare", __name__, url_prefix="/v1/compare", tag="Runs side by side")

PNG_SCALE = 1
"""A picture of many jobs is large enough as it is."""


class CompareQuery(Body):
    jobs: str = Field(min_length=1, max_length=4000, description="Ids, separated by commas.")


class SamplesQuery(CompareQuery):
    step: int | None = Field(
        None, ge=0, description="Of each job the newest samples up to this step; by default the newest."
    )
    theme: Literal["light", "dark"] = "light"


class ComparedJob(Answer):
    id: str
    name: str
    label: str = Field(description="Its name without the name of a sweep that all of them belong to.")
    state: State
    hash: str
    choices: dict[str, str]
    tags: list[str]
    losses: Losses | None
    latest_sample: SampleOut | None
    values: dict[str, float] = Field(description="Every number that is known of it, see `values` of the comparison.")
    links: dict[str, str]


class Parameter(Answer):
    pointer: str = Field(description="JSON pointer into the resolved spec.")
    values: list[Any] = Field(description="One for each job, in their order; null where a spec has no such parameter.")


class Comparison(Answer):
    jobs: list[ComparedJob] = Field(description="In the order that was asked for.")
    missing: list[str] = Field(description="Ids of which there is no job (any more).")
    parameters: list[Parameter] = Field(description="Only those that differ.")
    values: list[ValueOut]
    best: dict[str, Best]
    notes: list[Note] = Field(description="What makes the numbers hard to compare.")


@compare.get("")
@compare.input(CompareQuery, location="query")
@compare.output(Comparison)
@compare.doc(operation_id="compare_jobs", responses={404: "None of the jobs is there."})
def show(query_data: CompareQuery) -> Any:
    """Compare jobs

    The parameters that differ, the last losses and scores, and who is best by each score. The curves are at each job's
    `metrics`.
    """
    jobs, missing = _find(query_data)
    numbers = numbers_of(jobs)
    labels = own_names([job.name for job in jobs])
    return {
        "jobs": [
            {
                name: value
                for name, value in {**represent.job(job), "label": label, "values": numbers[job.id]}.items()
                if name in ComparedJob.model_fields
            }
            for job, label in zip(jobs, labels, strict=True)
        ],
        "missing": missing,
        "parameters": differences([job.spec for job in jobs]),
        "values": [represent.value(describe(name)) for name in names(list(numbers.values()))],
        "best": best(numbers.items()),
        "notes": _notes(jobs, numbers),
    }


@compare.get("/samples.png")
@compare.input(SamplesQuery, location="query")
@compare.doc(
    operation_id="compare_samples",
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
        404: "None of the jobs is there.",
    },
)
def samples(query_data: SamplesQuery) -> Response:
    """Show the samples of several jobs at the same step

    Jobs with the same seed and size of noise have drawn them from the same noise.
    """
    jobs, _ = _find(query_data)
    labels = own_names([job.name for job in jobs])
    sheets = [_sheet(job, label, query_data.step) for job, label in zip(jobs, labels, strict=True)]
    return answer(picture(sheets, THEMES[query_data.theme]).png(PNG_SCALE), "image/png")


def _find(query: CompareQuery) -> tuple[list[Job], list[str]]:
    services = context()
    ids = list(dict.fromkeys(part.strip() for part in query.jobs.split(",") if part.strip()))
    most = services.settings.max_compared_jobs
    if not ids or len(ids) > most:
        message = f"jobs: between 1 and {most} jobs can be compared, not {len(ids)}"
        problem = {"pointer": "", "code": "wrong_count", "message": message, "parameter": "jobs"}
        raise ProblemError(422, "invalid_request", message, problems=[problem])
    found, missing = [], []
    for job_id in ids:
        try:
            found.append(services.store.get(job_id))
        except JobNotFoundError:
            missing.append(job_id)
    if not found:
        raise JobNotFoundError(missing[0])
    return found, missing


def _notes(jobs: list[Job], numbers: dict[str, dict[str, float]]) -> list[dict[str, str]]:
    notes = []
    data = sorted({job.choices.get("data", "") for job in jobs})
    losses = sorted({job.choices.get("loss", "") for job in jobs})
    if len(data) > 1:
        message = (
            f"The jobs learn from different data ({', '.join(data)}): scores of one say nothing beside the other's."
        )
        notes.append({"pointer": "/data", "code": "different_data", "message": message})
    if len(losses) > 1:
        message = f"The jobs have different losses ({', '.join(losses)}), whose values have different scales."
        notes.append({"pointer": "/loss", "code": "different_losses", "message": message})
    scores = {frozenset(known.keys() - OWN.keys()) for known in numbers.values()}
    if len(scores) > 1:
        message = "Not all jobs have been given the same scores: the best of one is the best of those that have it."
        notes.append({"pointer": "/evaluation", "code": "different_scores", "message": message})
    return notes


def _sheet(job: Job, name: str, step: int | None) -> Sheet:
    services = context()
    drawn = services.store.history.sample_until(job.id, step)
    if drawn is None:
        return Sheet(name, None, None)
    try:
        with services.storage.open(job.id, f"samples/{drawn}.png") as file, Image.open(file, formats=["PNG"]) as image:
            image.load()
            return Sheet(name, drawn, image)
    except FileNotFoundError:
        return Sheet(name, None, None)
