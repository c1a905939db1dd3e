"""A look into a model: what the units of its hidden layers give, and what they stand for."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from drivers.latent.dissection import AT_ONCE
from service.api.context import context
from service.api.conversations import STREAM, conversation
from service.api.latent import FORMATS, JSON, PNG, answers, check_activations, check_class, told
from service.api.models import (
    ask,
    check_labels,
    check_noise,
    check_sequences,
    given_samples,
    image_of,
    images_of,
    layer_of,
)
from service.api.negotiation import preferred
from service.api.problems import invalid
from service.api.schemas.latent import DissectBody, Dissection, Layers, LayersBody
from spec.frame import Frame

hidden = APIBlueprint("hidden", __name__, url_prefix="/v1/models/<job_id>", tag="Models")

MOST_AXES = 3
"""Axes of what can be drawn: height, width and channels."""


@hidden.post("/layers")
@hidden.input(
    LayersBody,
    examples={
        "which there are": {"value": {"network": "generator"}},
        "one of them": {"value": {"layer": "conv2d_1", "seed": 7, "max_maps": 32}},
    },
)
@hidden.output(Layers)
@hidden.doc(
    operation_id="show_layers",
    responses=answers("The layers of a network; or the feature maps of one, as one PNG or one by one.", PNG),
)
def layers(job_id: str, json_data: LayersBody) -> Any:
    """See what a hidden layer gives

    Feature maps of one sample: where each unit lights up. Without a `layer`, which there are.
    """
    body = json_data
    spec = context().store.get(job_id).spec
    if body.layer is None:
        return {"network": body.network, "layers": [_described(layer) for layer in spec[body.network]["layers"]]}
    type_ = preferred("Feature maps", PNG, JSON)
    shape = layer_of(body.layer, spec, body.network)["output_shape"]
    if not 1 <= len(shape) <= MOST_AXES:
        message = f"What '{body.layer}' gives, of the shape {shape}, cannot be drawn; 1 to {MOST_AXES} axes can."
        raise invalid("/layer", "no_maps", message)
    given = _given(body, spec)
    count = sum(len(some) for some in given.values()) or 1
    check_activations(body.layer, count, spec, "/layer", body.network)
    most, maps = context().settings.max_sample_count, count * (1 if len(shape) == 1 else min(body.max_maps, shape[-1]))
    if maps > most:
        raise invalid("/max_maps", "too_many", f"{maps} maps are more than the {most} pictures of one request.")
    nothing: dict[str, Any] = {"images": None, "sequences": None}
    result = ask("layers", job_id, {**body.model_dump(), **nothing, **given, "format": FORMATS[type_]})
    if type_ == PNG:
        return Response(result["png"], content_type=PNG, headers={"Authorgan-Step": str(result["step"])})
    maps_ = [[base64.b64encode(file).decode() for file in files] for files in result["maps"]]
    found = {"layer": body.layer, "maps": maps_, "units": result["units"], "step": result["step"]}
    return {"network": body.network, **found}


@hidden.post("/dissect")
@hidden.input(
    DissectBody,
    examples={"what draws a seven": {"value": {"layer": "leakyrelu_2", "label": 7, "count": 256, "top": 8}}},
)
@hidden.output(Dissection)
@hidden.doc(operation_id="dissect", responses={**answers("", PNG), 200: told("dissection", PNG)})
def dissect(job_id: str, json_data: DissectBody) -> Any:
    """Find the units that draw something, and switch them

    GAN dissection (Bau et al. 2019): which units are lit where there is something, and whether it goes when they are
    switched off, or comes when they are switched on. Only that says that they cause it.
    """
    body = json_data
    spec = context().store.get(job_id).spec
    type_ = preferred("Dissections", JSON, PNG, STREAM)
    mask = _check_dissection(body, spec)
    params = {**body.model_dump(), "mask": mask, "format": "grid" if type_ == PNG else "each"}

    def form(result: dict[str, Any]) -> Any:
        if type_ == PNG:
            return Response(result["png"], content_type=PNG, headers={"Authorgan-Step": str(result["step"])})
        units = [{**unit, "picture": base64.b64encode(unit["picture"]).decode()} for unit in result["units"]]
        shown = {name: base64.b64encode(result[name]).decode() for name in ("before", "after")}
        return {**result, **shown, "units": units}

    return conversation("dissect", job_id, params, event="dissection", as_stream=type_ == STREAM, form=form)


def _check_dissection(body: DissectBody, spec: Mapping[str, Any]) -> bytes | None:
    """The file of the mask, where there is one."""
    most = context().settings.max_sample_count
    if body.count > most:
        raise invalid("/count", "too_many", f"{body.count} samples are more than the {most} of one request.")
    if body.top * body.samples > most:
        message = f"{body.top} units of {body.samples} samples are more than the {most} of one request."
        raise invalid("/top", "too_many", message)
    shape = layer_of(body.layer, spec, "generator")["output_shape"]
    if not shape:
        raise invalid("/layer", "no_units", f"The layer '{body.layer}' gives one number and has no units.")
    if (body.label is None) == (body.mask is None):
        raise invalid("/label", "one_of", "What the units stand for is said either by a `label` or by a `mask`.")
    if body.mask is None:
        assert body.label is not None
        check_class(body.label, spec, "/label")
        check_activations(body.layer, min(body.count, AT_ONCE), spec, "/layer")
        return None
    frame = Frame.of(spec["data"])
    if frame.source != "image":
        raise invalid("/mask", "wrong_data", "A mask lies over images, and this model makes sequences; give a `label`.")
    if len(shape) != MOST_AXES:
        message = f"'{body.layer}' gives {shape} and not a map a unit, so no unit lies anywhere; give a `label`."
        raise invalid("/layer", "no_maps", message)
    check_activations(body.layer, body.count, spec, "/count")
    return image_of(body.mask, "/mask", "The mask")


def _described(layer: Mapping[str, Any]) -> dict[str, Any]:
    shape = layer["output_shape"]
    return {
        "id": layer["id"],
        "type": layer["type"],
        "output_shape": shape,
        "units": shape[-1] if shape else 0,
        "has_maps": 1 < len(shape) <= MOST_AXES,
    }


def _given(body: LayersBody, spec: Mapping[str, Any]) -> dict[str, list[Any]]:
    """`{"images": files}` or `{"sequences": numbers}`, where there are some to look at."""
    frame = Frame.of(spec["data"])
    networks = {body.network}
    given: dict[str, list[Any]] = {}
    if body.images is None and body.sequences is None:
        networks.add("generator")
    elif body.network == "generator":
        pointer = "/images" if body.images is not None else "/sequences"
        raise invalid(pointer, "wrong_source", "A generator looks at noise; give a `seed` or `noise`.")
    else:
        some = given_samples(body, frame)
        if frame.source == "sequence":
            check_sequences(some, frame)
        given[f"{frame.source}s"] = some if frame.source == "sequence" else images_of(some)
    if body.noise is not None:
        check_noise([body.noise], spec, pointers=["/noise"])
    if body.label is not None:
        conditional = [network for network in sorted(networks) if spec[network]["conditional"]]
        check_labels([body.label], spec, conditional[0] if conditional else body.network, pointers=["/label"])
    return given
