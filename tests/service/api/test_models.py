"""Drawing and judging: what is asked of the interactive worker, and how its answers come back.

The messages go through the real broker. The worker here is a real Celery worker with a task that answers by the book
without a model; drawing with real weights is tested in the room of the worker.
"""

import base64
import io
import zlib

import numpy as np
import pytest
from celery.contrib.testing.worker import start_worker
from PIL import Image

from drivers.data import grid
from service.queue.app import INTERACTIVE, celery_app
from service.queue.interactive import INTERACTIVE_TASK, answer
from service.trainer.answers import decode
from spec import resolve

from .conftest import SPEC


def png(count=1, columns=1, size=16):
    buffer = io.BytesIO()
    grid(np.zeros((count, size, size, 1), np.uint8), columns).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def asked(settings):
    """A worker; the list of what it was asked for. It answers with an error or result in the list's last place."""
    app = celery_app(settings)
    calls = []

    @app.task(name=INTERACTIVE_TASK, shared=False)
    def respond(call_id, kind, job_id, params, deadline):
        params = decode(params)
        prepared = calls.pop() if calls and "kind" not in calls[-1] else None
        calls.append({"kind": kind, "job_id": job_id, **params})
        if prepared:
            answer(settings, call_id, {"error" if "code" in prepared else "result": prepared})
        elif kind == "sample" and params["format"] == "grid":
            picture = png(params["count"], params["columns"])
            result = {"png": picture, "columns": params["columns"], "count": params["count"], "step": 40}
            answer(settings, call_id, {"result": result})
        elif kind == "sample":
            answer(settings, call_id, {"result": {"images": [png()] * params["count"], "count": 1, "step": 40}})
        else:
            count = len(params.get("images") or params["sequences"])
            scores = {"score": [1.5] * count, "probability_real": [0.8] * count, "calibration": "sigmoid", "step": 40}
            answer(settings, call_id, {"result": scores})

    # The level is Python's own: Celery sets it for the whole process, and it stays after the worker has gone.
    options = {"queues": [INTERACTIVE], "loglevel": "WARNING", "perform_ping_check": False, "shutdown_timeout": 10}
    with start_worker(app, pool="solo", **options):
        yield calls
    app.tasks.pop(INTERACTIVE_TASK)


@pytest.fixture
def conditional_job(store):
    resolved = resolve({**SPEC, "generator": {"choice": "cgan"}, "discriminator": {"choice": "cgan"}})
    return store.submit(resolved).id


@pytest.fixture
def waves_job(store):
    data = {"choice": "sine", "length": 8, "channels": 2}
    resolved = resolve({**SPEC, "data": data, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}})
    return store.submit(resolved).id


def first_problem(response):
    return response.get_json(force=True)["problems"][0]


# -- sample --------------------------------------------------------------------------------------------------------


def test_a_grid_comes_as_a_picture(client, job, asked):
    response = client.post(f"/v1/models/{job}/sample", json={"count": 10, "seed": 7})
    assert response.mimetype == "image/png"
    assert response.headers["Authorgan-Step"] == "40"
    picture = Image.open(io.BytesIO(response.data))
    assert picture.size == (4 * 16 + 3 * 2, 3 * 16 + 2 * 2)  # as square as it gets
    assert asked == [
        {
            "kind": "sample",
            "job_id": job,
            "count": 10,
            "seed": 7,
            "noise": None,
            "labels": None,
            "columns": 4,
            "format": "grid",
        }
    ]


def test_or_image_by_image_as_json(client, job, asked):
    response = client.post(f"/v1/models/{job}/sample", json={"count": 3}, headers={"Accept": "application/json"})
    assert response.json["count"] == 3
    assert response.json["step"] == 40
    assert [base64.b64decode(image) for image in response.json["images"]] == [png()] * 3


def test_a_picture_is_what_comes_unless_json_is_preferred(client, job, asked):
    for accept, kind in (
        ("*/*", "image/png"),
        ("image/*", "image/png"),
        ("image/png, application/json", "image/png"),
        ("application/json, image/png;q=0.5", "application/json"),
        ("application/*", "application/json"),
    ):
        response = client.post(f"/v1/models/{job}/sample", json={"count": 1}, headers={"Accept": accept})
        assert response.mimetype == kind, accept


def test_noise_says_how_many(client, job, asked):
    noise = [[0.5] * 100, [-0.5] * 100]
    assert client.post(f"/v1/models/{job}/sample", json={"noise": noise}).status_code == 200
    assert (asked[0]["count"], asked[0]["noise"]) == (2, noise)


def test_classes_can_be_asked_for(client, conditional_job, asked):
    response = client.post(f"/v1/models/{conditional_job}/sample", json={"labels": [7], "count": 8})
    assert response.status_code == 200
    assert (asked[0]["count"], asked[0]["labels"]) == (8, [7])


@pytest.mark.parametrize(
    ("body", "pointer", "words"),
    [
        ({"count": 0}, "/count", "greater than or equal to 1"),
        ({"count": 100_000}, "/count", "1024"),
        ({"count": "many"}, "/count", "integer"),
        ({"seed": -1}, "/seed", "0"),
        ({"noise": [[1.0, 2.0]]}, "/noise/0", "100 numbers"),
        ({"noise": [[0.0] * 100], "count": 2}, "/noise", "1 latent vectors do not make 2"),
        ({"noise": []}, "/noise", "at least 1"),
        ({"labels": [1]}, "/labels", "knows no classes"),
        ({"colums": 3}, "/colums", "not permitted"),
        ({"columns": 0}, "/columns", "greater than or equal to 1"),
    ],
)
def test_requests_that_make_no_sense(client, job, body, pointer, words):
    response = client.post(f"/v1/models/{job}/sample", json=body)
    assert response.status_code == 422
    assert first_problem(response)["pointer"] == pointer
    assert words in first_problem(response)["message"]


def test_noise_that_is_no_number(client, job):
    body = '{"noise": [[1e999]]}'  # JSON, but larger than a float
    response = client.post(f"/v1/models/{job}/sample", data=body, content_type="application/json")
    assert response.status_code == 422
    assert first_problem(response)["pointer"] == "/noise/0/0"


def test_classes_that_there_are_not(client, conditional_job):
    response = client.post(f"/v1/models/{conditional_job}/sample", json={"labels": [3, 10]})
    assert first_problem(response)["pointer"] == "/labels/1"
    assert "0 to 9" in first_problem(response)["message"]
    response = client.post(f"/v1/models/{conditional_job}/sample", json={"labels": [1, 2, 3], "count": 2})
    assert first_problem(response)["pointer"] == "/labels"


def test_another_runtime_draws_where_one_is_asked_for(client, job, asked):
    for body, runtime in (
        ({"driver": "keras"}, "keras:torch"),
        ({"driver": "keras", "backend": "torch"}, "keras:torch"),
        ({"driver": "pytorch"}, "pytorch"),
    ):
        assert client.post(f"/v1/models/{job}/sample", json={"count": 1, **body}).status_code == 200
        assert asked[-1]["runtime"] == runtime


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"driver": "theano"}, "/driver"),
        ({"backend": "jax"}, "/backend"),
        ({"driver": "keras", "backend": "x"}, "/backend"),
    ],
)
def test_a_runtime_that_there_is_not(client, job, body, pointer):
    response = client.post(f"/v1/models/{job}/sample", json=body)
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.get_json(force=True)["problems"]] == [pointer]


def test_a_form_that_there_is_not(client, job):
    response = client.post(f"/v1/models/{job}/sample", json={}, headers={"Accept": "text/html"})
    assert response.status_code == 406


def test_what_the_model_cannot_do_is_told(client, job, asked):
    statuses = {"no_weights_yet": 409, "model_gone": 404, "out_of_memory": 503, "internal_error": 500, "bad_noise": 422}
    for code, status in statuses.items():
        asked.append({"code": code, "message": "That is so.", "pointer": "/count"})
        response = client.post(f"/v1/models/{job}/sample", json={})
        assert response.status_code == status
        assert first_problem(response) == {"pointer": "/count", "code": code, "message": "That is so."}


def test_nobody_waits_for_ever(make_client):
    client = make_client(interactive_seconds=0.3)
    job = client.post("/v1/jobs", json=SPEC).json["id"]
    response = client.post(f"/v1/models/{job}/sample", json={})
    assert response.status_code == 504
    assert response.headers["Retry-After"]


def test_a_broker_that_is_away(make_client, tmp_path):
    client = make_client(redis_url=f"unix://{tmp_path}/no-broker")
    job = client.post("/v1/jobs", json=SPEC).json["id"]
    assert client.post(f"/v1/models/{job}/sample", json={}).status_code == 503


def test_a_model_that_there_is_not(client):
    assert client.post("/v1/models/nothing/sample", json={}).status_code == 404
    assert client.post("/v1/models/nothing/discriminate", json={"images": ["eA=="]}).status_code == 404


# -- discriminate --------------------------------------------------------------------------------------------------


def b64(content):
    return base64.b64encode(content).decode()


def test_images_are_judged(client, job, asked):
    images = [b64(png()), "data:image/png;base64," + b64(png())]
    response = client.post(f"/v1/models/{job}/discriminate", json={"images": images})
    assert response.json == {
        "results": [{"score": 1.5, "probability_real": 0.8}] * 2,
        "calibration": "sigmoid",
        "step": 40,
    }
    assert asked[0]["images"] == [png(), png()]


def bomb():
    """A tiny file that says it is 100,000 pixels wide and high."""
    content = bytearray(png())
    content[16:24] = (100_000).to_bytes(4, "big") * 2
    content[29:33] = zlib.crc32(content[12:29]).to_bytes(4, "big")
    return bytes(content)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"images": []}, "/images", "too_short"),
        ({}, "/images", "missing"),
        ({"images": ["?"]}, "/images/0", "not_base64"),
        ({"images": [b64(png()), b64(b"GIF89a nonsense")]}, "/images/1", "not_an_image"),
        ({"images": [b64(bomb())]}, "/images/0", "not_an_image"),
        ({"images": [b64(png())] * 300}, "/images", "too_many"),
        ({"images": [b64(png())], "labels": [1]}, "/labels", "not_conditional"),
    ],
)
def test_images_that_cannot_be_judged(client, job, body, pointer, code):
    response = client.post(f"/v1/models/{job}/discriminate", json=body)
    assert response.status_code == 422
    assert (first_problem(response)["pointer"], first_problem(response)["code"]) == (pointer, code)


def test_labels_fit_their_images(client, conditional_job):
    body = {"images": [b64(png())], "labels": [1, 2]}
    response = client.post(f"/v1/models/{conditional_job}/discriminate", json=body)
    assert first_problem(response)["code"] == "wrong_count"
    response = client.post(f"/v1/models/{conditional_job}/discriminate", json={"images": body["images"]})
    assert (first_problem(response)["pointer"], first_problem(response)["code"]) == ("/labels", "labels_needed")


# -- sequences -----------------------------------------------------------------------------------------------------

WAVE = [[0.5, -0.25]] * 8


def test_sequences_come_as_numbers(client, waves_job, asked):
    asked.append({"sequences": [WAVE] * 3, "count": 3, "step": 40})
    answered = client.post(f"/v1/models/{waves_job}/sample", json={"count": 3}, headers={"Accept": "application/json"})
    assert answered.json == {"sequences": [WAVE] * 3, "images": None, "before": None, "count": 3, "step": 40}
    assert asked[0]["format"] == "each"


def test_only_so_many_numbers_come_at_once(make_client, asked):
    client = make_client(max_sample_numbers=100)
    spec = {**SPEC, "data": {"choice": "sine"}, "generator": {"choice": "gan"}, "discriminator": {"choice": "gan"}}
    job = client.post("/v1/jobs", json=spec).json["id"]
    response = client.post(f"/v1/models/{job}/sample", json={"count": 4}, headers={"Accept": "application/json"})
    assert (first_problem(response)["pointer"], first_problem(response)["code"]) == ("/count", "too_many")
    assert "4 sequences of 32 x 1 are more numbers than AUTHORGAN_MAX_SAMPLE_NUMBERS=100" in response.text
    assert client.post(f"/v1/models/{job}/sample", json={"count": 4}).status_code == 200  # a picture


def test_sequences_are_judged(client, waves_job, asked):
    response = client.post(f"/v1/models/{waves_job}/discriminate", json={"sequences": [WAVE, WAVE]})
    assert response.json["results"] == [{"score": 1.5, "probability_real": 0.8}] * 2
    assert asked[0]["sequences"] == [WAVE, WAVE]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"images": ["eA=="]}, "/images", "wrong_data"),
        ({}, "/sequences", "missing"),
        ({"sequences": [WAVE] * 300}, "/sequences", "too_many"),
        ({"sequences": [WAVE, WAVE[:7]]}, "/sequences/1", "wrong_length"),
        ({"sequences": [[*WAVE[:7], [0.5]]]}, "/sequences/0/7", "wrong_length"),
        ({"sequences": [[*WAVE[:7], [0.5, "a"]]]}, "/sequences/0/7/1", "float_parsing"),
    ],
)
def test_sequences_that_cannot_be_judged(client, waves_job, body, pointer, code):
    response = client.post(f"/v1/models/{waves_job}/discriminate", json=body)
    assert response.status_code == 422
    assert (first_problem(response)["pointer"], first_problem(response)["code"]) == (pointer, code)


def test_a_model_of_images_judges_no_sequences(client, job):
    response = client.post(f"/v1/models/{job}/discriminate", json={"sequences": [WAVE]})
    assert first_problem(response)["code"] == "wrong_data"
    assert "This model judges images; give those." in response.text
