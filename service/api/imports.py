"""What was made elsewhere: networks as layers of a spec, weights as a job that has ended."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from apiflask import APIBlueprint
from flask import request
from werkzeug.datastructures import FileStorage

from drivers import DriverError, WeightsError, confined
from drivers.calibration import is_calibration
from drivers.export.weights import check
from drivers.imports import SUFFIXES, Network, UnreadableError, read_confined
from drivers.initial_weights import initial_weights
from drivers.weights import read, save
from service.api import represent
from service.api.context import context
from service.api.files import CHUNK_BYTES
from service.api.jobs import resolve_here
from service.api.problems import ProblemError, invalid
from service.api.schemas.jobs import Job
from service.api.schemas.models import ImportedNetwork, NetworkUpload, WeightsUpload
from service.weights import NAME
from spec import SpecError, read_json

LONGEST_STEP = 15
"""Digits of the step that a header says."""
MAX_PROBLEMS = 100
"""The most tensors at fault that an answer names."""

imports = APIBlueprint("imports", __name__, url_prefix="/v1", tag="Imports")


@imports.post("/specs/import")
@imports.input(NetworkUpload, location="files")
@imports.output(ImportedNetwork)
@imports.doc(operation_id="import_network", responses={422: "Every layer that a drawing cannot hold, by its name."})
def import_network(files_data: NetworkUpload) -> Any:
    """Read a network that another program has saved

    A `.keras` file of a Functional or Sequential model, or an `.onnx` graph, becomes layers to
    draw. Weights are not read, and nothing in the file is run.
    """
    with _place() as received:
        _receive(files_data.file, received)
        return {"choice": "custom", "layers": _network(received, files_data.file).layers}


@imports.post("/models/import")
@imports.input(WeightsUpload, location="files")
@imports.output(Job, status_code=201, description="A job that has ended: it draws, judges, and can be started from.")
@imports.doc(
    operation_id="import_weights",
    responses={422: "The spec has problems, or tensors are missing, superfluous, misshapen or not finite, each named."},
)
def import_weights(files_data: WeightsUpload) -> Any:
    """Bring weights that were trained elsewhere

    A safetensors file as this service exports it, with the spec in its header, or with the spec beside it. The weights
    must fit the spec exactly; then they are a job that has ended. A `.keras` or `.onnx` file takes the place of one
    network of the spec beside it, layers and weights; the other one has its first weights.
    """
    services = context()
    with _place() as received:
        _receive(files_data.file, received)
        if _suffix(files_data.file) in SUFFIXES:
            resolved = _join_network(received, files_data)
        else:
            resolved = _spec(received, files_data)
        try:
            metadata = check(received, resolved)
        except DriverError as error:
            raise _unusable(error, received, files_data.file) from error
        save(received, read(received)[0], _header(metadata))

        def keep(job_id: str) -> None:
            with services.storage.writing(job_id, NAME) as path:
                path.write_bytes(received.read_bytes())
            services.storage.write_atomic(job_id, "spec.json", json.dumps(resolved, indent=1).encode())

        job = services.store.adopt(resolved, keep=keep)
    shown = represent.job(job)
    return shown, 201, {"Location": shown["links"]["self"]}


@contextmanager
def _place() -> Iterator[Path]:
    """Where a file that was sent may lie while it is looked at."""
    folder = context().settings.home / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    received = folder / secrets.token_hex(8)
    try:
        yield received
    finally:
        received.unlink(missing_ok=True)


def _name(file: FileStorage) -> str:
    """The name that the client knows a file by."""
    return (file.filename or "the file")[:100]


def _suffix(file: FileStorage) -> str:
    return Path(file.filename or "").suffix.lower()


def _network(path: Path, file: FileStorage, *, with_weights: bool = False) -> Network:
    settings = context().settings
    limits = confined.Limits(settings.network_import_seconds, settings.network_import_bytes)
    try:
        return read_confined(path, _suffix(file), limits, with_weights=with_weights)
    except UnreadableError as error:
        count = len(error.problems)
        detail = error.problems[0]["message"] if count == 1 else f"The network has {count} problems."
        raise ProblemError(422, "network_unreadable", detail, problems=error.problems) from error
    except confined.OverLimitError as error:
        message = OVER[error.limit].format(settings=settings, name=_name(file))
        problem = {"pointer": "/file", "code": "too_large", "message": message}
        raise ProblemError(422, "network_unreadable", message, problems=[problem]) from error


OVER = {
    "seconds": (
        "Reading '{name}' took more than the {settings.network_import_seconds:g} s that "
        "AUTHORGAN_NETWORK_IMPORT_SECONDS allows. If it is a file that you trust, start the service with more."
    ),
    "memory_bytes": (
        "Reading '{name}' took more memory than the {settings.network_import_bytes:,} bytes that "
        "AUTHORGAN_NETWORK_IMPORT_BYTES allows. If it is a file that you trust, start the service with more."
    ),
}


def _join_network(path: Path, given: WeightsUpload) -> Any:
    """Puts the weights of a network from elsewhere, and its partner's first ones, in its place; the spec of both."""
    network = _network(path, given.file, with_weights=True)
    role = given.network or _role(network)
    text = _spec_beside(given)
    if text is None:
        message = f"The file holds one network; send the spec of a GAN whose {role} it is to be in the field 'spec'."
        raise invalid("/spec", "missing", message)
    resolved = _resolved(text, given.name, {role: {"choice": "custom", "layers": network.layers}})
    (partner,) = {"generator", "discriminator"} - {role}
    weights = {f"{role}/{name}": value for name, value in network.weights.items()}
    save(path, {**weights, **initial_weights(resolved, partner, resolved["training"]["seed"])})
    return resolved


def _spec_beside(given: WeightsUpload) -> str | None:
    """The spec in the form, as text or as a file of its own."""
    file = request.files.get("spec")
    if given.spec is not None or file is None:
        return given.spec
    return file.stream.read(context().settings.max_body_bytes).decode("utf-8", errors="replace")


def _role(network: Network) -> str:
    """What a network is by what it takes: noise becomes data in a generator, data is judged by a discriminator."""
    sources = {layer["source"] for layer in network.layers if layer["type"] == "Input"} - {"label"}
    if sources == {"noise"}:
        return "generator"
    if sources in ({"image"}, {"sequence"}):
        return "discriminator"
    message = "What the network takes does not tell which it is; say it in the field 'network'."
    raise invalid("/network", "missing", message)


def _receive(file: FileStorage, target: Path) -> None:
    with target.open("wb") as out:
        while piece := file.stream.read(CHUNK_BYTES):
            out.write(piece)


def _header(metadata: Mapping[str, str]) -> dict[str, str]:
    """What a model is read with, of a header that may hold anything: the step, and the calibration if it is one."""
    step = metadata.get("step", "")
    kept = {"step": step if step.isascii() and step.isdecimal() and len(step) <= LONGEST_STEP else "0"}
    calibration = metadata.get("calibration")
    if calibration is not None and is_calibration(calibration):
        kept["calibration"] = calibration
    return kept


def _spec(path: Path, given: WeightsUpload) -> Any:
    """The spec beside the file or in its header, resolved here."""
    text = _spec_beside(given)
    if text is None:
        try:
            _, metadata = read(path)
        except DriverError as error:
            raise _unusable(error, path, given.file) from error
        text = metadata.get("spec")
    if text is None:
        message = "The file's header holds no spec; send the spec that the weights belong to in the field 'spec'."
        raise invalid("/spec", "missing", message)
    return _resolved(text, given.name, {})


def _resolved(text: str, name: str | None, changes: Mapping[str, Any]) -> Any:
    """A spec as its author wrote it, with changes, resolved here."""
    try:
        document = read_json(text)
        if isinstance(document, dict):
            document = {**document, **changes, **({"name": name} if name else {})}
        return resolve_here(document)
    except SpecError as error:
        raise SpecError([_in_field(problem) for problem in error.problems], error.measured) from error


def _in_field(problem: Mapping[str, str]) -> dict[str, str]:
    """A problem of a spec as one of the field, or of the file's header: what trained the weights need not be here."""
    message = problem["message"]
    if problem["code"] == "not_installed":
        message += ". Weights belong to no library: the spec may name another driver here, in the field 'spec'"
    return {**problem, "pointer": f"/spec{problem['pointer']}", "message": message}


def _unusable(error: DriverError, path: Path, file: FileStorage) -> ProblemError:
    """The driver's words, with the name that the client knows the file by."""
    detail = error.message.replace(str(path), _name(file))
    messages = error.problems if isinstance(error, WeightsError) else [detail]
    if len(messages) > MAX_PROBLEMS:
        messages = [*messages[:MAX_PROBLEMS], f"and {len(messages) - MAX_PROBLEMS:,} more"]
    problems = [{"pointer": "/file", "code": error.code, "message": message} for message in messages]
    return ProblemError(422, "weights_unusable", detail, problems=problems)
