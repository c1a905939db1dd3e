"""Scores over HTTP: what is asked of the worker for what takes long, and how progress and scores come back.

The worker is a real Celery worker with a task that answers by the book; real scores of real weights are tested in the
room of the worker.
"""

import json

import pytest
from celery.contrib.testing.worker import start_worker

from service.queue.app import LENGTHY, celery_app
from service.queue.interactive import INTERACTIVE_TASK, answer
from spec import resolve

from .conftest import SPEC

SCORE = {
    "name": "precision",
    "value": 0.5,
    "low": 0.4,
    "high": 0.6,
    "interval": "Wilson, 100 images",
    "floor": 0.9,
    "extractor": "identity",
    "count": 100,
    "seed": 0,
    "details": {},
}
RESULT = {"scores": [SCORE], "step": 40}
PROGRESS = {"what": "precision", "done": 0, "total": 1}


@pytest.fixture
def asked(settings):
    """A worker; what it was asked for. It answers with the last item of `answers`, after some progress."""
    app = celery_app(settings)
    calls, answers = [], [{"result": RESULT}]

    @app.task(name=INTERACTIVE_TASK, shared=False)
    def respond(call_id, kind, job_id, params, deadline):
        calls.append({"kind": kind, "job_id": job_id, **params})
        answer(settings, call_id, {"progress": PROGRESS})
        answer(settings, call_id, answers[-1])

    options = {"queues": [LENGTHY], "loglevel": "WARNING", "perform_ping_check": False, "shutdown_timeout": 10}
    with start_worker(app, pool="solo", **options):
        yield calls, answers
    app.tasks.pop(INTERACTIVE_TASK)


def test_scores_of_the_metrics_asked_for(client, job, asked):
    body = {"metrics": ["kid", {"choice": "precision", "k": 4}], "count": 100, "seed": 7, "extractor": "identity"}
    response = client.post(f"/v1/models/{job}/evaluate", json=body)
    assert response.json == RESULT
    kid = {"choice": "kid", "degree": 3, "subset_size": 1000, "subsets": 100}
    assert asked[0] == [
        {
            "kind": "evaluate",
            "job_id": job,
            "seed": 7,
            "evaluation": {
                "metrics": [kid, {"choice": "precision", "k": 4}],
                "every_epochs": 1,
                "sample_count": 100,
                "extractor": "identity",
            },
        }
    ]


def events(response):
    """Names and contents of server-sent events."""
    blocks = response.get_data(as_text=True).strip().split("\n\n")
    pairs = [dict(line.split(": ", 1) for line in block.split("\n")) for block in blocks]
    return [(pair["event"], json.loads(pair["data"])) for pair in pairs]


def test_progress_comes_as_events_to_who_wants_them(client, job, asked):
    response = client.post(
        f"/v1/models/{job}/evaluate", json={"metrics": ["precision"]}, headers={"Accept": "text/event-stream"}
    )
    assert response.mimetype == "text/event-stream"
    assert events(response) == [("progress", PROGRESS), ("scores", RESULT)]


def test_an_error_on_the_way_is_the_last_event_or_the_answer(client, job, asked):
    asked[1].append({"error": {"code": "metric_failed", "message": "too few", "pointer": ""}})
    url, body = f"/v1/models/{job}/evaluate", {"metrics": ["kid"]}
    first, (kind, problem) = events(client.post(url, json=body, headers={"Accept": "text/event-stream"}))
    assert (first, kind) == (("progress", PROGRESS), "problem")
    assert (problem["status"], problem["detail"]) == (422, "too few")
    response = client.post(url, json=body)
    assert response.status_code == 422
    assert response.get_json(force=True) == problem


def test_without_metrics_those_of_the_spec_are_taken(client, store, asked):
    own = {"metrics": ["recall"], "sample_count": 50}
    job = store.submit(resolve({**SPEC, "evaluation": own})).id
    assert client.post(f"/v1/models/{job}/evaluate", json={}).status_code == 200
    assert asked[0][0]["evaluation"]["metrics"] == [{"choice": "recall", "k": 3}]
    assert asked[0][0]["evaluation"]["sample_count"] == 50


@pytest.mark.parametrize(
    ("body", "pointer", "code", "words"),
    [
        ({}, "/metrics", "missing", "names no metrics"),
        ({"metrics": ["gan_train"]}, "/metrics/0", "metric_not_possible", "conditional"),
        (
            {"metrics": ["kid"], "extractor": "inception"},
            "/extractor",
            "no_inception_weights",
            "Set AUTHORGAN_INCEPTION_WEIGHTS",
        ),
        ({"metrics": ["kid", "fid"]}, "/metrics/1", "unknown_choice", "fid"),
        ({"metrics": [{"choice": "kid", "degree": 0}]}, "/metrics/0/degree", "out_of_range", "degree"),
        ({"metrics": ["modes"], "extractor": "identity"}, "/metrics/0", "metric_not_possible", "classifier"),
        ({"metrics": ["kid"], "count": 90_000}, "/count", "too_many", "20000"),
        ({"metrics": ["kid"], "count": 1_000_000}, "/count", "out_of_range", "100000"),
    ],
)
def test_what_cannot_be_scored_is_refused_with_the_reason(client, job, body, pointer, code, words):
    response = client.post(f"/v1/models/{job}/evaluate", json=body)
    assert response.status_code == 422
    (problem,) = response.get_json(force=True)["problems"]
    assert (problem["pointer"], problem["code"]) == (pointer, code)
    assert words in problem["message"]


@pytest.mark.parametrize("body", [{"metrics": []}, {"metrics": ["kid"], "count": 5}, {"metrics": ["kid"], "seed": -1}])
def test_what_is_malformed_is_refused(client, job, body):
    assert client.post(f"/v1/models/{job}/evaluate", json=body).status_code == 422


def test_no_worker_is_a_timeout(make_client, store, job):
    response = make_client(evaluation_seconds=0.05).post(f"/v1/models/{job}/evaluate", json={"metrics": ["kid"]})
    assert response.status_code == 504


def test_a_job_that_is_not_there(client):
    assert client.post("/v1/models/nothing/evaluate", json={"metrics": ["kid"]}).status_code == 404
