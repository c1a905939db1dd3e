"""What a spec would build, without training it."""

from __future__ import annotations

from typing import Any

from apiflask import APIBlueprint

from service.api.images import decoded
from service.api.jobs import resolve_body, resolve_here
from service.api.problems import invalid
from service.api.schemas.specs import FromPicture, PictureBody, Resolved
from service.pictures import PictureError, read

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


@specs.post("/from-picture")
@specs.input(PictureBody)
@specs.output(FromPicture)
@specs.doc(operation_id="read_spec_from_picture", responses={422: "The picture carries no spec, or one with problems."})
def from_picture(json_data: PictureBody) -> Any:
    """Read the spec from a picture of samples

    PNG pictures of samples carry the spec, the seed, the step and what else they were drawn by. What a picture says is
    held to the same limits as a spec that is sent; `hash_matches` says whether it is what its `hash` was taken of.
    """
    try:
        found = read(decoded(json_data.image, "/image", "The picture"))
    except PictureError as error:
        raise invalid("/image", error.code, str(error)) from error
    resolved = resolve_here(found["spec"])
    return {
        "spec": resolved,
        "hash": resolved.sha256(),
        "hash_matches": resolved.sha256() == found["hash"],
        **{name: found[name] for name in ("seed", "step", "job", "count", "columns", "labels")},
        "notes": resolved["notes"],
    }
