"""A spec read back from a picture, over HTTP."""

import base64
import io

import numpy as np
from PIL import Image

import spec as specs
from service.pictures import stamp

from .conftest import SPEC


def picture(spec, **changes):
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(buffer, "PNG")
    said = {
        "hash": specs.resolve(SPEC).sha256(),
        "seed": 3,
        "step": 40,
        "job": "abc",
        "count": 9,
        "columns": 3,
        **changes,
    }
    return base64.b64encode(stamp(buffer.getvalue(), spec=spec, **said)).decode()


def ask(client, image):
    return client.post("/v1/specs/from-picture", json={"image": image})


def test_a_picture_gives_its_spec_back(client):
    answer = ask(client, "data:image/png;base64," + picture(specs.resolve(SPEC))).json
    assert (answer["hash_matches"], answer["seed"], answer["step"], answer["job"]) == (True, 3, 40, "abc")
    assert (answer["count"], answer["columns"], answer["labels"]) == (9, 3, None)
    assert answer["spec"]["generator"]["output_shape"] == [16, 16, 1]
    assert client.post("/v1/jobs", json=answer["spec"]).json["hash"] == answer["hash"]


def test_a_spec_that_was_tampered_with_is_told(client):
    answer = ask(client, picture({**SPEC, "training": {"epochs": 9}})).json
    assert answer["hash_matches"] is False


def test_a_hostile_spec_is_held_to_the_same_limits(client):
    response = ask(client, picture({**SPEC, "generator": {"choice": "dcgan", "filters": 10**9}}))
    assert response.status_code == 422
    assert response.get_json(force=True)["problems"][0]["pointer"].startswith("/generator")
    deep = {**SPEC, "loss": {"choice": [[[[]]]]}}
    assert ask(client, picture(deep)).status_code == 422


def test_what_carries_no_spec_is_refused_with_the_reason(client):
    for image, code in (("!!", "not_base64"), (base64.b64encode(b"hello").decode(), "not_a_png")):
        response = ask(client, image)
        assert response.status_code == 422
        assert response.get_json(force=True)["problems"][0]["code"] == code
