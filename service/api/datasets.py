"""Data sets: those everybody knows, and those that were uploaded."""

from __future__ import annotations

import hashlib
import logging
import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from werkzeug.datastructures import FileStorage

import spec.catalogue
from drivers.data import DataError, child, locate
from drivers.data.sources import KNOWN
from drivers.data.sources.upload import SUFFIXES, upload_path
from service.api import represent
from service.api.context import context
from service.api.files import CHUNK_BYTES, answer
from service.api.previews import preview_png
from service.api.problems import ProblemError, invalid, not_found
from service.api.schemas.datasets import Dataset, DatasetList, DatasetUpload, PreviewQuery
from service.db.models import Dataset as Row

log = logging.getLogger(__name__)

datasets = APIBlueprint("datasets", __name__, url_prefix="/v1/datasets", tag="Data sets")

ABANDONED_SECONDS = 86_400
"""A half-made upload this old belongs to a process that is gone."""


@datasets.get("")
@datasets.output(DatasetList)
@datasets.doc(operation_id="list_datasets")
def list_datasets() -> Any:
    """List the data sets

    Those everybody knows come first; the newest upload comes before the older ones.
    """
    known = [_known(name) for name in KNOWN]
    return {"datasets": [*known, *map(_uploaded, context().store.datasets.list())]}


@datasets.get("/<dataset_id>")
@datasets.output(Dataset)
@datasets.doc(operation_id="show_dataset")
def show(dataset_id: str) -> Any:
    """Show a data set"""
    return _find(dataset_id)


def _find(dataset_id: str) -> dict[str, Any]:
    if dataset_id in KNOWN:
        return _known(dataset_id)
    row = context().store.datasets.get(dataset_id)
    if row is None:
        raise not_found("data set", dataset_id)
    return _uploaded(row)


def _known(name: str) -> dict[str, Any]:
    entry = spec.catalogue.load()["datasets"][name]
    return {
        "id": name,
        "kind": "known",
        "title": entry["title"],
        "summary": entry["summary"],
        "available": locate({"choice": name}, settings=context().data_settings).here,
        **_measures(entry),
        "class_names": KNOWN[name].class_names,
        "created_at": None,
        "size": None,
        "use": {"choice": name},
        "links": _links(name),
    }


def _measures(entry: Mapping[str, Any]) -> dict[str, int | None]:
    """How many samples there are and of which size; of data made on the spot, as many and as large as by default."""
    source = entry.get("source")
    if source is None:
        made = _defaults(entry)
        return {
            "count": made["count"],
            "length": made["length"],
            "height": None,
            "width": None,
            "channels": made["channels"],
        }
    size = source["image_size"]
    return {"count": source["images"], "length": None, "height": size, "width": size, "channels": source["channels"]}


def _defaults(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: schema["default"] for name, schema in entry["parameters"]["properties"].items()}


def _uploaded(row: Row) -> dict[str, Any]:
    use = {"choice": "upload", "dataset": row.id, "channels": row.channels}
    if row.class_names:
        use["classes"] = len(row.class_names)
    return {
        "id": row.id,
        "kind": "uploaded",
        "title": row.name,
        "summary": f"{row.count:,} images" + (f" of {len(row.class_names)} classes" if row.class_names else ""),
        "available": True,
        "count": row.count,
        "length": None,
        "height": row.height,
        "width": row.width,
        "channels": row.channels,
        "class_names": row.class_names,
        "created_at": represent.time(row.created_at),
        "size": row.size,
        "use": use,
        "links": _links(row.id),
    }


def _links(dataset_id: str) -> dict[str, str]:
    own = f"/v1/datasets/{dataset_id}"
    return {"self": own, "preview": f"{own}/preview.png"}


@datasets.post("")
@datasets.input(DatasetUpload, location="files")
@datasets.output(Dataset, status_code=201, description="The data set was read whole and is kept.")
@datasets.doc(
    operation_id="upload_dataset",
    responses={409: "As many data sets as may be are kept already.", 422: "The file is no usable data set."},
)
def upload(files_data: DatasetUpload) -> Any:
    """Upload a data set

    A `.npz` with `images` and perhaps `labels`, a `.npy` of images, or a `.zip` of image files, one folder a class for
    labels. The file is read whole before it is kept; one that cannot be read leaves nothing behind.
    """
    services = context()
    if services.store.datasets.count() >= services.settings.max_datasets:
        raise ProblemError(
            409,
            "too_many_datasets",
            f"{services.settings.max_datasets} data sets are kept already, as many as may be; delete one first.",
        )
    file = files_data.file
    suffix = Path(file.filename or "").suffix.lower()
    if suffix not in SUFFIXES:
        raise _unusable(DataError("corrupt", f"'{file.filename}' must be a {', '.join(SUFFIXES)} file.", "/file"))
    row = _keep(file, suffix, files_data.name or Path(file.filename or "").stem)
    shown = _uploaded(row)
    return shown, 201, {"Location": shown["links"]["self"]}


def _keep(file: FileStorage, suffix: str, name: str) -> Row:
    services = context()
    dataset_id = secrets.token_hex(8)
    incoming = services.data_settings.uploads / ".incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    _sweep(incoming)
    received = incoming / f"{dataset_id}{suffix}"
    kept = services.data_settings.uploads / received.name
    try:
        digest = _receive(file, received)
        try:
            found = child.run("inspect", services.data_settings, request={"path": str(received)})
        except DataError as error:
            raise _unusable(error) from error
        size = received.stat().st_size
        os.replace(received, kept)
    finally:
        received.unlink(missing_ok=True)
    try:
        return services.store.datasets.add(dataset_id, name=name, sha256=digest, size=size, **found)
    except BaseException:
        kept.unlink()
        raise


def _receive(file: FileStorage, target: Path) -> str:
    """Write the upload to disk; its SHA-256."""
    digest = hashlib.sha256()
    with target.open("wb") as out:
        while piece := file.stream.read(CHUNK_BYTES):
            out.write(piece)
            digest.update(piece)
        out.flush()
        os.fsync(out.fileno())
    return digest.hexdigest()


def _sweep(incoming: Path) -> None:
    """Remove what a process that died in the middle of an upload has left."""
    for path in incoming.iterdir():
        try:
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
        except FileNotFoundError:
            continue  # finished, or swept by another process


def _unusable(error: DataError) -> ProblemError:
    problem = {"pointer": "/file", "code": error.code, "message": error.message}
    return ProblemError(422, "dataset_unusable", error.message, problems=[problem])


@datasets.delete("/<dataset_id>")
@datasets.output({}, status_code=204)
@datasets.doc(operation_id="delete_dataset", responses={409: "The data set was not uploaded."})
def delete(dataset_id: str) -> Any:
    """Delete an uploaded data set

    Trainings that run on it go on; those that still wait will find it missing.
    """
    if dataset_id in KNOWN:
        raise ProblemError(409, "not_uploaded", f"'{dataset_id}' was not uploaded, so it cannot be deleted.")
    if not context().store.datasets.delete(dataset_id):
        raise not_found("data set", dataset_id)
    try:
        upload_path(dataset_id, context().data_settings).unlink()
    except (DataError, FileNotFoundError):
        log.warning("the file of data set %s was gone already", dataset_id)
    return "", 204


@datasets.get("/<dataset_id>/preview.png")
@datasets.input(PreviewQuery, location="query")
@datasets.doc(
    operation_id="preview_dataset",
    responses={
        200: {"content": {"image/png": {"schema": {"type": "string", "format": "binary"}}}},
        409: "The data set has to be downloaded first, which the first training does.",
    },
)
def preview(dataset_id: str, query_data: PreviewQuery) -> Response:
    """Show some images or sequences of a data set

    A grid of samples drawn at random, the same for the same seed; sequences are drawn as curves.
    """
    shown = _find(dataset_id)
    if not shown["available"]:
        raise ProblemError(
            409, "not_here", f"'{dataset_id}' is not on this machine yet; the first training on it downloads it."
        )
    data = _preview_data(shown, query_data)
    try:
        return answer(preview_png(data, query_data.model_dump(exclude={"image_size"})), "image/png")
    except DataError as error:
        raise _unusable(error) from error


def _preview_data(shown: dict[str, Any], query: PreviewQuery) -> dict[str, Any]:
    """As much of a `data` module as reading it takes."""
    if shown["length"] is None:
        size = query.image_size or min(shown["height"] or 32, 128)
        return {**shown["use"], "image_size": size, "channels": shown["channels"]}
    if query.image_size is not None:
        raise invalid("/image_size", "wrong_data", f"'{shown['id']}' holds sequences, which have no image size.")
    return {**_defaults(spec.catalogue.load()["datasets"][shown["id"]]), **shown["use"]}
