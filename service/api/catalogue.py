"""What can be built: the catalogue, and the zoo of named GANs."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from apiflask import APIBlueprint
from flask import Response

import spec.catalogue
import spec.zoo
from drivers import capabilities
from service.api.files import answer
from service.api.problems import not_found
from service.api.schemas.specs import Drivers, Zoo

catalogue = APIBlueprint("catalogue", __name__, url_prefix="/v1", tag="Catalogue")


@cache
def _catalogue_json() -> bytes:
    return json.dumps(spec.catalogue.load(), ensure_ascii=False, separators=(",", ":")).encode()


@catalogue.get("/catalogue")
@catalogue.doc(operation_id="show_catalogue")
def show_catalogue() -> Response:
    """Show the catalogue

    Every layer, network family, loss, regularizer, optimizer, training process, schedule, metric and data set, by kind
    and name, each with the JSON Schema of its parameters and its help.
    """
    return answer(_catalogue_json(), "application/json")


@catalogue.get("/drivers")
@catalogue.output(Drivers)
@catalogue.doc(operation_id="list_drivers")
def list_drivers() -> Any:
    """List the drivers

    What each can train with: layers, losses, regularizers, optimizers, processes, schedules, initializers, precisions,
    and, where a driver computes with one of several libraries, those of them that are installed.
    """
    return {"drivers": capabilities()}


@catalogue.get("/zoo")
@catalogue.output(Zoo)
@catalogue.doc(operation_id="list_zoo")
def list_zoo() -> Any:
    """List the named GANs"""
    return {
        "zoo": [
            {"name": name, "title": entry["name"], "summary": entry.get("description", "")}
            for name, entry in spec.zoo.load().items()
        ]
    }


@catalogue.get("/zoo/<name>")
@catalogue.doc(operation_id="show_zoo_entry", responses={200: "A spec, ready to be submitted or changed."})
def show_zoo_entry(name: str) -> Any:
    """Show the spec of a named GAN"""
    entry = spec.zoo.load().get(name)
    if entry is None:
        raise not_found("GAN in the zoo called", name)
    return dict(entry)
