"""Walks through what a generator can draw: between points of its noise."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from drivers.latent.directions import PRINCIPAL_SAMPLES, behind, first_layer
from service.api.context import context
from service.api.conversations import STREAM, conversation
from service.api.models import ask, check_labels, check_noise, check_numbers, layer_of, listed, noise_length
from service.api.negotiation import preferred
from service.api.problems import invalid
from service.api.schemas.latent import (
    Arithmetic,
    ArithmeticBody,
    DirectionList,
    DirectionsBody,
    ExploreBody,
    InterpolateBody,
    Sheet,
    TermBody,
)
from spec.frame import Frame

latent = APIBlueprint("latent", __name__, url_prefix="/v1/models/<job_id>", tag="Models")

PNG, JSON, GIF, MP4 = "image/png", "application/json", "image/gif", "video/mp4"
FORMATS = {PNG: "grid", JSON: "each", GIF: "gif", MP4: "mp4"}
BINARY = {"schema": {"type": "string", "format": "binary"}}
CORNERS = 4
STRIP = 32
"""Samples that a path shows in one row; of more, each row is about the way from one point to the next."""


def told(event: str, *types: str) -> dict[str, Any]:
    """What an operation answers that takes long."""
    description = (
        f"As a picture, or as JSON; with `Accept: {STREAM}` events: `progress` (`what`, `done`, `total`), as it goes, "
        f"and last `{event}` or a `problem`."
    )
    content = {**dict.fromkeys(types, BINARY), STREAM: {"schema": {"type": "string"}}}
    return {"description": description, "content": content}


def answers(description: str, *types: str) -> dict[int, Any]:
    """What an operation may answer, for its OpenAPI document."""
    return {
        200: {"description": description, "content": dict.fromkeys(types, BINARY)},
        406: "None of these would be accepted.",
        409: "The job has saved no weights yet.",
        504: "No answer in time.",
    }


@latent.post("/interpolate")
@latent.input(
    InterpolateBody,
    examples={
        "a strip": {"value": {"seeds": [1, 2], "steps": 10}},
        "four corners": {"value": {"seeds": [1, 2, 3, 4], "steps": 8}},
        "a loop, as a movie": {"value": {"seeds": [1, 2, 3], "steps": 24, "loop": True, "fps": 24}},
    },
)
@latent.output(Sheet)
@latent.doc(
    operation_id="interpolate",
    responses=answers("A PNG strip or grid; the samples one by one; or a movie of them.", PNG, GIF, MP4),
)
def interpolate(job_id: str, json_data: InterpolateBody) -> Any:
    """Walk between points of the noise

    Two points or more, by seed or as latent vectors. Similar noise makes similar samples where the generator has
    learned more than its training data: jumps between neighbours are a sign that it has not.
    """
    spec = context().store.get(job_id).spec
    type_ = preferred("Interpolations", PNG, JSON, GIF, MP4)
    params = _interpolation(json_data, spec, as_movie=type_ in (GIF, MP4))
    result = ask("interpolate", job_id, {**params, "format": FORMATS[type_]})
    if type_ in (GIF, MP4):
        headers = {"Authorgan-Step": str(result["step"])}
        return Response(result["movie"], content_type=type_, headers=headers)
    return sheet(result, params["columns"])


@latent.post("/arithmetic")
@latent.input(
    ArithmeticBody,
    examples={
        "an eight without a three": {"value": {"terms": [{"label": 8}, {"label": 3, "sign": -1}, {"label": 1}]}},
        "halfway": {"value": {"terms": [{"seed": 4}, {"seed": 7}]}},
    },
)
@latent.output(Arithmetic)
@latent.doc(operation_id="add_terms", responses={**answers("", PNG), 200: told("arithmetic", PNG)})
def arithmetic(job_id: str, json_data: ArithmeticBody) -> Any:
    """Add and subtract classes and points of the noise

    As `king - man + woman` is done with words. Where more is added than taken away, the sum is divided by how much
    more, so that `3 + 8` is halfway between.
    """
    spec = context().store.get(job_id).spec
    type_ = preferred("Sums", PNG, JSON, STREAM)
    params = {**_sum(json_data, spec), "format": "grid" if type_ == PNG else "each"}
    if type_ != PNG:
        check_numbers((len(json_data.terms) + 1) * (json_data.count + 1), Frame.of(spec["data"]), "/count")

    def form(result: dict[str, Any]) -> Any:
        if type_ == PNG:
            return Response(result["png"], content_type=PNG, headers={"Authorgan-Step": str(result["step"])})
        terms = [listed(term) for term in result["terms"]]
        picture = base64.b64encode(result["png"]).decode()
        found = {"terms": terms, "result": listed(result["result"]), "picture": picture}
        return {**found, "noise": result["noise"], "step": result["step"]}

    return conversation("arithmetic", job_id, params, event="arithmetic", as_stream=type_ == STREAM, form=form)


def _sum(body: ArithmeticBody, spec: Mapping[str, Any]) -> dict[str, Any]:
    settings = context().settings
    if len(body.terms) > settings.max_latent_points:
        message = f"{len(body.terms)} terms are more than AUTHORGAN_MAX_LATENT_POINTS={settings.max_latent_points}."
        raise invalid("/terms", "too_many", message)
    for place, term in enumerate(body.terms):
        _check_term(term, f"/terms/{place}", spec)
    count, most = (len(body.terms) + 1) * (body.count + 1), settings.max_sample_count
    if count > most:
        raise invalid("/count", "too_many", f"These are {count} samples, more than the {most} of one request.")
    return {**body.model_dump(), "most": settings.max_class_draws}


def _check_term(term: TermBody, pointer: str, spec: Mapping[str, Any]) -> None:
    if [term.label, term.seed, term.noise].count(None) != 2:
        raise invalid(pointer, "one_of", "A term has exactly one of `label`, `seed` and `noise`.")
    if term.noise is not None:
        check_noise([term.noise], spec, pointers=[f"{pointer}/noise"])
    if term.label is not None:
        check_class(term.label, spec, f"{pointer}/label")


def check_class(label: int, spec: Mapping[str, Any], pointer: str) -> None:
    """The data have this class, and it can be told in what the generator draws."""
    if spec["generator"]["conditional"]:
        check_labels([label], spec, "generator", pointers=[pointer])
        return
    classes = spec["data"]["classes"]
    if not classes:
        message = "This generator knows no classes, and its data have none that a classifier could learn."
        raise invalid(pointer, "no_classes", message)
    if Frame.of(spec["data"]).source != "image":
        message = "This generator knows no classes, and only images can be classified; use a conditional generator."
        raise invalid(pointer, "no_classes", message)
    if label >= classes:
        raise invalid(pointer, "no_class", f"The classes are 0 to {classes - 1}; there is no class {label}.")


@latent.post("/directions")
@latent.input(DirectionsBody, examples={"the first ten": {"value": {"method": "sefa", "count": 10}}})
@latent.output(DirectionList)
@latent.doc(
    operation_id="find_directions",
    responses={409: "The job has saved no weights yet.", 504: "No answer in time."},
)
def directions(job_id: str, json_data: DirectionsBody) -> Any:
    """Find the directions along which samples change most

    They are found once for each state of the weights.
    """
    spec = context().store.get(job_id).spec
    check_method(json_data.method, json_data.layer, spec)
    most = noise_length(spec)
    if json_data.count > most:
        raise invalid("/count", "too_many", f"The noise of this model has {most} directions.")
    params = {"method": json_data.method, "layer": json_data.layer, "count": json_data.count}
    return {**ask("directions", job_id, params), "method": json_data.method}


@latent.post("/explore")
@latent.input(
    ExploreBody,
    examples={
        "two sliders": {"value": {"seed": 7, "amounts": {"0": 1.5, "3": -2.0}}},
        "a strip": {"value": {"seed": 7, "direction": 0, "range": 3, "steps": 7}},
    },
)
@latent.output(Sheet)
@latent.doc(operation_id="explore", responses=answers("One sample, or a strip of them, as PNG or one by one.", PNG))
def explore(job_id: str, json_data: ExploreBody) -> Any:
    """Move a sample along directions of its noise

    The noise is standard normal: beyond 3 standard deviations there is hardly anything that the generator has seen.
    """
    spec = context().store.get(job_id).spec
    body = json_data
    type_ = preferred("Explorations", PNG, JSON)
    check_method(body.method, body.layer, spec)
    if body.noise is not None:
        check_noise([body.noise], spec, pointers=["/noise"])
    if body.label is not None:
        check_labels([body.label], spec, "generator", pointers=["/label"])
    count = 1 if body.direction is None else body.steps
    most = context().settings.max_sample_count
    if count > most:
        raise invalid("/steps", "too_many", f"{count} samples are more than the {most} of one request.")
    if type_ == JSON:
        check_numbers(count, Frame.of(spec["data"]), "/steps")
    result = ask("explore", job_id, {**body.model_dump(), "format": FORMATS[type_]})
    return sheet(result, count)


def check_method(method: str, layer: str | None, spec: Mapping[str, Any]) -> None:
    """The generator has this layer, and its values for so many samples as are looked at are not too many."""
    found = layer or first_layer(spec)
    if method == "principal":
        found = layer or behind(spec, found)
        check_activations(found, PRINCIPAL_SAMPLES, spec, "/layer")
    layer_of(found, spec, "generator")


def check_activations(id_: str, count: int, spec: Mapping[str, Any], pointer: str, network: str = "generator") -> None:
    """What a layer gives for so many samples fits into memory."""
    size = math.prod(layer_of(id_, spec, network)["output_shape"])
    most = context().settings.max_activation_numbers
    if count * size > most:
        message = (
            f"'{id_}' gives {size:,} numbers a sample; of {count} samples these are more than "
            f"AUTHORGAN_MAX_ACTIVATION_NUMBERS={most}. Take a smaller layer."
        )
        raise invalid(pointer, "too_many", message)


def sheet(result: Mapping[str, Any], columns: int) -> Any:
    """Samples as a picture, or one by one."""
    if "png" in result:
        headers = {"Authorgan-Step": str(result["step"]), "Authorgan-Columns": str(columns)}
        return Response(result["png"], content_type=PNG, headers=headers)
    return {**listed(result), "columns": columns, "count": result["count"], "step": result["step"]}


def _interpolation(body: InterpolateBody, spec: Mapping[str, Any], *, as_movie: bool) -> dict[str, Any]:
    points = _check_points(body, spec)
    layout = body.layout
    if layout == "auto":
        layout = "grid" if points == CORNERS and not body.loop and not as_movie else "path"
    if layout == "grid":
        _check_grid(body, points, as_movie=as_movie)
        columns = body.columns or body.steps
        count = body.steps * columns
    else:
        legs = points if body.loop else points - 1
        count = legs * (body.steps - 1) + (0 if body.loop else 1)
        columns = body.columns or (count if count <= STRIP else max(body.steps - 1, math.isqrt(count)))
    most = context().settings.max_sample_count
    if count > most:
        raise invalid("/steps", "too_many", f"These are {count} samples, more than the {most} of one request.")
    if not as_movie:
        check_numbers(count, Frame.of(spec["data"]), "/steps")
    return {
        "seeds": body.seeds,
        "noise": body.noise,
        "labels": body.labels,
        "method": body.method,
        "layout": layout,
        "steps": body.steps,
        "loop": body.loop,
        "columns": min(columns, count),
        "fps": body.fps,
    }


def _check_points(body: InterpolateBody, spec: Mapping[str, Any]) -> int:
    """How many points there are."""
    if (body.seeds is None) == (body.noise is None):
        raise invalid("/seeds", "one_of", "The points are given either as `seeds` or as `noise`.")
    pointer, points = ("/seeds", body.seeds) if body.noise is None else ("/noise", body.noise)
    assert points is not None
    most = context().settings.max_latent_points
    if len(points) > most:
        raise invalid(pointer, "too_many", f"{len(points)} points are more than AUTHORGAN_MAX_LATENT_POINTS={most}.")
    if body.noise is not None:
        check_noise(body.noise, spec)
    if body.labels is not None:
        check_labels(body.labels, spec, "generator")
        if len(body.labels) not in (1, len(points)):
            message = f"{len(body.labels)} labels do not fit {len(points)} points; give one for all, or one each."
            raise invalid("/labels", "wrong_count", message)
    return len(points)


def _check_grid(body: InterpolateBody, points: int, *, as_movie: bool) -> None:
    if points != CORNERS:
        raise invalid("/layout", "wrong_layout", f"A grid lies between {CORNERS} points; here are {points}.")
    if body.loop or as_movie:
        reason = "has no way back to its beginning" if body.loop else "is no movie"
        raise invalid("/layout", "wrong_layout", f"A grid {reason}; ask for the layout `path`.")
    if body.columns == 1:
        raise invalid("/columns", "too_few", "A grid between four corners has at least 2 columns.")
