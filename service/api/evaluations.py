"""How good a trained, or still training, model is: scores of what it draws."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import request

from drivers.evaluation.inception import INCEPTION
from service.api.context import context
from service.api.conversations import STREAM, conversation
from service.api.jobs import require_inception
from service.api.problems import ProblemError, invalid
from service.api.schemas.models import EvaluateBody, Scores
from spec.modules import resolve_evaluation
from spec.problems import Report

evaluations = APIBlueprint("evaluations", __name__, url_prefix="/v1/models/<job_id>", tag="Models")


@evaluations.post("/evaluate")
@evaluations.input(
    EvaluateBody,
    examples={
        "two": {"value": {"metrics": ["frechet_distance", {"choice": "precision", "k": 3}], "count": 500}},
    },
)
@evaluations.output(Scores)
@evaluations.doc(
    operation_id="evaluate",
    responses={
        200: {
            "description": "The scores; with `Accept: text/event-stream` events: `progress` (`what`, `done`, `total`), "
            "as it goes, and last `scores` or a `problem`.",
            "content": {STREAM: {"schema": {"type": "string"}}},
        },
        409: "The job has saved no weights yet.",
        504: "No answer in time.",
    },
)
def evaluate(job_id: str, json_data: EvaluateBody) -> Any:
    """Score a model

    Samples are drawn from the newest weights that were saved, and compared with real ones. The first evaluation on a
    data set takes longer: its extractor is trained, once. What the data or the generator cannot have is refused.
    """
    params = _params(json_data, context().store.get(job_id).spec)
    as_stream = request.accept_mimetypes.best_match(["application/json", STREAM]) == STREAM
    return conversation("evaluate", job_id, params, event="scores", as_stream=as_stream)


def _params(body: EvaluateBody, spec: Mapping[str, Any]) -> dict[str, Any]:
    given = {"metrics": body.metrics, "sample_count": body.count, "extractor": body.extractor}
    wanted = {**spec["evaluation"], **{name: value for name, value in given.items() if value is not None}}
    if not wanted["metrics"]:
        raise invalid("/metrics", "missing", "The job's spec names no metrics; say which are wanted.")
    report = Report()
    evaluation = resolve_evaluation({"evaluation": wanted}, spec["data"], spec["generator"]["conditional"], report)
    if report.problems:
        problems = [{**problem, "pointer": _pointer(problem["pointer"])} for problem in report.problems]
        raise ProblemError(422, "invalid_request", problems[0]["message"], problems=problems)
    if evaluation["extractor"] == INCEPTION:
        require_inception("/extractor")
    count, most = evaluation["sample_count"], context().settings.max_evaluation_count
    if count > most:
        raise invalid("/count", "too_many", f"{count} images of each kind are more than the {most} of one request.")
    return {"evaluation": evaluation, "seed": body.seed}


def _pointer(pointer: str) -> str:
    """From where it stands in a spec to where it stands in the request."""
    return pointer.removeprefix("/evaluation").replace("/sample_count", "/count")
