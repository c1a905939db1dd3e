"""Jobs side by side over HTTP."""

import io

import numpy as np
import pytest
from PIL import Image

from service.store import Claim

from .conftest import SPEC


@pytest.fixture
def pair(client, store):
    """Two jobs that differ in seed and loss, with scores."""
    ids = []
    for index, loss in enumerate(("non_saturating", "hinge")):
        spec = {**SPEC, "name": loss, "training": {"epochs": 2, "seed": index}, "loss": {"choice": loss}}
        job = client.post("/v1/jobs", json=spec).json["id"]
        claim = store.claim(job, "worker")
        store.write(
            claim, metrics=[(3, 1.0 + index, 0.5)], measurements=[(1, "kid", 9.0), (3, "kid", 0.2 - index / 10)]
        )
        ids.append(job)
    return ids


def test_what_differs_and_who_is_best(client, pair):
    answer = client.get(f"/v1/compare?jobs={','.join(pair)}").json
    assert [job["id"] for job in answer["jobs"]] == pair
    assert {row["pointer"]: row["values"] for row in answer["parameters"]} == {
        "/loss/choice": ["non_saturating", "hinge"],
        "/loss/label_noise": [0.0, None],
        "/loss/label_smoothing": [0.0, None],
        "/training/seed": [0, 1],
    }
    assert [job["values"]["kid"] for job in answer["jobs"]] == [0.2, 0.1]
    assert answer["best"] == {"kid": {"job": pair[1], "value": 0.1, "better": "lower"}}
    assert [value["title"] for value in answer["values"]] == ["Generator loss", "Discriminator loss", "Kernel distance"]
    assert [note["code"] for note in answer["notes"]] == ["different_losses"]


def test_a_job_that_was_deleted_meanwhile_is_told_and_left_out(client, store, pair):
    store.finish(Claim(pair[0], 1, 1), "stopped")
    client.delete(f"/v1/jobs/{pair[0]}")
    answer = client.get(f"/v1/compare?jobs={pair[0]},{pair[1]}").json
    assert (answer["missing"], [job["id"] for job in answer["jobs"]]) == ([pair[0]], [pair[1]])
    assert client.get("/v1/compare?jobs=nothing").status_code == 404


def test_different_data_is_no_secret(client, pair, store):
    other = client.post("/v1/jobs", json={**SPEC, "data": {"choice": "mnist"}}).json["id"]
    notes = client.get(f"/v1/compare?jobs={pair[0]},{other}").json["notes"]
    assert [note["code"] for note in notes] == ["different_data", "different_scores"]


def test_too_many_or_none_are_refused(make_client):
    client = make_client(max_compared_jobs=2)
    for query in ("jobs=a,b,c", "jobs=,", "", "jobs=a&step=-1"):
        assert client.get(f"/v1/compare?{query}").status_code in (422, 404), query
        assert client.get(f"/v1/compare/samples.png?{query}").status_code in (422, 404), query


def test_samples_at_the_same_step(client, services, store, pair):
    for job, shade in zip(pair, (90, 180), strict=True):
        for step in (10, 30):
            buffer = io.BytesIO()
            Image.fromarray(np.full((20, 20), shade + step, np.uint8)).save(buffer, "PNG")
            services.storage.write_atomic(job, f"samples/{step}.png", buffer.getvalue())
            store.write(Claim(job, 1, 1), samples=[{"step": step, "url": "/", "columns": 1, "count": 1}])
    response = client.get(f"/v1/compare/samples.png?jobs={','.join(pair)}&step=29")
    assert response.mimetype == "image/png"
    colours = {colour for _, colour in Image.open(io.BytesIO(response.data)).getcolors(1 << 24)}
    assert {(100, 100, 100), (190, 190, 190)} <= colours
    assert (120, 120, 120) not in colours
