"""What a spec would build, without training it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from service.api.jobs import resolve_body
from service.api.schemas import Resolved

specs = APIBlueprint("specs", __name__, url_prefix="/v1/specs", tag="Specs")


@specs.post("/resolve")
@specs.output(Resolved)
@specs.doc(operation_id="resolve_spec", responses={422: "Every problem of the spec at once."})
def resolve() -> Any:
    """Fill in and check a spec

    Answers with every default filled in and with the shape and parameter count of each layer. Whether the data is
    there is looked at when a job is submitted.
    """
    resolved = resolve_body()
    return {"spec": resolved, "hash": resolved.sha256(), "notes": resolved["notes"]}
