"""Runs as zip files, from here and from elsewhere."""

from __future__ import annotations

import secrets
from typing import Any

from apiflask import APIBlueprint
from apiflask.fields import UploadFile
from flask import Response
from pydantic import ConfigDict

from service.api import represent
from service.api.context import context
from service.api.jobs import resolve_here
from service.api.problems import ProblemError, invalid
from service.api.schemas.base import Body
from service.api.schemas.jobs import JobWithSpec
from service.archive.pack import pack
from service.archive.unpack import Archive, ArchiveError, Limits
from spec import SpecError

archives = APIBlueprint("archives", __name__, url_prefix="/v1/jobs", tag="Results")


class RunUpload(Body):
    """`file`: a zip that `export.zip` made."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    file: UploadFile


@archives.get("/<job_id>/export.zip")
@archives.doc(
    operation_id="export_run",
    responses={200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}},
)
def export(job_id: str) -> Response:
    """Take a run home

    Spec, losses and measurements as CSV and Parquet, markers, samples, weights, environment and TensorBoard events, in
    one zip, which `import` takes in again. Checkpoints stay here.
    """
    services = context()
    job = services.store.get(job_id)
    response = Response(pack(job, services.store.history, services.storage), content_type="application/zip")
    response.headers["Content-Disposition"] = f'attachment; filename="authorgan-{job_id}.zip"'
    return response


@archives.post("/import")
@archives.input(RunUpload, location="files")
@archives.output(JobWithSpec, status_code=201, description="The run is here, under a new id.")
@archives.doc(operation_id="import_run", responses={422: "The file is no run, or holds what does not belong there."})
def import_run(files_data: RunUpload) -> Any:
    """Take in a run from elsewhere

    A zip that `export.zip` made. It is as if the job had been trained here: its curves and samples are shown, its
    weights draw. A run that had not ended counts as stopped. One that cannot be taken in whole leaves nothing behind.
    """
    services = context()
    settings = services.settings
    job_id = secrets.token_hex(8)
    try:
        archive = Archive(files_data.file.stream, Limits(settings.max_import_bytes, settings.max_import_files))
        run = archive.run()
        spec = archive.document("spec.json")
        if not isinstance(spec, dict):
            raise ArchiveError("bad_spec", "spec.json is no JSON object.")
        resolved = resolve_here(spec)
        history: dict[str, Any] = {
            "metrics": archive.metrics(),
            "measurements": archive.measurements(),
            "samples": archive.samples(job_id),
            "markers": archive.markers(),
        }
        archive.store(services.storage, job_id)
        services.store.add_ended(job_id, resolved, hash=resolved.sha256(), run=run, **history)
    except ArchiveError as error:
        services.storage.delete(job_id)
        raise invalid("/file", error.code, str(error)) from error
    except SpecError as error:
        services.storage.delete(job_id)
        problems = [{**problem, "pointer": "/file"} for problem in error.problems]
        raise ProblemError(422, "invalid_spec", "The run's spec has problems.", problems=problems) from error
    except Exception:
        services.storage.delete(job_id)
        raise
    shown = represent.job(services.store.get(job_id), with_spec=True)
    return shown, 201, {"Location": shown["links"]["self"]}
