"""Models taken home: programs from a spec, files from trained weights."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from drivers.export import FORMATS, ExportError, Format, weights_beside, write_source
from service.api.context import Context, context
from service.api.files import answer, stream
from service.api.jobs import resolve_here
from service.api.models import ask
from service.api.problems import ProblemError
from service.api.schemas.models import ExportBody, Exported, SpecExportBody
from service.db.models import Job
from service.weights import NAME as WEIGHTS
from spec import SpecError

exports = APIBlueprint("exports", __name__, url_prefix="/v1", tag="Exports")

BINARY = {"schema": {"type": "string", "format": "binary"}}
JSON = {"schema": {"type": "object"}}


def _contents(*names: str) -> dict[str, Any]:
    """The files of some formats, as OpenAPI tells of them."""
    types = [FORMATS[name].content_type.partition(";")[0] for name in names]
    return {type_: JSON if type_.endswith("json") else BINARY for type_ in types}


@exports.post("/models/<job_id>/export")
@exports.input(
    ExportBody,
    examples={
        "generator as ONNX": {"value": {"format": "onnx", "network": "generator"}},
        "a script": {"value": {"format": "script"}},
    },
)
@exports.output(Exported, status_code=201, description="The file is an artefact of the job from now on.")
@exports.doc(
    operation_id="export_model",
    responses={
        200: {
            "description": "The file, where `Accept` asks for it rather than for JSON.",
            "content": _contents(*FORMATS),
        },
        406: "Neither the file nor application/json would be accepted.",
        409: "The job has saved no weights yet, or those that it started from are gone.",
        422: "The model has no counterpart in this format.",
        504: "No answer in time.",
    },
)
def export_model(job_id: str, json_data: ExportBody) -> Any:
    """Take a model home

    As a network that other programs run (ONNX, `torch.export`), as plain weights with their spec, or as a program that
    trains it anew. The newest saved weights are taken, of the averaged generator where there is one.
    """
    services = context()
    job = services.store.get(job_id)
    form = FORMATS[json_data.format]
    if form.is_source:
        content = _source(_as_trained(job), form, json_data.library).encode()
        name = f"exports/{form.file_name(json_data.network)}"
        services.storage.write_atomic(job_id, name, content)
        beside = _put_beside(services, job_id, job.spec)
        found: dict[str, Any] = {"name": name, "size": len(content), "step": None, "beside": beside}
    else:
        params = {"format": form.name, "network": json_data.network}
        found = ask("export", job_id, params, seconds=services.settings.export_seconds)
    if _wants_file(form):
        artefact = services.storage.info(job_id, found["name"])
        file = services.storage.open(job_id, found["name"])
        etag = f"{artefact.size:x}-{round(artefact.modified.timestamp() * 1000):x}"
        return stream(file, artefact.size, form.content_type, etag=etag, name=found["name"].rpartition("/")[2])
    url = f"/v1/jobs/{job_id}/artifacts/{found['name']}"
    return {**found, "format": form.name, "url": url}, 201, {"Location": url}


@exports.post("/specs/export")
@exports.input(
    SpecExportBody,
    examples={
        "script": {
            "value": {
                "spec": {"data": {"choice": "digits"}, "generator": "dcgan", "discriminator": "dcgan"},
                "format": "script",
            }
        }
    },
)
@exports.doc(
    operation_id="export_spec",
    responses={
        200: {
            "description": "The program.",
            "content": _contents("script", "notebook"),
        },
        422: "The spec has problems, or a part of it has no counterpart in a program.",
    },
)
def export_spec(json_data: SpecExportBody) -> Response:
    """Write a spec as a program

    One file that trains the model without this service, and reports the losses of its training for the same seed.
    """
    form = FORMATS[json_data.format]
    try:
        resolved = resolve_here(json_data.spec)
    except SpecError as error:
        problems = [{**problem, "pointer": f"/spec{problem['pointer']}"} for problem in error.problems]
        raise SpecError(problems, error.measured) from error
    content = _source(resolved, form, json_data.library).encode()
    response = answer(content, form.content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{form.file_name("")}"'
    return response


def _as_trained(job: Job) -> Mapping[str, Any]:
    """A job's spec, with the precision that its training took where the spec left that open."""
    precision = (job.environment or {}).get("precision")
    return {**job.spec, "precision": precision} if precision else job.spec


def _source(spec: Mapping[str, Any], form: Format, library: str | None) -> str:
    try:
        return write_source(spec, form.name, library=library)
    except ExportError as error:
        problem = {"pointer": error.pointer, "code": error.code, "message": error.message}
        raise ProblemError(422, error.code, error.message, problems=[problem]) from error


def _put_beside(services: Context, job_id: str, spec: Mapping[str, Any]) -> list[str]:
    """Copies the weights that a program starts from to where it is; returns their addresses."""
    addresses = []
    for source, file in weights_beside(spec).items():
        name = f"exports/{file}"
        try:
            weights = services.storage.local_copy(source, WEIGHTS)
        except FileNotFoundError:
            message = f"The program starts from the weights of the job {source}, which are no longer there."
            raise ProblemError(409, "no_weights", message) from None
        with services.storage.writing(job_id, name) as path:
            shutil.copyfile(weights, path)
        addresses.append(f"/v1/jobs/{job_id}/artifacts/{name}")
    return addresses


def _wants_file(form: Format) -> bool:
    """JSON, unless the file is what the client would rather have."""
    accepted = request.accept_mimetypes
    file, data = accepted[form.content_type.partition(";")[0]], accepted["application/json"]
    if accepted and not file and not data:
        message = f"An export comes as {form.content_type} or, with its address, as application/json."
        raise ProblemError(406, "not_acceptable", message)
    return file > data
