"""Sweeps over HTTP."""

import csv

import pytest

from service.api.sweeps import LEARNING_RATES, PAPERS_PAIRS
from service.queue.connection import redis_client
from tests.fleet import states

from .conftest import SPEC

SEEDS = {"name": "seeds", "spec": SPEC, "grid": {"/training/seed": [0, 1]}}


def finish(store, job, *, generator, discriminator=1.0, seconds=8.0, **measured):
    claim = store.claim(job, "worker")
    store.write(
        claim,
        metrics=[(4, generator, discriminator, seconds)],
        progress={"step": 4, "total": 4, "epochs": 2, "seconds": seconds},
        measurements=[(4, name, value) for name, value in measured.items()],
    )
    store.finish(claim, "succeeded")


@pytest.fixture
def sweep(client):
    """The paper's pairs: four generators against four discriminators."""
    response = client.post("/v1/sweeps", json=PAPERS_PAIRS)
    assert response.status_code == 202, response.text
    return response.json


def test_the_papers_sixteen_pairs_are_sixteen_jobs(client, services, sweep):
    assert sweep["progress"] == {"jobs": 16, "ended": 0, "fraction": 0.0, "eta_seconds": None}
    assert (sweep["state"], sweep["states"]) == ("queued", {"queued": 16})
    assert (
        len({(job["combination"]["/generator"], job["combination"]["/discriminator"]) for job in sweep["jobs"]}) == 16
    )
    assert redis_client(services.settings).llen("authorgan:celery:training") == 16
    first = client.get(f"/v1/jobs/{sweep['jobs'][1]['id']}").json
    assert first["name"] == "The paper's 16 pairs: generator gan, discriminator dcgan"
    assert first["sweep"] == {"id": sweep["id"], "combination": {"/generator": "gan", "/discriminator": "dcgan"}}
    assert (first["spec"]["generator"]["choice"], first["spec"]["discriminator"]["choice"]) == ("gan", "dcgan")
    wasserstein = next(job for job in sweep["jobs"] if job["combination"]["/discriminator"] == "wgan_gp")
    assert client.get(f"/v1/jobs/{wasserstein['id']}").json["spec"]["loss"]["choice"] == "wasserstein"
    listed = client.get(f"/v1/jobs?sweep={sweep['id']}&limit=100").json["jobs"]
    assert {job["id"] for job in listed} == {job["id"] for job in sweep["jobs"]}


def test_the_other_example_is_right_too(client):
    response = client.post("/v1/sweeps", json=LEARNING_RATES)
    assert response.status_code == 202
    rates = [client.get(f"/v1/jobs/{job['id']}").json["spec"] for job in response.json["jobs"]]
    assert [spec["optimizer"]["generator"]["learning_rate"] for spec in rates[::2]] == [0.0001, 0.0002, 0.0004]
    assert [spec["training"]["seed"] for spec in rates[:2]] == [0, 1]


def test_every_problem_comes_with_its_combination_and_nothing_is_started(client, store):
    body = {
        "spec": {**SPEC, "training": {"epochs": -1}},
        "grid": {"/training/batch_size": [8, 0]},
        "pairs": {"generator": ["dcgan", "dcgn"]},
    }
    response = client.post("/v1/sweeps", json=body)
    assert response.status_code == 422
    problem = response.get_json(force=True)
    assert problem["detail"] == "4 of 4 combinations cannot be trained; nothing was started."
    told = [(item["pointer"], item["combination"]) for item in problem["problems"]]
    assert ("/spec/training/epochs", {}) in told
    assert ("/grid/~1training~1batch_size/1", {"/generator": "dcgan", "/training/batch_size": 0}) in told
    assert ("/pairs/generator/1", {"/generator": "dcgn", "/training/batch_size": 8}) in told
    assert states(store) == {}
    assert client.get("/v1/sweeps").json["sweeps"] == []


def test_a_grid_that_cannot_be(make_client):
    client = make_client(max_sweep_jobs=3)
    for change, pointer in (
        ({"grid": {}}, "/grid"),
        ({"grid": {"/training/seed": [0, 1, 2, 3]}}, ""),
        ({"grid": {"seed": [1]}}, "/grid/seed"),
        ({"grid": {"/name/x": [1]}}, "/grid/~1name~1x"),
        ({"grid": {"/training/seed": 1}}, "/grid/~1training~1seed"),
        ({"pairs": {"critic": ["gan"]}}, "/pairs/critic"),
        ({"spec": []}, "/spec"),
    ):
        response = client.post("/v1/sweeps", json={**SEEDS, **change})
        assert response.status_code == 422, change
        assert pointer in [item["pointer"] for item in response.get_json(force=True)["problems"]], change


def test_data_that_is_not_there_is_told_of_a_sweep(client):
    body = {"spec": {**SPEC, "data": {"choice": "npz", "path": "faces.npz"}}, "grid": {"/training/seed": [0, 1]}}
    (problem,) = client.post("/v1/sweeps", json=body).get_json(force=True)["problems"]
    assert (problem["pointer"], problem["code"], problem["combination"]) == ("/spec/data/path", "missing", {})


def test_a_full_queue_takes_no_part_of_a_sweep(make_client):
    client = make_client(max_queued_jobs=1)
    assert client.post("/v1/sweeps", json=SEEDS).status_code == 429
    assert client.get("/v1/jobs").json["jobs"] == []


def test_the_same_sweep_twice_is_one(client, store):
    headers = {"Idempotency-Key": "my-sweep"}
    first = client.post("/v1/sweeps", json=SEEDS, headers=headers)
    assert client.post("/v1/sweeps", json=SEEDS, headers=headers).json["id"] == first.json["id"]
    assert states(store) == {"queued": 2}
    assert client.post("/v1/sweeps", json={**SEEDS, "name": "x"}, headers=headers).status_code == 422
    client.delete(f"/v1/sweeps/{first.json['id']}")
    assert client.post("/v1/sweeps", json=SEEDS, headers=headers).status_code == 404


def test_sweeps_are_listed_in_pages(client):
    ids = [client.post("/v1/sweeps", json=SEEDS).json["id"] for _ in range(3)]
    page = client.get("/v1/sweeps?limit=2").json
    rest = client.get(f"/v1/sweeps?limit=2&cursor={page['next']}").json
    assert [sweep["id"] for sweep in [*page["sweeps"], *rest["sweeps"]]] == ids[::-1]
    assert (page["sweeps"][0]["progress"]["jobs"], rest["next"]) == (2, None)


def test_a_sweep_tells_who_is_best(client, store):
    sweep = client.post("/v1/sweeps", json=SEEDS).json
    one, other = (job["id"] for job in sweep["jobs"])
    finish(store, one, generator=0.5, seconds=8.0, kid=0.2)
    finish(store, other, generator=0.1, seconds=4.0, kid=0.3)
    shown = client.get(f"/v1/sweeps/{sweep['id']}").json
    assert shown["state"] == "succeeded"
    assert shown["best"]["kid"] == {"job": one, "value": 0.2, "better": "lower"}
    assert shown["best"]["seconds_per_epoch"] == {"job": other, "value": 2.0, "better": "lower"}
    assert "generator_loss" not in shown["best"]
    assert [value["name"] for value in shown["values"]] == [
        "generator_loss",
        "discriminator_loss",
        "seconds_per_epoch",
        "kid",
    ]
    assert shown["jobs"][0]["values"]["generator_loss"] == 0.5


def test_a_sweep_is_steered_as_a_whole(client, services, store):
    sweep = client.post("/v1/sweeps", json=SEEDS).json
    act = f"/v1/sweeps/{sweep['id']}/actions"
    claim = store.claim(sweep["jobs"][0]["id"], "worker")
    assert client.post(act, json={"action": "pause"}).status_code == 202
    assert store.take_request(claim) == {"action": "pause"}
    assert client.post(act, json={"action": "pause"}).status_code == 409
    assert client.post(act, json={"action": "resume"}).status_code == 202
    assert client.delete(f"/v1/sweeps/{sweep['id']}").status_code == 409
    stopped = client.post(act, json={"action": "stop"}).json
    assert stopped["states"] == {"running": 1, "stopped": 1}
    assert store.finish(claim, "stopped")
    assert client.post(act, json={"action": "stop"}).status_code == 409


def test_a_deleted_sweep_comes_back_with_the_jobs_that_went_with_it(client):
    sweep = client.post("/v1/sweeps", json=SEEDS).json
    one, other = (job["id"] for job in sweep["jobs"])
    client.delete(f"/v1/jobs/{one}")
    assert client.delete(f"/v1/sweeps/{sweep['id']}").status_code == 204
    assert client.get(f"/v1/sweeps/{sweep['id']}").status_code == 404
    assert client.get(f"/v1/jobs/{other}").status_code == 404
    assert client.get("/v1/sweeps?deleted=true").json["sweeps"][0]["id"] == sweep["id"]
    back = client.post(f"/v1/sweeps/{sweep['id']}/actions", json={"action": "restore"})
    assert back.status_code == 202
    assert [job["id"] for job in back.json["jobs"]] == [other]
    assert client.post(f"/v1/sweeps/{sweep['id']}/actions", json={"action": "restore"}).status_code == 409


def test_heatmaps(client, store, sweep):
    for index, job in enumerate(sweep["jobs"][:3]):
        finish(store, job["id"], generator=1.0 + index, seconds=2.0 * index + 2)
    own = f"/v1/sweeps/{sweep['id']}/heatmap"
    lines = list(csv.reader(client.get(f"{own}.csv?value=generator_loss").text.splitlines()))
    assert lines[0] == ["/generator", "/discriminator", "generator_loss", "least", "greatest", "jobs", "jobs_without"]
    assert len(lines) == 17
    assert lines[1:4] == [
        ["gan", name, str(value), str(value), str(value), "1", "0"]
        for name, value in (("gan", 1.0), ("dcgan", 2.0), ("wgan", 3.0))
    ]
    assert lines[4] == ["gan", "wgan_gp", "", "", "", "0", "1"]
    turned = client.get(f"{own}.csv?value=seconds_per_epoch&x=/generator&y=/discriminator").text.splitlines()
    assert turned[:2] == [
        "/discriminator,/generator,seconds_per_epoch,least,greatest,jobs,jobs_without",
        "gan,gan,1.0,1.0,1.0,1,0",
    ]
    svg = client.get(f"{own}.svg?value=discriminator_loss")
    assert svg.mimetype == "image/svg+xml"
    assert svg.text.startswith("<svg")
    dark = client.get(f"{own}.png?value=generator_loss&theme=dark")
    assert dark.mimetype == "image/png"
    assert dark.data.startswith(b"\x89PNG")
    again = client.get(f"{own}.svg?value=discriminator_loss", headers={"If-None-Match": svg.headers["ETag"]})
    assert again.status_code == 304


def test_a_heatmap_of_nothing_is_refused_with_what_there_is(client, sweep):
    own = f"/v1/sweeps/{sweep['id']}/heatmap.csv"
    for query, parameter in (
        ("", "value"),
        ("?value=beauty", "value"),
        ("?value=generator_loss&x=/training/seed", "x"),
        ("?value=generator_loss&x=/generator&y=/generator", ""),
        ("?value=generator_loss&theme=blue", "theme"),
    ):
        response = client.get(own + query)
        assert response.status_code == 422, query
        assert response.get_json(force=True)["problems"][0]["parameter"] == parameter
    assert "generator_loss" in client.get(own + "?value=beauty").text
    assert client.get("/v1/sweeps/nothing/heatmap.svg?value=generator_loss").status_code == 404
