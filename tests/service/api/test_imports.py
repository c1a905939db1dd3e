"""Networks and weights from elsewhere, over HTTP."""

import io
import json
import zipfile

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper
from safetensors import safe_open
from safetensors.numpy import load_file, save

import drivers
import spec as specs

from .conftest import SPEC


def keras_file(*layers):
    described = {"class_name": "Sequential", "config": {"layers": list(layers)}}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.json", json.dumps(described))
    return file.getvalue()


IMAGE = {"class_name": "InputLayer", "config": {"name": "image", "batch_shape": [None, 16, 16, 1]}}
FLAT = {"class_name": "Flatten", "config": {"name": "flat"}}
SCORE = {"class_name": "Dense", "config": {"name": "score", "units": 1}}


def tensors(**changes):
    resolved = specs.resolve(SPEC)
    held = {
        name: np.zeros(shape, np.float32)
        for role in ("generator", "discriminator")
        for name, shape, _ in specs.weights(resolved, role)
    }
    held |= {name.replace("__", "/"): value for name, value in changes.items()}
    return {name: value for name, value in held.items() if value is not None}


def post(client, path, content, filename="model.safetensors", **fields):
    return client.post(path, data={"file": (io.BytesIO(content), filename), **fields})


def test_a_keras_network_becomes_layers_that_a_spec_takes(client):
    response = post(client, "/v1/specs/import", keras_file(IMAGE, FLAT, SCORE), "critic.keras")
    assert response.status_code == 200
    drawn = {**SPEC, "discriminator": response.json}
    resolved = client.post("/v1/specs/resolve", json=drawn)
    assert resolved.json["spec"]["discriminator"]["parameter_count"] == 257


def test_layers_that_cannot_be_drawn_are_named(client):
    odd = [{"class_name": kind, "config": {"name": kind.lower()}} for kind in ("Hashing", "Lambda")]
    response = post(client, "/v1/specs/import", keras_file(IMAGE, *odd), "critic.keras")
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.json["problems"]] == ["/config/layers/1", "/config/layers/2"]
    assert response.json["detail"] == "The network has 2 problems."


def test_another_kind_of_file_is_told_what_would_be_right(client):
    response = post(client, "/v1/specs/import", b"\x80\x04", "model.pkl")
    assert response.status_code == 422
    assert response.json["detail"] == "A network comes as a .keras or .onnx file, not as '.pkl'."


def test_weights_become_a_job_that_has_ended(client, services):
    response = post(client, "/v1/models/import", save(tensors()), spec=json.dumps(SPEC), name="brought along")
    assert response.status_code == 201
    job = response.json
    assert (job["state"], job["name"]) == ("succeeded", "brought along")
    assert response.headers["Location"] == f"/v1/jobs/{job['id']}"
    stored = load_file(services.storage.local_copy(job["id"], "weights.safetensors"))
    assert stored.keys() == tensors().keys()
    start = {**SPEC, "generator": {"choice": "dcgan", "weights": {"job": job["id"]}}}
    assert client.post("/v1/jobs", json=start).status_code == 202


def test_the_spec_may_come_in_the_header(client):
    content = save(tensors(), metadata={"spec": json.dumps(SPEC)})
    response = post(client, "/v1/models/import", content)
    assert (response.status_code, response.json["name"]) == (201, SPEC["name"])


def test_weights_of_a_backend_that_is_not_installed_are_taken_for_another(client, monkeypatch):
    known = {name: dict(each) for name, each in drivers.capabilities().items()}
    known["keras"]["backends"] = ["torch"]
    monkeypatch.setattr("service.api.jobs.capabilities", lambda: known)
    trained = {**SPEC, "driver": "keras", "backend": "jax"}
    content = save(tensors(), metadata={"spec": json.dumps(trained)})
    (problem,) = post(client, "/v1/models/import", content).json["problems"]
    assert problem["pointer"] == "/spec/backend"
    assert "another driver here, in the field 'spec'" in problem["message"]
    assert client.get("/v1/jobs").json["jobs"] == []
    beside = json.dumps({**trained, "backend": "torch"})
    assert post(client, "/v1/models/import", content, spec=beside).status_code == 201


SOUND = json.dumps({"method": "logistic", "slope": 2.0, "offset": 0.0, "centre": 1.0, "spread": 3.0})


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {"step": "0"}),
        ({"step": "12", "calibration": SOUND}, {"step": "12", "calibration": SOUND}),
        ({"step": "-1", "calibration": "[" * 50_000}, {"step": "0"}),
        ({"step": "9" * 5000, "calibration": SOUND.replace("3.0", "0.0")}, {"step": "0"}),
        ({"step": "\u0664", "calibration": SOUND.replace("2.0", "NaN")}, {"step": "0"}),
        ({"calibration": '{"run": "me"}', "anything": "else"}, {"step": "0"}),
    ],
)
def test_of_a_header_only_what_a_model_is_read_with_is_kept(client, services, given, kept):
    response = post(client, "/v1/models/import", save(tensors(), metadata=given), spec=json.dumps(SPEC))
    assert response.status_code == 201
    path = services.storage.local_copy(response.json["id"], "weights.safetensors")
    with safe_open(path, "numpy") as file:
        assert file.metadata() == kept


NOT_FINITE = np.full(2048, np.nan, np.float32)
ONE = np.zeros(1, np.float32)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator__dense_1__bias": None}, "'generator/dense_1/bias' is missing"),
        ({"generator__dense_9__bias": ONE}, "'generator/dense_9/bias' belongs to nothing in this model"),
        ({"generator__..__passwd": ONE}, "'generator/../passwd' belongs to nothing in this model"),
        ({"generator__dense_1__bias": NOT_FINITE}, "'generator/dense_1/bias' holds NaN or infinite numbers"),
        ({"generator__conv2d_1__bias": ONE}, "'generator/conv2d_1/bias' has shape 1 instead of 64"),
    ],
    ids=["missing", "superfluous", "path", "nan", "misshapen"],
)
def test_weights_that_do_not_fit_leave_nothing_behind(client, services, changes, message):
    response = post(client, "/v1/models/import", save(tensors(**changes)), spec=json.dumps(SPEC))
    assert response.status_code == 422
    assert [problem["message"] for problem in response.json["problems"]] == [message]
    assert response.json["detail"] == f"'model.safetensors' does not fit this model: {message}."
    assert client.get("/v1/jobs").json["jobs"] == []
    assert list((services.settings.home / "imports").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "fields", "pointer"),
    [
        (b"PK no weights", {"spec": json.dumps(SPEC)}, "/file"),
        (b"PK no weights", {}, "/file"),
        (save(tensors()), {}, "/spec"),
        (save(tensors()), {"spec": "{"}, "/spec"),
        (save(tensors()), {"spec": json.dumps({**SPEC, "loss": "hing"})}, "/spec/loss/choice"),
    ],
    ids=["damaged", "damaged without a spec", "no spec", "no JSON", "a wrong spec"],
)
def test_what_cannot_be_taken_is_told(client, content, fields, pointer):
    response = post(client, "/v1/models/import", content, **fields)
    assert response.status_code == 422
    assert [problem["pointer"] for problem in response.json["problems"]] == [pointer]


def onnx_file(kernel):
    """A critic of flat images."""
    put = helper.make_tensor_value_info("picture", TensorProto.FLOAT, ["n", 1, 16, 16])
    out = helper.make_tensor_value_info("score", TensorProto.FLOAT, ["n", 1])
    nodes = [
        helper.make_node("Flatten", ["picture"], ["row"]),
        helper.make_node("MatMul", ["row", "kernel"], ["score"]),
    ]
    weights = [numpy_helper.from_array(kernel, "kernel")]
    return helper.make_model(helper.make_graph(nodes, "critic", [put], [out], weights)).SerializeToString()


def test_a_network_from_elsewhere_becomes_a_job_with_its_weights(client, services):
    kernel = np.random.default_rng(0).normal(size=(256, 1)).astype(np.float32)
    response = post(client, "/v1/models/import", onnx_file(kernel), "critic.onnx", spec=json.dumps(SPEC), name="theirs")
    assert response.status_code == 201
    job = client.get(f"/v1/jobs/{response.json['id']}").json
    assert (job["state"], job["name"], job["choices"]["discriminator"]) == ("succeeded", "theirs", "custom")
    stored = load_file(services.storage.local_copy(job["id"], "weights.safetensors"))
    (name,) = [name for name in stored if name.startswith("discriminator/")]
    np.testing.assert_array_equal(stored[name], kernel)
    wanted = {name for name, _, _ in specs.weights(job["spec"], "generator")}
    assert {name for name in stored if name.startswith("generator/")} == wanted
    assert all(np.isfinite(value).all() for value in stored.values())
    start = {**SPEC, "discriminator": {**job["spec"]["discriminator"], "weights": {"job": job["id"]}}}
    assert client.post("/v1/jobs", json=start).status_code == 202


def test_the_spec_may_be_a_file_of_its_own(client):
    """As `curl -F spec=@gan.json` sends it."""
    content = onnx_file(np.zeros((256, 1), np.float32))
    spec = (io.BytesIO(json.dumps(SPEC).encode()), "gan.json")
    assert post(client, "/v1/models/import", content, "critic.onnx", spec=spec).status_code == 201
    spec = (io.BytesIO(b"{"), "gan.json")
    assert post(client, "/v1/models/import", content, "critic.onnx", spec=spec).status_code == 422


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({}, "/spec"),
        ({"spec": json.dumps({**SPEC, "loss": "hing"})}, "/spec/loss/choice"),
        (
            {"spec": json.dumps({**SPEC, "data": {"choice": "digits", "image_size": 32}})},
            "/spec/discriminator/layers/0",
        ),
    ],
    ids=["no spec", "a wrong spec", "other data"],
)
def test_a_network_that_does_not_fit_its_spec_leaves_nothing_behind(client, services, fields, pointer):
    response = post(client, "/v1/models/import", onnx_file(np.zeros((256, 1), np.float32)), "critic.onnx", **fields)
    assert response.status_code == 422
    assert response.json["problems"][0]["pointer"].startswith(pointer)
    assert client.get("/v1/jobs").json["jobs"] == []
    assert list((services.settings.home / "imports").iterdir()) == []


def test_weights_of_a_network_that_are_not_finite_are_named(client):
    content = onnx_file(np.full((256, 1), np.nan, np.float32))
    response = post(client, "/v1/models/import", content, "critic.onnx", spec=json.dumps(SPEC))
    assert response.status_code == 422
    assert "holds NaN or infinite numbers" in response.json["detail"]


def test_a_file_that_takes_too_much_is_told_which_limit_it_was(make_client):
    """The numbers that an operator gives, which the file itself need not hold, beyond the memory of its reader."""
    nodes = [helper.make_node("ConstantOfShape", ["many"], [f"c{place}"]) for place in range(8)]
    put = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    held = [numpy_helper.from_array(np.array([1 << 24]), "many")]
    content = helper.make_model(helper.make_graph(nodes, "g", [put], [put], held)).SerializeToString()
    client = make_client(network_import_bytes=256 * 1024 * 1024)
    for path, fields in (("/v1/specs/import", {}), ("/v1/models/import", {"spec": json.dumps(SPEC)})):
        response = post(client, path, content, "greedy.onnx", **fields)
        assert response.status_code == 422
        assert [problem["pointer"] for problem in response.json["problems"]] == ["/file"]
        assert response.json["detail"].startswith(
            "Reading 'greedy.onnx' took more memory than the 268,435,456 bytes that AUTHORGAN_NETWORK_IMPORT_BYTES"
        )
