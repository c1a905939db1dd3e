"""Data sets over HTTP: known ones, uploads, previews."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image

from drivers.data import DataSettings, load

from .conftest import SPEC


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def images(count=20, size=12, channels=3):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, channels), np.uint8)


def zip_of(entries):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def picture(colour="red", size=(20, 10)):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def torn():
    """The first half of a picture."""
    buffer = io.BytesIO()
    Image.fromarray(images(1, 40)[0]).save(buffer, "PNG")
    return buffer.getvalue()[:2000]


def upload(client, content, filename, **fields):
    return client.post(
        "/v1/datasets", data={"file": (io.BytesIO(content), filename), **fields}, content_type="multipart/form-data"
    )


def left_behind(services):
    folder = services.data_settings.uploads
    return [path.name for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def problem(response):
    return response.get_json(force=True)["problems"][0]


# -- known ones ----------------------------------------------------------------------------------------------------


def test_known_data_sets_say_whether_they_are_here(client):
    found = {entry["id"]: entry for entry in client.get("/v1/datasets").json["datasets"]}
    assert list(found) == ["digits", "mnist", "fashion_mnist", "cifar10", "sine"]
    assert found["digits"]["available"]
    assert found["digits"]["count"] == 1797
    assert not found["mnist"]["available"]
    assert found["cifar10"]["class_names"][3] == "cat"
    assert client.get("/v1/datasets/digits").json == found["digits"]


def test_a_preview_is_a_grid(client):
    response = client.get("/v1/datasets/digits/preview.png?count=12&columns=4&image_size=10")
    assert response.mimetype == "image/png"
    assert Image.open(io.BytesIO(response.data)).size == (4 * 10 + 3 * 2, 3 * 10 + 2 * 2)
    again = client.get(
        "/v1/datasets/digits/preview.png?count=12&columns=4&image_size=10",
        headers={"If-None-Match": response.headers["ETag"]},
    )
    assert again.status_code == 304


def test_a_preview_by_class_has_a_row_for_each(client):
    response = client.get("/v1/datasets/digits/preview.png?per_class=true&columns=5")
    assert Image.open(io.BytesIO(response.data)).size == (5 * 8 + 4 * 2, 10 * 8 + 9 * 2)


def test_waves_are_shown_as_curves(client):
    shown = client.get("/v1/datasets/sine").json
    assert (shown["available"], shown["count"], shown["length"], shown["channels"]) == (True, 2000, 32, 1)
    assert (shown["height"], shown["width"], shown["class_names"]) == (None, None, None)
    picture = Image.open(io.BytesIO(client.get("/v1/datasets/sine/preview.png?count=4&columns=2").data))
    assert (picture.mode, picture.width) == ("RGB", 2 * 384 + 1)
    response = client.get("/v1/datasets/sine/preview.png?image_size=32")
    assert (response.status_code, problem(response)["pointer"]) == (422, "/image_size")


def test_a_preview_of_what_is_not_here(client):
    response = client.get("/v1/datasets/mnist/preview.png")
    assert response.status_code == 409
    assert "downloads it" in response.text


def test_only_so_many_previews_are_kept(client, services, monkeypatch):
    monkeypatch.setattr("service.api.previews.MAX_PREVIEWS", 2)
    for seed in range(3):
        assert client.get(f"/v1/datasets/digits/preview.png?count=4&seed={seed}").status_code == 200
    assert len(list((services.data_settings.cache / "previews").iterdir())) == 2


def test_preview_queries_out_of_range(client):
    for query in ("count=0", "count=100000", "image_size=1", "columns=0", "seed=-1", "foo=1"):
        assert client.get(f"/v1/datasets/digits/preview.png?{query}").status_code == 422


# -- uploads -------------------------------------------------------------------------------------------------------


def test_an_upload_is_kept_and_can_be_trained_on(client, services):
    pixels, labels = images(), np.arange(20) % 3
    response = upload(client, npz(images=pixels, labels=labels), "mine.npz", name="My faces")
    assert response.status_code == 201
    shown = response.json
    assert response.headers["Location"] == shown["links"]["self"]
    assert (shown["title"], shown["kind"], shown["available"]) == ("My faces", "uploaded", True)
    assert (shown["count"], shown["height"], shown["width"], shown["channels"]) == (20, 12, 12, 3)
    assert shown["class_names"] == ["0", "1", "2"]
    assert shown["use"] == {"choice": "upload", "dataset": shown["id"], "channels": 3, "classes": 3}

    data = load({**shown["use"], "image_size": 12}, settings=services.data_settings)
    np.testing.assert_array_equal(data.images, pixels)
    np.testing.assert_array_equal(data.labels, labels)
    submitted = client.post("/v1/jobs", json={**SPEC, "data": {**shown["use"], "image_size": 16}})
    assert submitted.status_code == 202
    assert client.get("/v1/datasets").json["datasets"][-1] == shown
    assert client.get(shown["links"]["preview"]).mimetype == "image/png"


def test_a_zip_of_folders_has_classes(client):
    content = zip_of({"pets/cat/1.png": picture("red"), "pets/dog/1.png": picture("blue"), "pets/readme.txt": b"hi"})
    shown = upload(client, content, "pets.zip").json
    assert (shown["title"], shown["count"], shown["class_names"]) == ("pets", 2, ["cat", "dog"])
    assert (shown["height"], shown["channels"]) == (None, 3)
    preview = client.get(f"{shown['links']['preview']}?count=2&columns=2&image_size=16")
    assert Image.open(io.BytesIO(preview.data)).getpixel((0, 0)) == (255, 0, 0)


def test_a_npy_has_no_classes(client):
    buffer = io.BytesIO()
    np.save(buffer, images(channels=1)[..., 0])
    shown = upload(client, buffer.getvalue(), "grey.npy").json
    assert (shown["count"], shown["channels"], shown["class_names"]) == (20, 1, None)


OBJECTS = npz(images=np.array([{"a": 1}], dtype=object))


@pytest.mark.parametrize(
    ("content", "filename", "code", "words"),
    [
        (b"nonsense", "a.npz", "corrupt", "not a whole"),
        (npz(images=images())[:-200], "a.npz", "corrupt", "not a whole"),
        (npz(pictures=images(), faces=images()), "a.npz", "missing", "must be called 'images'"),
        (npz(images=images(), labels=np.arange(19)), "a.npz", "wrong_labels", "19 labels for 20 images"),
        (npz(images=np.full((2, 8, 8), np.nan)), "a.npz", "not_finite", "NaN"),
        (npz(images=np.full((2, 8, 8), 300)), "a.npz", "out_of_range", "300"),
        (npz(images=np.zeros((2, 8, 8, 5))), "a.npz", "wrong_shape", "(2, 8, 8, 5)"),
        (npz(images=np.zeros((0, 8, 8))), "a.npz", "empty", "no images"),
        (npz(images=np.array(["a", "b"])), "a.npz", "wrong_dtype", "numbers"),
        (OBJECTS, "a.npz", "unsafe_pickle", "Python objects"),
        (b"nonsense", "a.zip", "corrupt", "zip"),
        (zip_of({"readme.txt": b"hi"}), "a.zip", "empty", "no image"),
        (zip_of({"a/1.png": picture(), "b/2.png": torn()}), "a.zip", "corrupt", "b/2.png"),
        (zip_of({"../../evil.png": picture()}), "a.zip", "unsafe_archive", "leads out"),
        (b"x", "a.exe", "corrupt", ".npz, .npy, .zip"),
        (b"", "a.npz", "corrupt", "not a whole"),
    ],
)
def test_what_cannot_be_used_leaves_nothing_behind(client, services, content, filename, code, words):
    response = upload(client, content, filename)
    assert response.status_code == 422
    assert problem(response)["code"] == code
    assert words in problem(response)["message"]
    assert left_behind(services) == []
    assert services.store.datasets.count() == 0


def test_an_upload_without_a_file(client):
    response = client.post("/v1/datasets", data={"name": "x"}, content_type="multipart/form-data")
    assert response.status_code == 422
    assert problem(response)["pointer"] == "/file"


def test_an_upload_that_is_no_form(client):
    response = client.post("/v1/datasets", json={"file": "x"})
    assert response.status_code == 415
    assert "multipart/form-data" in response.text


def test_an_upload_that_is_too_large(make_client):
    client = make_client(max_upload_bytes=1000)
    response = upload(client, b"x" * 100_000, "a.npz")
    assert response.status_code == 413


def test_there_is_a_limit_of_uploads(make_client):
    client = make_client(max_datasets=1)
    first = upload(client, npz(images=images()), "a.npz")
    assert first.status_code == 201
    assert upload(client, npz(images=images()), "b.npz").status_code == 409
    assert client.delete(first.headers["Location"]).status_code == 204
    assert upload(client, npz(images=images()), "b.npz").status_code == 201


def test_a_deleted_upload_is_gone(client, services):
    shown = upload(client, npz(images=images()), "a.npz").json
    assert client.delete(shown["links"]["self"]).status_code == 204
    assert left_behind(services) == []
    assert client.get(shown["links"]["self"]).status_code == 404
    assert client.delete(shown["links"]["self"]).status_code == 404
    response = client.post("/v1/jobs", json={**SPEC, "data": {**shown["use"], "image_size": 16}})
    assert (response.status_code, problem(response)["pointer"]) == (422, "/data/dataset")


def test_what_was_not_uploaded_is_not_deleted(client):
    assert client.delete("/v1/datasets/digits").status_code == 409


def test_a_row_that_cannot_be_written_leaves_no_file(client, services, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("disk full")

    monkeypatch.setattr(services.store.datasets, "add", fail)
    assert upload(client, npz(images=images()), "a.npz").status_code == 500
    assert left_behind(services) == []


def test_data_sets_that_there_are_not(client):
    for path in ("nothing", "nothing/preview.png", "..%2fauthorgan.db/preview.png"):
        assert client.get(f"/v1/datasets/{path}").status_code == 404


def test_the_settings_of_the_data_room_are_those_of_the_service(services):
    assert isinstance(services.data_settings, DataSettings)
    assert services.data_settings.home == services.settings.home
    assert json.dumps(services.data_settings.environ())
