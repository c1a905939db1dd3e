"""Runs as zip files: there and back again, and what is refused."""

import csv
import io
import json
import stat
import zipfile

import numpy as np
import pyarrow.parquet
import pytest
from PIL import Image
from safetensors.numpy import save

from tests.fleet import states

from .conftest import SPEC


def png(value=0):
    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), value, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def run(client, services, store):
    """A job that has ended, with everything that a job can have."""
    job = client.post("/v1/jobs", json=SPEC).json["id"]
    client.patch(f"/v1/jobs/{job}", json={"tags": ["keep"], "comment": "größte"})
    claim = store.claim(job, "worker")
    services.storage.write_atomic(job, "samples/2.png", png(7))
    services.storage.write_atomic(job, "weights.safetensors", save({"a": np.zeros(3, np.float32)}))
    services.storage.write_atomic(job, "checkpoint/state.bin", b"not for others")
    store.write(
        claim,
        metrics=[(1, 0.7, 1.4, 0.1), (2, None, 1.25, 0.2)],
        measurements=[(2, "kid", 0.1 + 0.2), (2, "usage/cpu_percent", None)],
        samples=[
            {"step": 2, "url": f"/v1/jobs/{job}/samples/2.png", "width": 8, "height": 8, "columns": 1, "count": 1}
        ],
        markers=[{"step": 1, "kind": "changed", "changes": {"learning_rate": 0.1}}],
        progress={"step": 2, "total": 2, "epochs": 1, "seconds": 0.2},
        environment={"device": "cpu"},
    )
    store.finish(claim, "succeeded")
    return job


def exported(client, job):
    response = client.get(f"/v1/jobs/{job}/export.zip")
    assert (response.status_code, response.mimetype) == (200, "application/zip")
    return response.data


def send(client, content):
    return client.post("/v1/jobs/import", data={"file": (io.BytesIO(content), "run.zip")})


def changed(content, *, without=(), **files):
    """The archive with some files replaced (``__`` for a slash and ``_dot_`` for a dot), added or left out."""
    files = {name.replace("__", "/").replace("_dot_", "."): data for name, data in files.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name not in files and name not in without:
                new.writestr(name, old.read(name))
        for name, data in files.items():
            new.writestr(name, data)
    return buffer.getvalue()


def code(response):
    assert response.status_code == 422, response.text
    return response.get_json(force=True)["problems"][0]["code"]


def test_an_archive_holds_the_run_in_forms_that_others_read(client, run):
    with zipfile.ZipFile(io.BytesIO(exported(client, run))) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == {
            *("run.json", "spec.json", "environment.json", "markers.json", "samples.json"),
            *("metrics.csv", "metrics.parquet", "measurements.csv", "measurements.parquet"),
            *("samples/2.png", "weights.safetensors"),
        }
        lines = list(csv.reader(archive.read("metrics.csv").decode().splitlines()))
        assert lines == [
            ["step", "generator", "discriminator", "seconds"],
            ["1", "0.7", "1.4", "0.1"],
            ["2", "", "1.25", "0.2"],
        ]
        table = pyarrow.parquet.read_table(io.BytesIO(archive.read("metrics.parquet"))).to_pydict()
        assert table == {"step": [1, 2], "generator": [0.7, None], "discriminator": [1.4, 1.25], "seconds": [0.1, 0.2]}
        assert json.loads(archive.read("spec.json"))["training"]["epochs"] == 2
        assert "url" not in json.loads(archive.read("samples.json"))[0]


def test_a_run_comes_back_as_it_was_under_another_id(client, run):
    response = send(client, exported(client, run))
    assert response.status_code == 201, response.text
    copy = response.json
    original = client.get(f"/v1/jobs/{run}").json
    assert copy["id"] != run
    assert response.headers["Location"] == f"/v1/jobs/{copy['id']}"
    same = (
        "name",
        "state",
        "hash",
        "tags",
        "comment",
        "created_at",
        "ended_at",
        "losses",
        "environment",
        "choices",
        "spec",
    )
    assert {name: copy[name] for name in same} == {name: original[name] for name in same}
    assert copy["progress"]["seconds"] == 0.2
    for part in ("metrics", "markers"):
        one, other = (client.get(f"/v1/jobs/{job}/{part}").json for job in (run, copy["id"]))
        for answer in (one, other):
            for marker in answer.get("markers", ()):
                marker.pop("at")
        assert one == other
    assert client.get(copy["latest_sample"]["url"]).data == png(7)
    assert client.get(f"/v1/jobs/{copy['id']}/artifacts/weights.safetensors").status_code == 200
    assert exported(client, copy["id"]) != b""


def test_a_run_that_had_not_ended_counts_as_stopped(client, run):
    content = exported(client, run)
    said = json.loads(zipfile.ZipFile(io.BytesIO(content)).read("run.json"))
    assert (
        send(client, changed(content, run_dot_json=json.dumps({**said, "state": "running"}))).json["state"] == "stopped"
    )


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({".." + "__" + "evil_dot_json": "{}"}, "foreign_name"),
        ({"__etc__passwd": "x"}, "foreign_name"),
        ({"checkpoint__state_dot_bin": "x"}, "foreign_name"),
        ({"samples__x_dot_png": png()}, "foreign_name"),
        ({"samples__9_dot_png": b"<svg onload=alert(1)>"}, "corrupt"),
        ({"weights_dot_safetensors": b"\x80\x04\x95pickle"}, "corrupt"),
        ({"spec_dot_json": '{"data": NaN}'}, "bad_json"),
        ({"spec_dot_json": "[]"}, "bad_spec"),
        ({"spec_dot_json": "[" * 100_000}, "bad_json"),
        ({"run_dot_json": '{"authorgan_run": 99}'}, "not_a_run"),
        ({"run_dot_json": '"\\ud800"'}, "bad_json"),
        ({"metrics_dot_csv": "step,loss\n1,2\n"}, "bad_table"),
        ({"metrics_dot_csv": "step,generator,discriminator,seconds\n2,1,1,1\n1,1,1,1\n"}, "bad_table"),
        ({"metrics_dot_csv": "step,generator,discriminator,seconds\n1,inf,1,1\n"}, "bad_table"),
        ({"metrics_dot_csv": "step,generator,discriminator,seconds\n1,1,1\n"}, "bad_table"),
        ({"measurements_dot_csv": "name,step,value\n,1,1\n"}, "bad_table"),
    ],
)
def test_what_does_not_belong_into_a_run_is_refused_and_leaves_nothing(client, services, run, files, expected):
    content = exported(client, run)
    before = states(services.store)
    folders = set((services.settings.home / "runs").iterdir())
    assert code(send(client, changed(content, **files))) == expected
    assert states(services.store) == before
    assert set((services.settings.home / "runs").iterdir()) == folders


def test_a_spec_that_this_service_does_not_train_is_refused(client, run):
    bad = json.dumps({**SPEC, "generator": {"choice": "dcgn"}})
    response = send(client, changed(exported(client, run), spec_dot_json=bad))
    assert response.status_code == 422
    assert "dcgn" in response.text


def test_archives_that_are_none(client, run):
    assert code(send(client, b"hello")) == "not_a_zip"
    assert code(send(client, exported(client, run)[:-30])) == "not_a_zip"
    assert code(send(client, changed(exported(client, run), without=["spec.json"]))) == "not_a_run"
    assert client.post("/v1/jobs/import", json={}).status_code == 415


def test_bombs_links_and_doubles_are_refused(make_client, run):
    client = make_client(max_import_bytes=1_000_000, max_import_files=20)
    content = exported(client, run)
    assert code(send(client, changed(content, scores_dot_json=b" " * 2_000_000))) == "too_large"
    many = {f"samples__{number}_dot_png": png() for number in range(30)}
    assert code(send(client, changed(content, **many))) == "too_many_files"
    link = zipfile.ZipInfo("samples/9.png")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert code(send(client, buffer.getvalue())) == "link"
    buffer = io.BytesIO(content)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("samples/2.png", png())
    assert code(send(client, buffer.getvalue())) == "name_twice"


def test_broken_compressed_data_is_told(client, run):
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(exported(client, run))) as old:
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
            for name in old.namelist():
                new.writestr(name, old.read(name))
        start = new.getinfo("run.json").header_offset + 30 + len("run.json")
    content = bytearray(buffer.getvalue())
    content[start] = 0xFF  # a kind of block that deflate does not have
    answer = send(client, bytes(content))
    assert (answer.status_code, code(answer)) == (422, "corrupt")


def test_an_entry_that_lies_about_its_size_is_cut_off(make_client, run):
    client = make_client(max_import_bytes=1_000_000)
    honest = changed(exported(client, run), scores_dot_json=b"")
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(honest)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name) if name != "scores.json" else b" " * 5_000_000)
    content = bytearray(buffer.getvalue())
    size = (5_000_000).to_bytes(4, "little")
    while (place := content.find(size)) >= 0:
        content[place : place + 4] = (10).to_bytes(4, "little")
    assert code(send(client, bytes(content))) in ("too_large", "corrupt")
