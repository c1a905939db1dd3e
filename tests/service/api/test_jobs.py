"""Jobs over HTTP: submit, list, show, steer, delete."""

import pytest

from service.queue.connection import event_stream_key, redis_client
from tests.fleet import states

from .conftest import SPEC


def events_of(services, job_id):
    client = redis_client(services.settings)
    return [fields[b"event"].decode() for _, fields in client.xrange(event_stream_key(job_id))]


def codes(response):
    return [(problem["pointer"], problem["code"]) for problem in response.get_json(force=True)["problems"]]


# -- submission ----------------------------------------------------------------------------------------------------


def test_a_submitted_job_is_accepted(client, services):
    response = client.post("/v1/jobs", json=SPEC)
    assert response.status_code == 202
    job = response.json
    assert response.headers["Location"] == job["links"]["self"] == f"/v1/jobs/{job['id']}"
    assert (job["state"], job["name"], job["attempt"], job["problem"]) == ("queued", "a small one", 0, None)
    assert job["progress"]["step"] == 0
    assert job["progress"]["fraction"] == 0
    assert job["latest_sample"] is job["losses"] is job["started_at"] is None
    assert events_of(services, job["id"]) == ['{"type": "state", "state": "queued", "attempt": 0}']


def test_the_workers_are_told(client, services, job):
    waiting = redis_client(services.settings).lrange("authorgan:celery:training", 0, -1)
    assert len(waiting) == 1
    assert b"authorgan.train" in waiting[0]


def test_the_job_shows_its_resolved_spec(client, job):
    shown = client.get(f"/v1/jobs/{job}").json
    assert shown["spec"]["generator"]["output_shape"] == [16, 16, 1]
    assert shown["spec"]["training"]["epochs"] == 2
    assert shown["hash"] == client.post("/v1/specs/resolve", json=SPEC).json["hash"]


def test_the_papers_json_is_accepted(client):
    """The four keys of the paper; its pickle is not here, so the data set that the name stands for is used."""
    spec = {
        "GAN_model": {"epochs": "50", "mini_batch_size": "64"},
        "generator": {"choice": "dcgan"},
        "discriminator": {"choice": "dcgan"},
        "data_path": "dataset/mnistData.pkl",
    }
    response = client.post("/v1/jobs", json=spec)
    assert response.status_code == 202
    notes = {note["code"]: note["message"] for note in response.json["notes"]}
    assert "'mnist' is used" in notes["fallback_data"]
    assert client.get(response.headers["Location"]).json["spec"]["training"]["epochs"] == 50
    assert response.json["name"] == "dcgan on mnistData.pkl"


def test_a_job_without_a_name_is_called_by_what_it_is(client):
    spec = {"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "wgan"}}
    assert client.post("/v1/jobs", json=spec).json["name"] == "dcgan against wgan on digits"


def test_all_problems_of_a_spec_come_back_at_once(client, store):
    spec = {**SPEC, "generator": {"choice": "dcgn"}, "training": {"epochs": -1}}
    response = client.post("/v1/jobs", json=spec)
    assert response.status_code == 422
    assert {pointer for pointer, _ in codes(response)} == {"/generator/choice", "/training/epochs"}
    assert states(store) == {}


def test_data_that_is_not_there_is_told_before_anything_is_queued(client, store):
    response = client.post("/v1/jobs", json={**SPEC, "data": {"choice": "npz", "path": "faces.npz"}})
    assert response.status_code == 422
    assert codes(response) == [("/data/path", "missing")]
    assert "AUTHORGAN_DATA_PATHS" in response.get_json(force=True)["detail"]
    assert states(store) == {}


def test_data_outside_of_its_folders_is_refused(client):
    for path in ("/etc/passwd", "../../../../../../etc/passwd", "..%2f..%2fetc/passwd"):
        response = client.post("/v1/jobs", json={**SPEC, "data": {"choice": "npz", "path": path}})
        assert response.status_code == 422
        assert codes(response)[0] in [("/data/path", "forbidden_path"), ("/data/path", "missing")]
        assert "root:" not in response.text


def test_a_model_that_is_too_large_is_refused(make_client):
    response = make_client(max_parameters=1000).post("/v1/jobs", json=SPEC)
    assert response.status_code == 422
    assert "1,000" in response.text or "1000" in response.text


def test_a_full_queue_says_when_to_come_back(make_client):
    client = make_client(max_queued_jobs=1)
    assert client.post("/v1/jobs", json=SPEC).status_code == 202
    response = client.post("/v1/jobs", json=SPEC)
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0


def test_a_job_is_accepted_while_the_broker_is_away(make_client, tmp_path):
    client = make_client(redis_url=f"unix://{tmp_path}/no-broker")
    response = client.post("/v1/jobs", json=SPEC)
    assert response.status_code == 202
    assert client.get(response.headers["Location"]).json["state"] == "queued"


# -- Idempotency-Key -----------------------------------------------------------------------------------------------


def test_the_same_request_twice_makes_one_job(client, store):
    headers = {"Idempotency-Key": "my-key"}
    first = client.post("/v1/jobs", json=SPEC, headers=headers)
    second = client.post("/v1/jobs", json=SPEC, headers=headers)
    assert second.status_code == 202
    assert second.json == first.json
    assert states(store) == {"queued": 1}
    assert client.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": "other"}).json["id"] != first.json["id"]


def test_the_same_key_with_another_body_is_refused(client):
    headers = {"Idempotency-Key": "my-key"}
    client.post("/v1/jobs", json=SPEC, headers=headers)
    response = client.post("/v1/jobs", json={**SPEC, "name": "another"}, headers=headers)
    assert response.status_code == 422
    assert response.get_json(force=True)["type"] == "urn:authorgan:problem:idempotency_mismatch"


def test_the_key_of_a_deleted_job_does_not_start_another(client, store, job):
    headers = {"Idempotency-Key": "my-key"}
    deleted = client.post("/v1/jobs", json=SPEC, headers=headers).json["id"]
    assert client.delete(f"/v1/jobs/{deleted}").status_code == 204
    assert client.post("/v1/jobs", json=SPEC, headers=headers).status_code == 404
    assert states(store) == {"queued": 1}


def test_a_key_that_is_none_is_refused(client):
    assert client.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": "a b"}).status_code == 400
    assert client.post("/v1/jobs", json=SPEC, headers={"Idempotency-Key": "x" * 256}).status_code == 400


# -- listing -------------------------------------------------------------------------------------------------------


def test_listing_pages_through_everything(client):
    ids = [client.post("/v1/jobs", json=SPEC).json["id"] for _ in range(5)]
    seen, query = [], "/v1/jobs?limit=2"
    pages = 0
    while query:
        page = client.get(query).json
        seen += [job["id"] for job in page["jobs"]]
        query = page["next"] and f"/v1/jobs?limit=2&cursor={page['next']}"
        pages += 1
    assert seen == list(reversed(ids))
    assert pages == 3


def test_listing_filters_by_state_and_name(client, store, job):
    store.claim(job, "worker")
    client.post("/v1/jobs", json={**SPEC, "name": "second"})
    assert [found["id"] for found in client.get("/v1/jobs?state=running,paused").json["jobs"]] == [job]
    assert [found["name"] for found in client.get("/v1/jobs?name=SEC").json["jobs"]] == ["second"]
    assert [found["name"] for found in client.get("/v1/jobs?sort=name").json["jobs"]] == ["a small one", "second"]


def test_a_query_that_makes_no_sense_is_told(client):
    for query, parameter in (
        ("state=done", "state"),
        ("sort=size", "sort"),
        ("limit=0", "limit"),
        ("limit=many", "limit"),
        ("cursor=nonsense", "cursor"),
        ("stat=queued", "stat"),
    ):
        response = client.get(f"/v1/jobs?{query}")
        assert response.status_code == 422, query
        assert response.get_json(force=True)["problems"][0]["parameter"] == parameter


def test_a_cursor_of_another_sorting_is_refused(client):
    client.post("/v1/jobs", json=SPEC)
    client.post("/v1/jobs", json=SPEC)
    cursor = client.get("/v1/jobs?limit=1&sort=name").json["next"]
    assert client.get(f"/v1/jobs?limit=1&sort=created_at&cursor={cursor}").status_code == 422


# -- what a training reports ---------------------------------------------------------------------------------------


def test_a_running_job_shows_how_far_it_is(client, store, job):
    claim = store.claim(job, "worker")
    store.write(
        claim,
        progress={"step": 25, "total": 100, "epoch": 1, "epochs": 4, "images_per_second": 900.0, "eta_seconds": 3.5},
        metrics=[(25, 0.5, float("nan"))],
        samples=[{"step": 20, "url": f"/v1/jobs/{job}/samples/20.png", "width": 128, "height": 128, "columns": 8}],
        environment={"device": "cpu"},
    )
    shown = client.get(f"/v1/jobs/{job}").json
    assert shown["state"] == "running"
    assert shown["progress"] == {
        "step": 25,
        "total": 100,
        "epoch": 1,
        "epochs": 4,
        "fraction": 0.25,
        "images_per_second": 900.0,
        "steps_per_second": None,
        "eta_seconds": 3.5,
        "seconds": None,
        "compiling": False,
        "evaluating": None,
    }
    assert shown["losses"] == {"generator": 0.5, "discriminator": None}
    assert shown["latest_sample"]["columns"] == 8
    assert shown["environment"] == {"device": "cpu"}
    store.finish(claim, "failed", {"code": "diverged", "message": "The loss is NaN.", "pointer": "/optimizer"})
    shown = client.get(f"/v1/jobs/{job}").json
    assert shown["problem"] == {"code": "diverged", "message": "The loss is NaN.", "pointer": "/optimizer"}
    assert shown["progress"]["eta_seconds"] is None


# -- actions -------------------------------------------------------------------------------------------------------


def test_a_queued_job_is_stopped_at_once_and_its_watchers_are_told(client, services, job):
    response = client.post(f"/v1/jobs/{job}/actions", json={"action": "stop"})
    assert response.status_code == 202
    assert response.json["state"] == "stopped"
    assert events_of(services, job)[1:] == [
        '{"type": "state", "state": "stopped"}',
        '{"type": "end", "state": "stopped", "problem": null}',
    ]


def test_the_worker_of_a_running_job_is_nudged(client, services, store, job):
    claim = store.claim(job, "worker")
    listener = redis_client(services.settings).pubsub()
    listener.subscribe(f"authorgan:nudge:{job}")
    assert listener.get_message(timeout=5)["type"] == "subscribe"
    response = client.post(
        f"/v1/jobs/{job}/actions", json={"action": "update", "changes": {"learning_rate": {"generator": 1e-4}}}
    )
    assert response.status_code == 202
    assert listener.get_message(timeout=5)["type"] == "message"
    listener.close()
    assert store.take_request(claim) == {"action": "update", "changes": {"learning_rate": {"generator": 1e-4}}}


@pytest.mark.parametrize(
    ("rate", "place", "message"),
    [
        (-1, "", "should be greater than 0"),
        ({"generator": -1}, "/generator", "should be greater than 0"),
        ({"critic": 1e-4}, "/critic", "should be 'generator' or 'discriminator'"),
    ],
)
def test_a_change_that_cannot_be_is_told_where_it_stands(client, job, rate, place, message):
    changes = {"action": "update", "changes": {"learning_rate": rate}}
    problems = client.post(f"/v1/jobs/{job}/actions", json=changes).json["problems"]
    told = {problem["pointer"]: problem["message"] for problem in reversed(problems)}
    assert set(told) <= {"/changes/learning_rate", f"/changes/learning_rate{place}"}
    assert any(message in problem["message"] for problem in problems if problem["pointer"].endswith(place))


def test_a_step_says_which_network(client, store, job):
    claim = store.claim(job, "worker")
    client.post(f"/v1/jobs/{job}/actions", json={"action": "pause"})
    client.post(f"/v1/jobs/{job}/actions", json={"action": "step", "update": ["discriminator"], "count": 3})
    assert store.take_request(claim) == {"action": "pause"}
    assert store.take_request(claim) == {"action": "step", "update": ["discriminator"], "count": 3}


def test_a_parked_job_goes_back_to_the_workers_when_it_is_resumed(client, services, store, job):
    claim = store.claim(job, "worker")
    client.post(f"/v1/jobs/{job}/actions", json={"action": "pause"})
    store.write(claim, state="paused")
    store.release(claim, park=True)
    before = redis_client(services.settings).llen("authorgan:celery:training")
    response = client.post(f"/v1/jobs/{job}/actions", json={"action": "resume"})
    assert response.json["state"] == "queued"
    assert redis_client(services.settings).llen("authorgan:celery:training") == before + 1
    assert events_of(services, job)[-1] == '{"type": "state", "state": "queued"}'


def test_an_action_that_does_not_fit_the_state_is_a_conflict(client, store, job):
    response = client.post(f"/v1/jobs/{job}/actions", json={"action": "resume"})
    assert response.status_code == 409
    assert response.get_json(force=True)["type"] == "urn:authorgan:problem:action_not_possible"
    store.finish(store.claim(job, "worker"), "succeeded")
    assert client.post(f"/v1/jobs/{job}/actions", json={"action": "stop"}).status_code == 409


def test_an_action_that_makes_no_sense_is_told(client, job):
    for body, pointer in (
        ({"action": "explode"}, "/action"),
        ({}, "/action"),
        ({"action": "pause", "count": 2}, ""),
        ({"action": "update"}, ""),
        ({"action": "update", "changes": {}}, ""),
        ({"action": "update", "changes": {"discriminator_steps": 0}}, "/changes/discriminator_steps"),
        ({"action": "step", "update": ["critic"]}, "/update/0"),
        ({"action": "pause", "reason": "lunch"}, "/reason"),
    ):
        response = client.post(f"/v1/jobs/{job}/actions", json=body)
        assert response.status_code == 422, body
        assert pointer in [found for found, _ in codes(response)], body


# -- deleting ------------------------------------------------------------------------------------------------------


def test_deleting_a_job_takes_its_files_and_its_events(client, services, job):
    services.storage.write_atomic(job, "samples/1.png", b"png")
    assert client.delete(f"/v1/jobs/{job}?permanently=true").status_code == 204
    assert client.get(f"/v1/jobs/{job}").status_code == 404
    assert not services.storage.exists(job, "samples/1.png")
    assert events_of(services, job) == []
    assert client.delete(f"/v1/jobs/{job}").status_code == 404


def test_a_deleted_job_can_be_restored(client, services, job):
    services.storage.write_atomic(job, "samples/1.png", b"png")
    assert client.delete(f"/v1/jobs/{job}").status_code == 204
    assert client.get(f"/v1/jobs/{job}").status_code == 404
    (deleted,) = client.get("/v1/jobs?deleted=true").json["jobs"]
    assert deleted["id"] == job
    assert deleted["deleted_at"]
    response = client.post(f"/v1/jobs/{job}/actions", json={"action": "restore"})
    assert (response.status_code, response.json["state"], response.json["deleted_at"]) == (202, "queued", None)
    assert services.storage.exists(job, "samples/1.png")
    assert redis_client(services.settings).llen("authorgan:celery:training") == 2
    assert client.post(f"/v1/jobs/{job}/actions", json={"action": "restore"}).status_code == 409


# -- names, tags, comments -----------------------------------------------------------------------------------------


def test_a_job_is_named_tagged_commented_and_archived(client, job):
    edit = {"name": "the good one", "tags": [" keep ", "digits"], "comment": "Look at step 500.", "archived": True}
    response = client.patch(f"/v1/jobs/{job}", json=edit)
    assert response.status_code == 200
    shown = client.get(f"/v1/jobs/{job}").json
    assert {name: shown[name] for name in edit} == {**edit, "tags": ["digits", "keep"]}
    assert client.get("/v1/jobs").json["jobs"] == []
    for query in ("archived=true", "archived=any&tag=keep,digits", "archived=any&q=GOOD+500", "archived=true&q=keep"):
        assert [found["id"] for found in client.get(f"/v1/jobs?{query}").json["jobs"]] == [job], query
    assert client.get("/v1/tags").json == {"tags": [{"tag": "digits", "count": 1}, {"tag": "keep", "count": 1}]}


def test_an_edit_that_makes_no_sense_is_told(make_client, job):
    client = make_client(max_tags=2, max_comment_characters=10)
    for body, pointer in (
        ({}, ""),
        ({"tags": None}, ""),
        ({"tags": ["a,b"]}, "/tags/0"),
        ({"tags": ["  "]}, "/tags/0"),
        ({"tags": ["a", "b", "c"]}, "/tags"),
        ({"name": ""}, "/name"),
        ({"comment": "longer than that"}, "/comment"),
        ({"state": "succeeded"}, "/state"),
    ):
        response = client.patch(f"/v1/jobs/{job}", json=body)
        assert response.status_code == 422, body
        assert pointer in [found for found, _ in codes(response)], body
    assert client.patch("/v1/jobs/nothing", json={"archived": True}).status_code == 404


def test_a_running_job_is_not_deleted(client, store, job):
    store.claim(job, "worker")
    response = client.delete(f"/v1/jobs/{job}")
    assert response.status_code == 409
    assert "Stop it first" in response.get_json(force=True)["detail"]


def test_a_job_that_does_not_exist(client):
    for method, path in (
        ("get", ""),
        ("delete", ""),
        ("get", "/events"),
        ("get", "/metrics"),
        ("get", "/samples"),
        ("get", "/samples/latest.png"),
        ("get", "/samples/1.png"),
        ("get", "/artifacts"),
        ("get", "/artifacts/weights.safetensors"),
    ):
        response = getattr(client, method)(f"/v1/jobs/nosuchjob{path}")
        assert response.status_code == 404, path
        assert "nosuchjob" in response.get_json(force=True)["detail"]
    assert client.post("/v1/jobs/nosuchjob/actions", json={"action": "stop"}).status_code == 404


def test_a_training_that_is_scored_by_inception_needs_its_weights(client):
    spec = {**SPEC, "evaluation": {"metrics": ["frechet_distance"], "extractor": "inception"}}
    response = client.post("/v1/jobs", json=spec)
    assert response.status_code == 422
    (problem,) = response.json["problems"]
    assert (problem["pointer"], problem["code"]) == ("/evaluation/extractor", "no_inception_weights")
    assert "AUTHORGAN_INCEPTION_WEIGHTS" in problem["message"]
