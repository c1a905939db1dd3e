"""Taking models home over HTTP: programs from specs, files from jobs, and what is refused."""

import json

import numpy as np
import pytest
from celery.contrib.testing.worker import start_worker
from safetensors.numpy import save, save_file

import spec as specs
from service.queue.app import LENGTHY, celery_app
from service.queue.interactive import INTERACTIVE_TASK, answer

from .conftest import SPEC


@pytest.fixture
def exporter(settings, services):
    """A worker that writes a file instead of a network."""
    app = celery_app(settings)

    @app.task(name=INTERACTIVE_TASK, shared=False)
    def respond(call_id, kind, job_id, params, deadline):
        assert kind == "export"
        if params["format"] == "torch_export":
            error = {"code": "no_weights_yet", "message": "This job has no weights yet.", "pointer": ""}
            answer(settings, call_id, {"error": error})
            return
        name = f"exports/{params['network']}.onnx"
        services.storage.write_atomic(job_id, name, b"a network")
        answer(settings, call_id, {"result": {"name": name, "size": 9, "step": 40}})

    options = {"queues": [LENGTHY], "loglevel": "WARNING", "perform_ping_check": False, "shutdown_timeout": 10}
    with start_worker(app, pool="solo", **options):
        yield
    app.tasks.pop(INTERACTIVE_TASK)


def test_a_network_becomes_an_artefact(client, job, exporter):
    response = client.post(f"/v1/models/{job}/export", json={"format": "onnx", "network": "discriminator"})
    url = f"/v1/jobs/{job}/artifacts/exports/discriminator.onnx"
    assert (response.status_code, response.headers["Location"]) == (201, url)
    expected = {"name": "exports/discriminator.onnx", "format": "onnx", "size": 9, "step": 40, "url": url, "beside": []}
    assert response.json == expected
    assert client.get(url).data == b"a network"


def test_or_comes_at_once(client, job, exporter):
    accept = {"Accept": "application/octet-stream"}
    response = client.post(f"/v1/models/{job}/export", json={"format": "onnx"}, headers=accept)
    assert (response.status_code, response.data) == (200, b"a network")
    assert response.headers["Content-Disposition"] == 'attachment; filename="generator.onnx"'


def test_a_job_without_weights_says_so(client, job, exporter):
    response = client.post(f"/v1/models/{job}/export", json={"format": "torch_export"})
    assert (response.status_code, response.json["type"]) == (409, "urn:authorgan:problem:no_weights_yet")


def test_a_program_needs_neither_weights_nor_worker(client, job):
    response = client.post(f"/v1/models/{job}/export", json={"format": "script"})
    assert (response.status_code, response.json["name"], response.json["step"]) == (201, "exports/gan.py", None)
    text = client.get(response.json["url"]).text
    assert "class Generator(nn.Module):" in text
    accept = {"Accept": "text/x-python"}
    again = client.post(f"/v1/models/{job}/export", json={"format": "script"}, headers=accept)
    assert (again.status_code, again.text) == (200, text)


def test_a_program_has_the_precision_that_its_training_took(client, job, services):
    def exported():
        accept = {"Accept": "text/x-python"}
        return client.post(f"/v1/models/{job}/export", json={"format": "script"}, headers=accept).text

    assert "autocast" not in exported()
    services.store.write(services.store.claim(job, "worker"), environment={"precision": "bfloat16"})
    assert "torch.autocast(DEVICE, torch.bfloat16)" in exported()


def test_the_weights_that_a_program_starts_from_lie_beside_it(client, job, services):
    resolved = specs.resolve(SPEC)
    arrays = {name: np.zeros(shape, np.float32) for role in ("generator", "discriminator")
              for name, shape, _ in specs.weights(resolved, role)}  # fmt: skip
    services.storage.write_atomic(job, "weights.safetensors", save(arrays))
    second = {**SPEC, "generator": {**resolved["generator"], "weights": {"job": job}}}
    started = client.post("/v1/jobs", json=second)
    assert started.status_code == 202, started.json
    url = f"/v1/models/{started.json['id']}/export"
    exported = client.post(url, json={"format": "script"}).json
    assert exported["beside"] == [f"/v1/jobs/{started.json['id']}/artifacts/exports/{job}.safetensors"]
    assert client.get(exported["beside"][0]).data == save(arrays)
    assert f'Path("{job}.safetensors")' in client.get(exported["url"]).text

    services.storage.delete(job)
    response = client.post(url, json={"format": "script"})
    assert (response.status_code, response.json["type"]) == (409, "urn:authorgan:problem:no_weights")


def test_a_spec_becomes_a_program_or_a_notebook(client):
    script = client.post("/v1/specs/export", json={"spec": SPEC, "format": "script"})
    assert (script.status_code, script.mimetype) == (200, "text/x-python")
    assert script.headers["Content-Disposition"] == 'attachment; filename="gan.py"'
    compile(script.text, "gan.py", "exec")
    notebook = client.post("/v1/specs/export", json={"spec": SPEC, "format": "notebook"})
    assert notebook.mimetype == "application/x-ipynb+json"
    assert json.loads(notebook.data)["nbformat"] == 4


def test_a_program_is_for_the_library_that_trains_or_for_the_other(client):
    given = {**SPEC, "driver": "keras", "backend": "torch"}
    bodies = [{"spec": given}, {"spec": SPEC, "library": "keras"}, {"spec": given, "library": "pytorch"}]
    texts = [client.post("/v1/specs/export", json={**body, "format": "script"}).text for body in bodies]
    assert ["import keras" in text for text in texts] == [True, True, False]


def test_what_is_wrong_with_the_spec_points_into_the_body(client):
    response = client.post("/v1/specs/export", json={"spec": {**SPEC, "loss": "hing"}, "format": "script"})
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.json["problems"]] == ["/spec/loss/choice"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"format": "caffe"}, 422),
        ({"format": "onnx", "network": "encoder"}, 422),
        ({"format": "script", "library": "theano"}, 422),
    ],
)
def test_what_is_no_export_is_refused(client, job, body, status):
    assert client.post(f"/v1/models/{job}/export", json=body).status_code == status


def test_a_job_that_is_not_there(client):
    assert client.post("/v1/models/nobody/export", json={"format": "script"}).status_code == 404


def test_another_type_than_there_is(client, job):
    response = client.post(f"/v1/models/{job}/export", json={"format": "script"}, headers={"Accept": "image/png"})
    assert response.status_code == 406


def test_a_spec_may_start_from_a_job_whose_weights_fit(client, job, services):
    start = {**SPEC, "generator": {"choice": "dcgan", "weights": {"job": job}}}
    none_yet = client.post("/v1/specs/resolve", json=start)
    assert [problem["pointer"] for problem in none_yet.json["problems"]] == ["/generator/weights/job"]

    resolved = specs.resolve(SPEC)
    tensors = {
        name: np.zeros(shape, np.float32)
        for role in ("generator", "discriminator")
        for name, shape, _ in specs.weights(resolved, role)
    }
    with services.storage.writing(job, "weights.safetensors") as path:
        save_file(tensors, path)
    assert client.post("/v1/jobs", json=start).status_code == 202

    wider = {**start, "generator": {**start["generator"], "filters": 16}}
    response = client.post("/v1/jobs", json=wider)
    assert response.status_code == 422
    (problem,) = response.json["problems"]
    assert problem["code"] == "weights_do_not_fit"
    assert "'generator/batchnormalization_1/beta' is a list of" in problem["message"]


@pytest.mark.parametrize("content", [b"", b"PK", (10**15).to_bytes(8, "little") + b"{}", b"\x02" + b"\0" * 7 + b"[]"])
def test_damaged_weights_are_no_weights(client, job, services, content):
    services.storage.write_atomic(job, "weights.safetensors", content)
    start = {**SPEC, "generator": {"choice": "dcgan", "weights": {"job": job}}}
    response = client.post("/v1/specs/resolve", json=start)
    assert response.json["problems"][0]["code"] == "no_weights"


@pytest.mark.parametrize("job_id", ["../../etc", "a/b", "x" * 64])
def test_a_job_id_is_no_path(client, job_id):
    start = {**SPEC, "generator": {"choice": "dcgan", "weights": {"job": job_id}}}
    response = client.post("/v1/specs/resolve", json=start)
    assert response.json["problems"][0]["code"] == "no_weights"
