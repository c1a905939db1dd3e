"""What a job has produced so far: the loss curve, samples, artefacts."""

from __future__ import annotations

import mimetypes
from typing import Any

import numpy as np
from apiflask import APIBlueprint
from flask import Response

from drivers.data import DataError
from service.api import paging, represent
from service.api.context import context
from service.api.curves import look_of_data, training_of
from service.api.files import answer, stream
from service.api.pace import BAND_COLUMNS, COLUMNS, Pace
from service.api.previews import real_grid
from service.api.problems import ProblemError, not_found
from service.api.schemas.results import (
    ArtifactList,
    MarkerList,
    Metrics,
    MetricsQuery,
    MovieQuery,
    PageQuery,
    Reading,
    SampleList,
)
from service.curves import bands, keep_extremes
from service.movie.making import MovieError, movie
from service.queue.usage import PREFIX
from service.reading import read
from service.reading.training import MIN_STEPS
from service.storage import Artefact

results = APIBlueprint("results", __name__, url_prefix="/v1/jobs/<job_id>", tag="Results")


def _binary(*content_types: str) -> dict[str, Any]:
    return {"content": {name: {"schema": {"type": "string", "format": "binary"}} for name in content_types}}


PNG = _binary("image/png")


@results.get("/metrics")
@results.input(MetricsQuery, location="query")
@results.output(Metrics)
@results.doc(operation_id="show_metrics")
def metrics(job_id: str, query_data: MetricsQuery) -> Any:
    """Show the curves

    Every step is kept. A curve of more than `max_points` is thinned so that no extreme is lost: of each stretch remain
    the points where either loss is least or greatest. With `bands` there is one row a stretch instead, with the mean of
    each loss and, in four more columns, its extremes. `x` says what the stretches are even in, and `from` and `to`
    are in; `rows` hold step, epoch and seconds in any case.
    """
    services = context()
    job = services.store.get(job_id)
    history = services.store.history
    pace = Pace.of(job)
    most = services.settings.max_metric_points
    curve = history.curve(job_id, **pace.steps(query_data))
    x = pace.along(query_data.x, curve)
    chosen = ~np.isnan(x) & (x >= query_data.start) & (x <= (np.inf if query_data.end is None else query_data.end))
    curve, x = curve[chosen], x[chosen]
    shorten = bands if query_data.bands else keep_extremes
    rows = shorten(curve, x, min(query_data.max_points or most, most))
    markers = [{**marker.details, "step": marker.step} for marker in history.markers(job_id)]
    measured = history.measurements(job_id, **pace.range_of(curve)) if len(curve) or not chosen.size else {}
    return {
        "columns": [*COLUMNS, *(BAND_COLUMNS if query_data.bands else ())],
        "rows": pace.shown(rows),
        "count": len(curve),
        "thinned": len(rows) < len(curve),
        "measurements": {name: points for name, points in measured.items() if not name.startswith(PREFIX)},
        "usage": {name.removeprefix(PREFIX): points for name, points in measured.items() if name.startswith(PREFIX)},
        "learning_rates": pace.learning_rates(job.spec, markers, rows[:, 0]),
    }


@results.get("/markers")
@results.output(MarkerList)
@results.doc(operation_id="list_markers")
def list_markers(job_id: str) -> Any:
    """List what happened to the training

    At which step it was paused and resumed, a parameter was changed, single steps were made, or it went on from a
    checkpoint on another worker.
    """
    services = context()
    services.store.get(job_id)
    return {
        "markers": [
            {"step": marker.step, "at": represent.time(marker.at), **marker.details}
            for marker in services.store.history.markers(job_id)
        ]
    }


@results.get("/reading")
@results.output(Reading)
@results.doc(operation_id="read_curves")
def reading(job_id: str) -> Any:
    """Read the curves in words

    Whether the discriminator has won, the samples are noise, blank or alike, few of them look real, the losses swing,
    grow without end or stand still; each with the rule behind it, its numbers, and what to try. Rules that cannot judge
    this training say why.
    """
    services = context()
    job = services.store.get(job_id)
    curve = services.store.history.curve(job_id)
    try:
        real = look_of_data(job.spec) if len(curve) >= MIN_STEPS else None
    except DataError:
        real = None  # the rules that look at them say that there are none; `real.png` says why
    limit = services.settings.max_reading_grids
    found = training_of(job, curve, services.store.history, services.storage, limit, real)
    return {
        **read(found).as_json(),
        "step": int(curve[-1, 0]) if len(curve) else 0,
        "diversity": [[step, value] for step, value in found.diversity],
    }


@results.get("/samples")
@results.input(PageQuery, location="query")
@results.output(SampleList)
@results.doc(operation_id="list_samples")
def list_samples(job_id: str, query_data: PageQuery) -> Any:
    """List the grids of samples"""
    services = context()
    services.store.get(job_id)
    after = paging.decode(query_data.cursor, int)[0] if query_data.cursor else None
    limit = min(query_data.limit, services.settings.max_page)
    found = services.store.history.samples(job_id, limit=limit + 1, after=after)
    page, more = found[:limit], len(found) > limit
    return {"samples": page, "next": paging.encode(page[-1]["step"]) if more else None}


@results.get("/samples/latest.png")
@results.doc(operation_id="show_latest_sample", responses={200: PNG})
def latest_sample(job_id: str) -> Response:
    """Show the newest grid of samples"""
    services = context()
    services.store.get(job_id)
    newest = services.store.history.sample(job_id)
    if newest is None:
        raise ProblemError(404, "no_sample_yet", "The job has drawn no samples yet.")
    return _sample(job_id, newest["step"], keep=False)


@results.get("/samples/<int:step>.png")
@results.doc(operation_id="show_sample", responses={200: PNG})
def sample(job_id: str, step: int) -> Response:
    """Show the grid of samples of a step"""
    services = context()
    services.store.get(job_id)
    if services.store.history.sample(job_id, step) is None:
        raise not_found("grid of samples at step", str(step))
    return _sample(job_id, step, keep=True)


@results.get("/real.png")
@results.doc(operation_id="show_real_samples", responses={200: PNG, 409: "The data are not on this machine."})
def real(job_id: str) -> Response:
    """Show real samples

    As many samples of the job's data as its grids have, in as many columns and of the same size, to look at beside
    them; for a conditional GAN with the classes in the same places.
    """
    spec = context().store.get(job_id).spec
    try:
        png = real_grid(spec)
    except DataError as error:
        raise ProblemError(409, "not_here", f"The data cannot be read any more. {error.message}") from error
    if png is None:
        raise ProblemError(409, "not_here", f"The data '{spec['data']['choice']}' are not on this machine any more.")
    return answer(png, "image/png")


def _sample(job_id: str, step: int, *, keep: bool) -> Response:
    try:
        with context().storage.open(job_id, f"samples/{step}.png") as file:
            content = file.read()
    except FileNotFoundError as error:
        raise ProblemError(404, "gone", f"The picture of step {step} is no longer in the storage.") from error
    return answer(content, "image/png", keep=keep)


@results.get("/movie.gif")
@results.input(MovieQuery, location="query")
@results.doc(operation_id="show_movie_gif", responses={200: _binary("image/gif"), 503: "It could not be made."})
def movie_gif(job_id: str, query_data: MovieQuery) -> Response:
    """Show the training as a GIF

    The grids of samples one after another, the step below. It is made when it is first asked for, and kept until there
    are more samples.
    """
    return _movie(job_id, query_data, "gif")


@results.get("/movie.mp4")
@results.input(MovieQuery, location="query")
@results.doc(operation_id="show_movie_mp4", responses={200: _binary("video/mp4"), 503: "It could not be made."})
def movie_mp4(job_id: str, query_data: MovieQuery) -> Response:
    """Show the training as an MP4 video (H.264)"""
    return _movie(job_id, query_data, "mp4")


def _movie(job_id: str, query: MovieQuery, extension: str) -> Response:
    services = context()
    job = services.store.get(job_id)
    most = services.settings.max_movie_seconds
    if query.seconds > most:
        message = f"seconds: a movie may be {most} s long"
        problem = {"pointer": "", "code": "too_long", "message": message, "parameter": "seconds"}
        raise ProblemError(422, "invalid_request", message, problems=[problem])
    samples = services.store.history.sample_steps(job_id)
    if not samples:
        raise ProblemError(404, "no_sample_yet", "The job has drawn no samples yet.")
    every = -(-len(samples) // services.settings.max_movie_samples)
    try:
        name = movie(
            job_id,
            [*samples[:-1:every], samples[-1]],
            total=(job.progress or {}).get("total"),
            extension=extension,
            seconds=query.seconds,
            fps=query.fps,
            storage=services.storage,
            settings=services.settings,
        )
    except MovieError as error:
        raise ProblemError(503, "no_movie", f"The movie could not be made. {error}") from error
    return _stored(job_id, name)


@results.get("/artifacts")
@results.output(ArtifactList)
@results.doc(operation_id="list_artifacts")
def list_artifacts(job_id: str) -> Any:
    """List the files a job has written"""
    services = context()
    services.store.get(job_id)
    return {"artifacts": [_describe(job_id, artefact) for artefact in services.storage.list(job_id)]}


def _describe(job_id: str, artefact: Artefact) -> dict[str, Any]:
    return {
        "name": artefact.name,
        "size": artefact.size,
        "modified_at": represent.time(artefact.modified.timestamp()),
        "url": f"/v1/jobs/{job_id}/artifacts/{artefact.name}",
    }


@results.get("/artifacts/<path:name>")
@results.doc(
    operation_id="download_artifact",
    responses={200: _binary("application/octet-stream", "text/x-python")},
)
def artifact(job_id: str, name: str) -> Response:
    """Download a file a job has written"""
    services = context()
    services.store.get(job_id)
    return _stored(job_id, name)


def _stored(job_id: str, name: str) -> Response:
    storage = context().storage
    try:
        artefact = storage.info(job_id, name)
        file = storage.open(job_id, name)
    except (ValueError, OSError) as error:
        raise not_found("artefact", name) from error
    content_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    etag = f"{artefact.size:x}-{round(artefact.modified.timestamp() * 1000):x}"
    return stream(file, artefact.size, content_type, etag=etag, name=name.rpartition("/")[2])
