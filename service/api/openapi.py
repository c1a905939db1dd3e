"""The OpenAPI document: what APIFlask gathers from the resources, completed from the catalogue; and its page."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from apiflask import APIFlask
from flask import Response, redirect, render_template, url_for
from markupsafe import Markup, escape
from werkzeug.wrappers import Response as WerkzeugResponse

import spec.catalogue
from service.api.guard import OPEN_PATHS
from service.api.problems import CONTENT_TYPE
from service.api.schemas.problems import Problem
from service.config import Settings
from spec.modules import EVALUATION

SPEC_BODIES = (("/v1/specs/resolve", "post"), ("/v1/jobs", "post"))
"""Requests whose body is a spec."""

EXAMPLE = {
    "name": "digits from a small convolutional GAN",
    "data": {"choice": "digits"},
    "generator": {"choice": "dcgan"},
    "discriminator": {"choice": "dcgan"},
    "training": {"epochs": 20},
}

COMMON = {
    "400": "The request cannot be understood.",
    "403": "The request came by a foreign name or from a page of another site.",
    "500": "Something failed that should not have.",
    "503": "Something that the service needs is away; ask again.",
}
"""Problems that any request may end with."""

WITH_KEY = {"401": "The service asks for its API key."}
WITH_BODY = {"413": "The body is too large.", "415": "The body has another content type."}
KEPT_OPERATIONS = frozenset(
    {
        "show_catalogue",
        "show_sample",
        "show_latest_sample",
        "download_artifact",
        "compare_samples",
        "show_movie_gif",
        "show_movie_mp4",
        "preview_dataset",
        "draw_heatmap_svg",
        "draw_heatmap_png",
        "show_heatmap_csv",
    }
)
KEPT = {"304": "It is what the client has already, by the `If-None-Match` it sent."}

PLACEHOLDER: dict[str, Any] = {"type": "object"}
"""What APIFlask puts where a problem is meant; the completed document has the problem's own schema there."""

CUSTOM = "custom"
"""The choice of a network that is drawn layer by layer."""

LAYER_KEYS = {
    "id": {"type": "string", "description": "How other layers name it in their `inputs`."},
    "inputs": {"type": "array", "items": {"type": "string"}},
    "node_id": {"type": "string", "description": "The Node-RED node it was drawn with."},
}


def register(app: APIFlask, settings: Settings) -> None:
    """Complete the document, and serve a page of it that needs nothing from elsewhere."""

    @app.spec_processor
    def complete(document: dict[str, Any]) -> dict[str, Any]:
        document = _with_plain_names(document)
        schemas = document["components"]["schemas"]
        for placeholder in ("HTTPError", "ValidationError"):
            schemas.pop(placeholder, None)
        schemas.update(_problem_schemas(), **spec_schemas())
        document["components"]["schemas"] = dict(sorted(schemas.items()))
        for path, method in SPEC_BODIES:
            document["paths"][path][method]["requestBody"] = {
                "required": True,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Spec"}, "example": EXAMPLE}},
            }
        _complete_operations(document, settings)
        document["tags"] = list({tag["name"]: tag for tag in document["tags"]}.values())
        if settings.api_key:
            document["security"] = [{"api_key": []}]
        return document

    app.jinja_env.filters["prose"] = prose
    app.jinja_env.policies["json.dumps_kwargs"] = {"sort_keys": False}

    @cache
    def page() -> str:
        return render_template("docs.html", document=app.spec, common=COMMON)

    @app.get("/docs")
    @app.doc(hide=True)
    def docs() -> Response:
        return Response(page(), content_type="text/html; charset=utf-8")

    @app.get("/")
    @app.doc(hide=True)
    def root() -> WerkzeugResponse:
        return redirect(url_for("docs"))


def prose(text: str) -> Markup:
    """A description as HTML; what stands in `backticks` is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def _with_plain_names(document: dict[str, Any]) -> dict[str, Any]:
    """APIFlask calls a model inside another one ``JobList.Job``; here it is the ``Job`` that there is already."""
    text = re.sub(r'"#/components/schemas/\w+\.(\w+)"', r'"#/components/schemas/\1"', json.dumps(document))
    plain: dict[str, Any] = json.loads(text)
    schemas = plain["components"]["schemas"]
    plain["components"]["schemas"] = {name.rpartition(".")[2]: schema for name, schema in schemas.items()}
    return plain


def _problem_schemas() -> dict[str, Any]:
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    return {**problem.pop("$defs"), "Problem": problem}


def _complete_operations(document: dict[str, Any], settings: Settings) -> None:
    """Every error is a problem, whichever it is; a submission may carry a key."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            responses = operation["responses"]
            further = dict(COMMON)
            if settings.api_key and path not in OPEN_PATHS:
                further.update(WITH_KEY)
            if method in ("post", "patch"):
                further.update(WITH_BODY)
            if operation["operationId"] in KEPT_OPERATIONS:
                further.update(KEPT)
            for status, description in further.items():
                responses.setdefault(status, {"description": description})
            for status, response in responses.items():
                if status >= "400" and path != "/readyz":
                    response["content"] = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            operation["responses"] = dict(sorted(responses.items()))
    for path in ("/v1/jobs", "/v1/sweeps"):
        document["paths"][path]["post"].setdefault("parameters", []).append(
            {
                "name": "Idempotency-Key",
                "in": "header",
                "description": "Your name for this submission; sent again, it starts no second training.",
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        )
    document["paths"]["/v1/jobs/{job_id}/events"]["get"].setdefault("parameters", []).append(
        {
            "name": "Last-Event-ID",
            "in": "header",
            "description": "Go on behind this event.",
            "schema": {"type": "string"},
        }
    )


def spec_schemas() -> dict[str, Any]:
    """JSON Schemas of a spec, made of the catalogue."""
    catalogue = spec.catalogue.load()
    layer = {"anyOf": [_entry(entry, "type", LAYER_KEYS) for entry in catalogue["layers"].values()]}
    layers = {"layers": {"type": "array", "items": {"$ref": "#/components/schemas/Layer"}}}

    def choice(kind: str, *, has_default: bool = False) -> dict[str, Any]:
        entries = catalogue[kind].values()
        return {"anyOf": [_entry(entry, "choice", has_default=has_default) for entry in entries]}

    def network(kind: str) -> dict[str, Any]:
        options = choice(kind)
        for option in options["anyOf"]:
            if option["title"] == CUSTOM:
                option["properties"].update(layers)
        return options

    optimizer = choice("optimizers", has_default=True)
    return {
        "Layer": layer,
        "Optimizer": optimizer,
        "Spec": {
            "type": "object",
            "description": "A GAN. Everything but data, generator and discriminator has a default; the four-key form "
            "of the AuthorGAN paper and the keys of its released toolkit are accepted as well.",
            "required": ["data", "generator", "discriminator"],
            "properties": {
                "authorgan": {"const": 1},
                "name": {"type": "string"},
                "data": choice("datasets"),
                "generator": network("generators"),
                "discriminator": network("discriminators"),
                "loss": choice("losses", has_default=True),
                "optimizer": {
                    "anyOf": [
                        {"$ref": "#/components/schemas/Optimizer"},
                        {
                            "title": "one for each network",
                            "type": "object",
                            "properties": {
                                "generator": {"$ref": "#/components/schemas/Optimizer"},
                                "discriminator": {"$ref": "#/components/schemas/Optimizer"},
                            },
                        },
                    ]
                },
                "training": choice("processes", has_default=True),
                "evaluation": {"type": "object", "properties": EVALUATION["properties"]},
                "driver": {"type": "string", "description": "pytorch or keras; see `GET /v1/drivers`"},
                "backend": {"type": "string", "description": "of the driver keras: torch, jax or tensorflow"},
                "device": {"type": "string", "description": "auto, cpu, cuda or cuda:1"},
                "precision": {"type": "string", "description": "auto, float32 or bfloat16"},
            },
        },
    }


def _entry(entry: Any, key: str, further: dict[str, Any] | None = None, *, has_default: bool = False) -> dict[str, Any]:
    """The schema of one entry of the catalogue, chosen by its name under ``key``; ``has_default``: or by no name."""
    parameters = entry["parameters"]
    return {
        "title": entry["name"],
        "description": entry["summary"],
        "type": "object",
        "required": [*([] if has_default else [key]), *parameters.get("required", ())],
        "properties": {key: {"const": entry["name"]}, **(further or {}), **parameters["properties"]},
    }
