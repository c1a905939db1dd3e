"""What a trained, or still training, model can do now: draw images or sequences, and judge them."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from typing import Any

from apiflask import APIBlueprint
from flask import Response
from PIL import Image

from service.api.context import context
from service.api.images import decoded
from service.api.jobs import resolve_here
from service.api.negotiation import preferred
from service.api.problems import ProblemError, invalid
from service.api.schemas.latent import LayersBody
from service.api.schemas.models import DiscriminateBody, SampleBody, Samples, UnitsBody, Verdicts
from service.pictures import stamp
from service.queue.interactive import InteractiveError, InteractiveUnavailable, call
from service.trainer.runtimes import runtime_of
from spec.frame import Frame

models = APIBlueprint("models", __name__, url_prefix="/v1/models/<job_id>", tag="Models")

DEFAULT_COUNT = 64
STATUS = {
    "no_weights_yet": 409,
    "not_calibrated": 409,
    "model_gone": 404,
    "out_of_memory": 503,
    "model_process_died": 503,
    "storage_failed": 503,
    "damaged_weights": 500,
    "internal_error": 500,
    "timeout": 504,
}
"""HTTP status of an error code; others are the request's fault, 422."""


@models.post("/sample")
@models.input(
    SampleBody,
    examples={
        "sixteen": {"value": {"count": 16, "seed": 7}},
        "sevens": {"value": {"labels": [7], "count": 8}},
        "without two units": {"value": {"count": 8, "units": {"conv2d_1": {"off": [3, 17]}}}},
    },
)
@models.output(Samples)
@models.doc(
    operation_id="sample",
    responses={
        200: {
            "description": "A PNG grid, or with `Accept: application/json` each image, or sequences as numbers.",
            "content": {"image/png": {"schema": {"type": "string", "format": "binary"}}},
        },
        406: "Neither image/png nor application/json would be accepted.",
        409: "The job has saved no weights yet.",
        504: "No answer in time.",
    },
)
def sample(job_id: str, json_data: SampleBody) -> Any:
    """Draw images or sequences

    By seed, by latent vector, or by class for a conditional generator; from the newest weights that were saved.
    Weights belong to no library: with `driver` (and `backend`) another one than that of the training draws, and the
    same seed draws the same samples.
    """
    job = context().store.get(job_id)
    spec = job.spec
    as_picture = preferred("Samples", "image/png", "application/json") == "image/png"
    params = _sample_params(json_data, spec)
    params["format"] = "grid" if as_picture else "each"
    if json_data.units is not None:
        check_units(json_data.units, spec)
        params["units"] = {layer: edit.model_dump() for layer, edit in json_data.units.items()}
    if not as_picture:
        check_numbers(params["count"], Frame.of(spec["data"]), "/count")
    result = ask("sample", job_id, params)
    if as_picture:
        headers = {"Authorgan-Step": str(result["step"]), "Authorgan-Columns": str(result["columns"])}
        png = result["png"]
        if context().settings.pictures_carry_spec and json_data.noise is None and json_data.units is None:
            drawn = {"seed": json_data.seed, "labels": json_data.labels, "count": params["count"]}
            drawn |= {"columns": result["columns"], "step": result["step"]}
            png = stamp(png, spec=spec, hash=job.hash, job=job_id, **drawn)
        return Response(png, content_type="image/png", headers=headers)
    return {**listed(result), "count": params["count"], "step": result["step"]}


def listed(result: Mapping[str, Any]) -> dict[str, Any]:
    """Samples of a result one by one: what is a file in base64, sequences as they are."""
    kinds = [kind for kind in ("images", "sequences", "before") if kind in result]
    return {
        kind: [base64.b64encode(item).decode() if isinstance(item, bytes) else item for item in result[kind]]
        for kind in kinds
    }


def check_units(units: Mapping[str, UnitsBody], spec: Mapping[str, Any]) -> None:
    """The generator's layers have these units, and none is off and on."""
    for id_, edit in units.items():
        pointer = f"/units/{id_.replace('~', '~0').replace('/', '~1')}"
        shape = layer_of(id_, spec, "generator", pointer)["output_shape"]
        if not shape:
            raise invalid(pointer, "no_units", f"The layer '{id_}' gives one number and has no units.")
        switched = [*((unit, f"{pointer}/off/{place}") for place, unit in enumerate(edit.off))]
        switched += [(int(unit), f"{pointer}/on/{unit}") for unit in edit.on]
        for unit, place in switched:
            if unit >= shape[-1]:
                message = f"The layer '{id_}' has the units 0 to {shape[-1] - 1}; there is no unit {unit}."
                raise invalid(place, "no_unit", message)
        both = set(edit.off) & {int(unit) for unit in edit.on}
        if both:
            raise invalid(pointer, "off_and_on", f"Unit {min(both)} of '{id_}' cannot be off and on.")


def layer_of(id_: str, spec: Mapping[str, Any], network: str, pointer: str = "/layer") -> dict[str, Any]:
    """The resolved layer of a network."""
    layers = {layer["id"]: layer for layer in spec[network]["layers"]}
    if id_ not in layers:
        message = f"The {network} has no layer '{id_}'; it has {', '.join(layers)}."
        raise invalid(pointer, "unknown_layer", message)
    return layers[id_]


def check_numbers(count: int, frame: Frame, pointer: str) -> None:
    """Sequences travel as numbers, of which one message may hold only so many."""
    numbers, most = count * math.prod(frame.size), context().settings.max_sample_numbers
    if frame.source == "sequence" and numbers > most:
        size = " x ".join(map(str, frame.size))
        message = (
            f"{count} sequences of {size} are more numbers than AUTHORGAN_MAX_SAMPLE_NUMBERS={most} of one request."
        )
        raise invalid(pointer, "too_many", message)


def _sample_params(body: SampleBody, spec: Mapping[str, Any]) -> dict[str, Any]:
    most = context().settings.max_sample_count
    count = body.count or len(body.noise or ()) or len(body.labels or ()) or DEFAULT_COUNT
    for pointer, number in (("/count", count), ("/noise", len(body.noise or ())), ("/labels", len(body.labels or ()))):
        if number > most:
            raise invalid(pointer, "too_many", f"{number} samples are more than the {most} of one request.")
    if body.noise is not None:
        if len(body.noise) != count:
            message = f"{len(body.noise)} latent vectors do not make {count} samples."
            raise invalid("/noise", "wrong_count", message)
        check_noise(body.noise, spec)
    if body.labels is not None:
        check_labels(body.labels, spec, "generator")
        if len(body.labels) > count:
            raise invalid("/labels", "too_many", f"{len(body.labels)} labels are more than the {count} samples.")
    return {
        "count": count,
        "seed": body.seed,
        "noise": body.noise,
        "labels": body.labels,
        "columns": body.columns or math.ceil(math.sqrt(count)),
        **_runtime(body, spec),
    }


def _runtime(body: SampleBody, spec: Mapping[str, Any]) -> dict[str, str]:
    """The `runtime` that is asked for, if one is and it can do what the spec says."""
    if body.driver is None and body.backend is None:
        return {}
    asked = {key: value for key, value in spec.items() if key not in ("driver", "backend")}
    asked["driver"] = spec["driver"] if body.driver is None else body.driver
    if body.backend is not None:
        asked["backend"] = body.backend
    return {"runtime": runtime_of(resolve_here(asked))}


def check_noise(noise: list[list[float]], spec: Mapping[str, Any], pointers: Sequence[str] | None = None) -> None:
    """Each latent vector has the length that the generator takes.

    Args:
        pointers: where each stands; by default in a list `noise`.
    """
    length = noise_length(spec)
    for position, vector in enumerate(noise):
        if len(vector) != length:
            raise invalid(
                pointers[position] if pointers else f"/noise/{position}",
                "wrong_length",
                f"A latent vector of this model has {length} numbers; number {position} has {len(vector)}.",
            )


def noise_length(spec: Mapping[str, Any]) -> int:
    """Numbers of one latent vector."""
    for layer in spec["generator"]["layers"]:
        if layer["type"] == "Input" and layer["source"] == "noise":
            return math.prod(layer["shape"])
    raise invalid("/noise", "no_noise", "The generator of this model takes no noise.")


def check_labels(
    labels: Sequence[int], spec: Mapping[str, Any], network: str, pointers: Sequence[str] | None = None
) -> None:
    """The network knows classes, and these are some of them.

    Args:
        pointers: where each stands; by default in a list `labels`.
    """
    if not spec[network]["conditional"]:
        message = f"The {network} of this model knows no classes; leave out labels."
        raise invalid(pointers[0] if pointers else "/labels", "not_conditional", message)
    classes = spec["data"]["classes"]
    for position, label in enumerate(labels):
        if label >= classes:
            raise invalid(
                pointers[position] if pointers else f"/labels/{position}",
                "no_class",
                f"The classes are 0 to {classes - 1}; there is no class {label}.",
            )


@models.post("/discriminate")
@models.input(DiscriminateBody)
@models.output(Verdicts)
@models.doc(
    operation_id="discriminate",
    responses={409: "The job has saved no weights yet.", 504: "No answer in time."},
)
def discriminate(job_id: str, json_data: DiscriminateBody) -> Any:
    """Judge images or sequences: real or drawn?

    Each image is brought to the size and channels that the model was trained on; a sequence has to be of its shape.
    """
    spec = context().store.get(job_id).spec
    frame = Frame.of(spec["data"])
    given = given_samples(json_data, frame)
    if frame.source == "sequence":
        check_numbers(len(given), frame, "/sequences")
        check_sequences(given, frame)
    else:
        given = images_of(given)
    if json_data.labels is None and spec["discriminator"]["conditional"]:
        message = f"This discriminator judges each {frame.source} by its class; give one each."
        raise invalid("/labels", "labels_needed", message)
    if json_data.labels is not None:
        check_labels(json_data.labels, spec, "discriminator")
        if len(json_data.labels) != len(given):
            message = f"{len(json_data.labels)} labels do not fit {len(given)} {frame.source}s, one each."
            raise invalid("/labels", "wrong_count", message)
    result = ask("discriminate", job_id, {f"{frame.source}s": given, "labels": json_data.labels})
    verdicts = [
        {"score": score, "probability_real": probability}
        for score, probability in zip(result["score"], result["probability_real"], strict=True)
    ]
    return {"results": verdicts, "calibration": result["calibration"], "step": result["step"]}


def given_samples(body: DiscriminateBody | LayersBody, frame: Frame) -> list[Any]:
    """What there is to judge: images for a model of images, sequences for one of sequences."""
    key, other = ("sequences", "images") if frame.source == "sequence" else ("images", "sequences")
    if getattr(body, other) is not None:
        raise invalid(f"/{other}", "wrong_data", f"This model judges {key}; give those.")
    given, most = getattr(body, key), context().settings.max_discriminate_images
    if given is None:
        raise invalid(f"/{key}", "missing", f"There are no {key} to judge.")
    if len(given) > most:
        raise invalid(f"/{key}", "too_many", f"{len(given)} {key} are more than the {most} of one request.")
    return given


def check_sequences(sequences: Sequence[list[list[float]]], frame: Frame) -> None:
    """Each sequence of a list `sequences` has the shape of the model's."""
    for position, sequence in enumerate(sequences):
        _check_sequence(sequence, frame, f"/sequences/{position}")


def _check_sequence(sequence: list[list[float]], frame: Frame, pointer: str) -> None:
    steps, channels = frame.size
    if len(sequence) != steps:
        message = f"A sequence of this model has {steps} steps; this one has {len(sequence)}."
        raise invalid(pointer, "wrong_length", message)
    for step, numbers in enumerate(sequence):
        if len(numbers) != channels:
            message = f"Each step of a sequence of this model has {channels} numbers; this one has {len(numbers)}."
            raise invalid(f"{pointer}/{step}", "wrong_length", message)


def images_of(texts: Sequence[str]) -> list[bytes]:
    """The files in a list `images` of base64 texts."""
    return [image_of(text, f"/images/{position}", f"Image {position}") for position, text in enumerate(texts)]


def image_of(text: str, pointer: str, what: str) -> bytes:
    """The file in a base64 text, whose head at least is that of an image of a sane size."""
    content = decoded(text, pointer, what)
    try:
        with Image.open(io.BytesIO(content), formats=["PNG", "JPEG"]) as image:
            pixels = image.width * image.height
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise invalid(pointer, "not_an_image", f"{what} is no PNG or JPEG file.") from error
    if pixels > context().data_settings.max_image_pixels:
        raise invalid(pointer, "image_bomb", f"{what} has {pixels:,} pixels, more than may be opened.")
    return content


def ask(kind: str, job_id: str, params: dict[str, Any], *, seconds: float | None = None) -> dict[str, Any]:
    """`service.queue.interactive.call`, whose errors end the request with a problem.

    Args:
        seconds: how long to wait; by default what the settings allow an interactive call.
    """
    settings = context().settings
    try:
        return call(kind, job_id, params, seconds or settings.interactive_seconds, settings=settings)
    except InteractiveError as error:
        raise problem_of(error) from error


def problem_of(error: InteractiveError) -> ProblemError:
    """What a model could not answer, as a problem of the request."""
    if isinstance(error, InteractiveUnavailable):
        status = 504 if error.code == "timeout" else 503
        return ProblemError(status, error.code, error.message, headers={"Retry-After": "5"})
    problems = [{"pointer": error.pointer, "code": error.code, "message": error.message}]
    return ProblemError(STATUS.get(error.code, 422), error.code, error.message, problems=problems)
