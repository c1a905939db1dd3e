"""Noise and hidden layers, asked of real models: the API, the broker, the interactive worker and its model process.

The models are untrained: what is asked here does not depend on what they have learned.
"""

from __future__ import annotations

import base64
import dataclasses
import io
import json

import av
import numpy as np
import pytest
from PIL import Image

import drivers
import spec as specs
from drivers.random import latent
from service.api import create_app
from service.api.context import KEY
from service.weights import NAME as WEIGHTS
from tests.fleet import small_spec, wave_spec

from .conftest import DocumentedClient

JSON = {"Accept": "application/json"}
SIZE = 8
"""Pixels of a sample's side."""


@dataclasses.dataclass
class Asking:
    """A client, and jobs by the kind of their generator."""

    client: DocumentedClient
    jobs: dict[str, str]

    def post(self, kind, what, body, **headers):
        return self.client.post(f"/v1/models/{self.jobs[kind]}/{what}", json=body, headers=headers)

    def json(self, kind, what, body):
        response = self.post(kind, what, body, **JSON)
        assert response.status_code == 200, response.text
        return response.json

    def picture(self, kind, what, body):
        response = self.post(kind, what, body)
        assert response.status_code == 200, response.text
        assert response.mimetype == "image/png"
        return Image.open(io.BytesIO(response.data))

    def refusal(self, kind, what, body, **headers):
        response = self.post(kind, what, body, **headers)
        assert response.status_code == 422, response.text
        return response.get_json(force=True)["problems"][0]


@pytest.fixture(scope="module")
def asking(fleets):
    with fleets() as fleet:
        fleet.start_worker("interactive")
        fleet.start_worker("lengthy")
        jobs = {}
        for kind, resolved in {
            "dcgan": small_spec(),
            "cgan": specs.resolve({**small_spec(), "generator": "cgan", "discriminator": "cgan"}),
            "keras": specs.resolve({**small_spec(), "driver": "keras", "backend": "torch"}),
            "waves": wave_spec(),
            "free waves": specs.resolve({**wave_spec(), "generator": "gan", "discriminator": "gan"}),
        }.items():
            jobs[kind] = fleet.store.submit(resolved).id
            fleet.storage.write_atomic(jobs[kind], "spec.json", resolved.canonical_json().encode())
            with fleet.storage.writing(jobs[kind], WEIGHTS) as path:
                drivers.open_session(resolved, None, threads=1).save_weights(path)
        jobs["untrained"] = fleet.store.submit(small_spec()).id
        app = create_app(fleet.settings)
        app.test_client_class = DocumentedClient
        services = app.extensions[KEY]
        try:
            yield Asking(app.test_client(), jobs)
        finally:
            services.watch.close()
            services.store.close()


def pixels(text):
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def sampled(asking, kind, **body):
    return [pixels(image) for image in asking.json(kind, "sample", body)["images"]]


def side(count, gap=2):
    """Pixels of so many samples in a row."""
    return count * (SIZE + gap) - gap


# -- interpolate ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dcgan", "keras"])
def test_a_strip_begins_and_ends_with_the_samples_of_its_seeds(asking, kind):
    strip = asking.json(kind, "interpolate", {"seeds": [1, 2], "steps": 5})
    assert (strip["count"], strip["columns"], strip["step"]) == (5, 5, 0)
    for image, seed in ((strip["images"][0], 1), (strip["images"][4], 2)):
        np.testing.assert_allclose(pixels(image).astype(int), sampled(asking, kind, seed=seed, count=1)[0], atol=1)
    assert asking.picture(kind, "interpolate", {"seeds": [1, 2], "steps": 5}).size == (side(5), side(1))


def test_four_seeds_are_corners(asking):
    grid = asking.json("dcgan", "interpolate", {"seeds": [1, 2, 3, 4], "steps": 3, "columns": 4})
    assert (grid["count"], grid["columns"]) == (12, 4)
    for place, seed in ((0, 1), (3, 2), (8, 3), (11, 4)):
        found, wanted = pixels(grid["images"][place]), sampled(asking, "dcgan", seed=seed, count=1)[0]
        np.testing.assert_allclose(found.astype(int), wanted, atol=1)
    assert asking.picture("dcgan", "interpolate", {"seeds": [1, 2, 3, 4], "steps": 3}).size == (side(3), side(3))


def test_a_loop_comes_back_without_showing_its_beginning_twice(asking):
    found = asking.json("dcgan", "interpolate", {"seeds": [1, 2, 3, 4], "steps": 3, "loop": True})
    assert found["count"] == 8
    assert len(set(found["images"])) == 8


def test_points_may_be_given_as_noise(asking):
    noise = latent(2, (100,), 7).tolist()
    found = asking.json("dcgan", "interpolate", {"noise": noise, "steps": 2, "method": "linear"})
    wanted = asking.json("dcgan", "sample", {"noise": noise})
    assert found["images"] == wanted["images"]


def test_classes_are_mixed_between_points(asking):
    body = {"seeds": [1, 1], "labels": [3, 8], "steps": 3}
    first, between, last = [pixels(image) for image in asking.json("cgan", "interpolate", body)["images"]]
    for image, label in ((first, 3), (last, 8)):
        wanted = sampled(asking, "cgan", seed=1, labels=[label], count=1)[0]
        np.testing.assert_allclose(image.astype(int), wanted, atol=1)
    assert (between != first).any()
    assert (between != last).any()


def test_a_movie_by_what_is_accepted(asking):
    body = {"seeds": [1, 2, 3, 4], "steps": 4, "fps": 10}
    gif = asking.post("dcgan", "interpolate", body, Accept="image/gif")
    with Image.open(io.BytesIO(gif.data)) as movie:
        assert (gif.mimetype, movie.n_frames, movie.info["duration"]) == ("image/gif", 10, 100)
    mp4 = asking.post("dcgan", "interpolate", body, Accept="video/mp4")
    with av.open(io.BytesIO(mp4.data)) as movie:
        assert (mp4.mimetype, movie.streams.video[0].frames) == ("video/mp4", 10)


def test_sequences_change_into_each_other_too(asking):
    found = asking.json("waves", "interpolate", {"seeds": [1, 2], "labels": [0, 3], "steps": 4})
    assert np.shape(found["sequences"]) == (4, 8, 2)
    assert asking.picture("waves", "interpolate", {"seeds": [1, 2], "steps": 4}).width > 300


@pytest.mark.parametrize(
    ("kind", "body", "pointer", "words"),
    [
        ("dcgan", {}, "/seeds", "either as `seeds` or as `noise`"),
        ("dcgan", {"seeds": [1]}, "/seeds", "at least 2"),
        ("dcgan", {"seeds": [1, -2]}, "/seeds/1", "0"),
        ("dcgan", {"seeds": list(range(65))}, "/seeds", "AUTHORGAN_MAX_LATENT_POINTS=64"),
        ("dcgan", {"noise": [[0.0] * 100, [0.0] * 99]}, "/noise/1", "100 numbers; number 1 has 99"),
        ("dcgan", {"seeds": [1, 2], "labels": [1]}, "/labels", "knows no classes"),
        ("cgan", {"seeds": [1, 2], "labels": [1, 10]}, "/labels/1", "0 to 9"),
        ("cgan", {"seeds": [1, 2, 3], "labels": [1, 2]}, "/labels", "2 labels do not fit 3 points"),
        ("dcgan", {"seeds": [1, 2], "steps": 1}, "/steps", "2"),
        ("dcgan", {"seeds": [1, 2], "steps": 5000}, "/steps", "5000 samples, more than the 1024"),
        ("dcgan", {"seeds": [1, 2], "layout": "grid"}, "/layout", "between 4 points; here are 2"),
        ("dcgan", {"seeds": [1, 2, 3, 4], "layout": "grid", "loop": True}, "/layout", "no way back"),
        ("dcgan", {"seeds": [1, 2, 3, 4], "columns": 1}, "/columns", "at least 2 columns"),
        ("dcgan", {"seeds": [1, 2], "method": "round"}, "/method", "'spherical' or 'linear'"),
    ],
)
def test_interpolations_that_make_no_sense(asking, kind, body, pointer, words):
    problem = asking.refusal(kind, "interpolate", body)
    assert problem["pointer"] == pointer
    assert words in problem["message"]


def test_a_grid_is_no_movie(asking):
    body = {"seeds": [1, 2, 3, 4], "layout": "grid"}
    assert asking.refusal("dcgan", "interpolate", body, Accept="video/mp4")["pointer"] == "/layout"


def test_what_cannot_be_answered_in_this_form_or_yet(asking):
    assert asking.post("dcgan", "interpolate", {"seeds": [1, 2]}, Accept="text/html").status_code == 406
    assert asking.post("untrained", "interpolate", {"seeds": [1, 2]}).status_code == 409


# -- directions and explore ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "method", "layer"),
    [
        ("dcgan", "sefa", "dense_1"),
        ("dcgan", "principal", "leakyrelu_1"),
        ("cgan", "principal", "leakyrelu_1"),
        ("keras", "sefa", "dense_1"),
        ("waves", "sefa", "dense_1"),
    ],
)
def test_directions_are_unit_vectors_the_strongest_first(asking, kind, method, layer):
    found = asking.json(kind, "directions", {"method": method, "count": 4})
    assert (found["method"], found["layer"]) == (method, layer)
    assert [direction["index"] for direction in found["directions"]] == [0, 1, 2, 3]
    shares = [direction["share"] for direction in found["directions"]]
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) <= 1
    vectors = np.array([direction["vector"] for direction in found["directions"]])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1)


def test_sliders_add_directions_to_the_noise(asking):
    vectors = [item["vector"] for item in asking.json("dcgan", "directions", {"count": 3})["directions"]]
    noise = latent(1, (100,), 7)[0] + 1.5 * np.array(vectors[0]) - 2 * np.array(vectors[2])
    wanted = asking.json("dcgan", "sample", {"noise": [noise.tolist()]})["images"]
    moved = asking.json("dcgan", "explore", {"seed": 7, "amounts": {"0": 1.5, "2": -2}})["images"]
    np.testing.assert_allclose(pixels(moved[0]).astype(int), pixels(wanted[0]), atol=1)
    assert asking.picture("dcgan", "explore", {"seed": 7}).size == (SIZE, SIZE)


def test_a_strip_goes_from_minus_to_plus(asking):
    strip = asking.json("cgan", "explore", {"seed": 7, "label": 3, "direction": 1, "range": 2, "steps": 5})
    assert (strip["count"], strip["columns"]) == (5, 5)
    for place, amount in ((0, -2), (2, 0), (4, 2)):
        one = asking.json("cgan", "explore", {"seed": 7, "label": 3, "amounts": {"1": amount}})["images"][0]
        np.testing.assert_allclose(pixels(strip["images"][place]).astype(int), pixels(one), atol=1)
    assert asking.picture("waves", "explore", {"direction": 0}).width > 300


@pytest.mark.parametrize(
    ("kind", "what", "body", "pointer", "words"),
    [
        ("dcgan", "directions", {"count": 101}, "/count", "100 directions"),
        ("dcgan", "directions", {"method": "pca"}, "/method", "'sefa' or 'principal'"),
        ("dcgan", "directions", {"layer": "dense_7"}, "/layer", "no layer 'dense_7'; it has noise, dense_1"),
        ("dcgan", "directions", {"layer": "leakyrelu_1"}, "/layer", "Use the method 'principal'"),
        ("dcgan", "explore", {"label": 3}, "/label", "knows no classes"),
        ("cgan", "explore", {"label": 10}, "/label", "no class 10"),
        ("dcgan", "explore", {"amounts": {"100": 1}}, "/amounts/100", "directions 0 to 99"),
        ("dcgan", "explore", {"amounts": {"first": 1}}, "/amounts/first", "pattern"),
        ("dcgan", "explore", {"direction": 100}, "/direction", "there is no 100"),
        ("dcgan", "explore", {"noise": [1.0]}, "/noise", "100 numbers"),
        ("dcgan", "explore", {"direction": 1, "steps": 5000}, "/steps", "more than the 1024"),
    ],
)
def test_explorations_that_make_no_sense(asking, kind, what, body, pointer, words):
    problem = asking.refusal(kind, what, body)
    assert problem["pointer"].startswith(pointer)
    assert words in problem["message"]


# -- units switched -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["dcgan", "keras"])
def test_samples_before_and_after_units_are_switched(asking, kind):
    units = {"dense_1": {"off": list(range(1024))}}
    found = asking.json(kind, "sample", {"count": 3, "seed": 7, "units": units})
    before = [pixels(image) for image in found["before"]]
    np.testing.assert_allclose(np.array(before, int), sampled(asking, kind, count=3, seed=7), atol=2)
    assert len(set(found["images"])) == 1  # nothing of the noise is left
    assert asking.picture(kind, "sample", {"count": 3, "columns": 3, "units": units}).width == 2 * side(3) + 8
    assert sampled(asking, kind, count=3, seed=7)[0].std() > 0


def test_units_that_are_on(asking):
    found = asking.json("waves", "sample", {"count": 2, "units": {"dense_1": {"on": {"3": 50.0}}}})
    assert np.shape(found["before"]) == np.shape(found["sequences"]) == (2, 8, 2)
    assert np.abs(np.array(found["before"]) - found["sequences"]).max() > 0.01


@pytest.mark.parametrize(
    ("units", "pointer", "words"),
    [
        ({"dense_9": {"off": [1]}}, "/units/dense_9", "no layer 'dense_9'"),
        ({"dense_1": {"off": [0, 1024]}}, "/units/dense_1/off/1", "0 to 1023; there is no unit 1024"),
        ({"dense_1": {"on": {"1600": 1}}}, "/units/dense_1/on/1600", "no unit 1600"),
        ({"dense_1": {"off": [4], "on": {"4": 1}}}, "/units/dense_1", "Unit 4 of 'dense_1' cannot be off and on"),
        ({"dense_1": {"of": [4]}}, "/units/dense_1/of", "not permitted"),
    ],
)
def test_units_that_there_are_not(asking, units, pointer, words):
    problem = asking.refusal("dcgan", "sample", {"count": 1, "units": units})
    assert problem["pointer"] == pointer
    assert words in problem["message"]


def test_a_label_has_no_units(asking):
    assert asking.refusal("cgan", "sample", {"units": {"label": {"off": [0]}}})["code"] == "no_units"


# -- layers ---------------------------------------------------------------------------------------------------------


def test_the_layers_there_are(asking):
    found = asking.json("dcgan", "layers", {})
    assert found["network"] == "generator"
    by_id = {layer["id"]: layer for layer in found["layers"]}
    assert by_id["noise"] == {"id": "noise", "type": "Input", "output_shape": [100], "units": 100, "has_maps": False}
    assert (by_id["conv2d_1"]["units"], by_id["conv2d_1"]["has_maps"]) == (32, True)
    assert asking.json("untrained", "layers", {"network": "discriminator"})["layers"][-1]["units"] == 1


@pytest.mark.parametrize("kind", ["dcgan", "keras"])
def test_the_maps_of_a_layer(asking, kind):
    body = {"layer": "conv2d_1", "seed": 7, "max_maps": 9}
    found = asking.json(kind, "layers", body)
    assert found["units"] == list(range(9))
    assert [pixels(file).shape for file in found["maps"][0]] == [(48, 48)] * 9
    assert asking.picture(kind, "layers", body).size == (3 * 50 - 2, 3 * 50 - 2)


def test_the_last_layer_is_the_sample(asking):
    """But for its range, which becomes black to white."""
    found = pixels(asking.json("dcgan", "layers", {"layer": "tanh_1", "seed": 7})["maps"][0][0])[::6, ::6]
    sample = sampled(asking, "dcgan", seed=7, count=1)[0].astype(float)
    wanted = (sample - sample.min()) / np.ptp(sample) * 255
    np.testing.assert_allclose(found, wanted, atol=20)


def test_what_a_discriminator_sees_in_images(asking):
    image = asking.json("dcgan", "sample", {"count": 1, "seed": 7})["images"][0]
    of_image = asking.json("dcgan", "layers", {"network": "discriminator", "layer": "conv2d_1", "images": [image] * 2})
    of_seed = asking.json("dcgan", "layers", {"network": "discriminator", "layer": "conv2d_1", "seed": 7})
    assert len(of_image["maps"]) == 2
    assert of_image["maps"][0] == of_image["maps"][1] == of_seed["maps"][0]


def test_layers_of_other_shapes(asking):
    dense = asking.json("cgan", "layers", {"layer": "dense_1", "label": 3})
    assert (dense["units"], len(dense["maps"][0])) == (None, 1)
    waves = {"network": "discriminator", "layer": "sequence", "sequences": [[[0.5, -0.5]] * 8], "label": 1}
    assert len(asking.json("waves", "layers", waves)["maps"][0]) == 2
    assert asking.picture("waves", "layers", waves).width > 200


@pytest.mark.parametrize(
    ("kind", "body", "pointer", "words"),
    [
        ("dcgan", {"layer": "conv9"}, "/layer", "The generator has no layer 'conv9'; it has noise, dense_1"),
        ("cgan", {"layer": "label"}, "/layer", "cannot be drawn"),
        ("dcgan", {"layer": "noise", "images": ["eA=="]}, "/images", "looks at noise"),
        ("dcgan", {"layer": "noise", "label": 1}, "/label", "knows no classes"),
        ("dcgan", {"network": "discriminator", "layer": "image", "images": ["eA=="]}, "/images/0", "no PNG"),
        ("dcgan", {"layer": "noise", "noise": [0.5]}, "/noise", "100 numbers"),
    ],
)
def test_layers_that_cannot_be_looked_at(asking, kind, body, pointer, words):
    problem = asking.refusal(kind, "layers", body)
    assert problem["pointer"] == pointer
    assert words in problem["message"]


def test_only_so_many_numbers_of_a_layer(asking):
    app = asking.client.application
    services = app.extensions[KEY]
    limited = dataclasses.replace(services.settings, max_activation_numbers=100)
    app.extensions[KEY] = dataclasses.replace(services, settings=limited)
    try:
        problem = asking.refusal("dcgan", "layers", {"layer": "dense_1"})
    finally:
        app.extensions[KEY] = services
    assert "AUTHORGAN_MAX_ACTIVATION_NUMBERS=100" in problem["message"]


# -- arithmetic -------------------------------------------------------------------------------------------------------


def test_of_a_conditional_generator_classes_are_mixed_on_the_same_noise(asking):
    body = {"terms": [{"label": 3}, {"label": 8, "sign": -1}, {"label": 8}], "count": 4, "seed": 5}
    found = asking.json("cgan", "arithmetic", body)
    assert found["noise"] is None
    assert [len(term["images"]) for term in found["terms"]] == [4, 4, 4]
    wanted = sampled(asking, "cgan", count=4, seed=5, labels=[3])
    for shown in (found["terms"][0], found["result"]):  # 3 - 8 + 8 is 3
        np.testing.assert_allclose(np.array([pixels(image) for image in shown["images"]], int), wanted, atol=2)


def test_points_and_classes_may_be_added_together(asking):
    found = asking.json("cgan", "arithmetic", {"terms": [{"seed": 4}, {"label": 8}], "count": 1})
    wanted = sampled(asking, "cgan", count=1, seed=4, labels=[8])[0]
    # brought to the usual length of noise, which the drawn vector has only about
    noise = latent(1, (100,), 4)[0]
    np.testing.assert_allclose(found["noise"], noise * 10 / np.linalg.norm(noise), rtol=1e-4)
    np.testing.assert_allclose(pixels(found["result"]["images"][0]).astype(int), wanted, atol=25)


def test_of_any_other_generator_points_of_the_noise_are(asking):
    body = {"terms": [{"seed": 1}, {"seed": 2, "sign": -1}, {"noise": latent(1, (100,), 2)[0].tolist()}], "count": 3}
    found = asking.json("dcgan", "arithmetic", body)
    noise = np.array(found["noise"])
    assert np.linalg.norm(noise) == pytest.approx(10)
    wanted = latent(1, (100,), 1)[0]
    np.testing.assert_allclose(noise, wanted * 10 / np.linalg.norm(wanted), rtol=1e-4, atol=1e-5)
    assert [len(term["images"]) for term in found["terms"]] == [4, 4, 4]  # the mean last
    result = asking.json("dcgan", "sample", {"noise": [found["noise"]]})["images"][0]
    np.testing.assert_allclose(pixels(found["result"]["images"][3]).astype(int), pixels(result), atol=1)
    sheet = asking.picture("dcgan", "arithmetic", body)
    assert sheet.width > 320
    np.testing.assert_array_equal(pixels(found["picture"]), np.asarray(sheet))


def events(response):
    blocks = [block.splitlines() for block in response.text.strip().split("\n\n")]
    return [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in blocks]


def test_whether_a_class_is_drawn_is_judged_and_told(asking):
    """An untrained generator draws none of them often."""
    body = {"terms": [{"label": 3}, {"label": 8, "sign": -1}], "count": 200}
    response = asking.post("dcgan", "arithmetic", body, Accept="text/event-stream")
    told = events(response)
    assert {data["what"] for kind, data in told if kind == "progress"} >= {"training the extractor"}
    kind, problem = told[-1]
    assert (kind, problem["problems"][0]["code"]) == ("problem", "class_not_drawn")
    assert "Of 4096 samples the classifier takes" in problem["detail"]


@pytest.mark.parametrize(
    ("kind", "terms", "pointer", "words"),
    [
        ("dcgan", [], "/terms", "at least 1"),
        ("dcgan", [{"sign": 1}], "/terms/0", "exactly one of"),
        ("dcgan", [{"seed": 1}, {"seed": 1, "label": 2}], "/terms/1", "exactly one of"),
        ("dcgan", [{"seed": 1, "sign": 2}], "/terms/0/sign", "1 or -1"),
        ("dcgan", [{"noise": [1.0]}], "/terms/0/noise", "100 numbers"),
        ("dcgan", [{"label": 10}], "/terms/0/label", "0 to 9"),
        ("cgan", [{"label": 10}], "/terms/0/label", "0 to 9"),
        ("dcgan", [{"seed": 1}, {"seed": 1, "sign": -1}], "/terms", "cancel each other"),
        ("free waves", [{"label": 1}], "/terms/0/label", "only images can be classified"),
    ],
)
def test_sums_that_make_no_sense(asking, kind, terms, pointer, words):
    problem = asking.refusal(kind, "arithmetic", {"terms": terms})
    assert problem["pointer"] == pointer
    assert words in problem["message"]


# -- dissect ----------------------------------------------------------------------------------------------------------


def b64png(mask):
    buffer = io.BytesIO()
    Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


TOP_HALF = np.repeat([True, False], [40, 40])[:, None] & np.ones((80, 80), bool)


def test_units_that_are_lit_in_a_class(asking):
    body = {"layer": "leakyrelu_1", "label": 3, "count": 40, "top": 4, "samples": 5}
    found = asking.json("cgan", "dissect", body)
    assert (found["by"], found["measure"]) == ("class", "cohens_d")
    scores = [unit["score"] for unit in found["units"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 4
    assert found["changed"]["of"] == 20  # every second sample is of that class
    assert pixels(found["units"][0]["picture"]).shape == (SIZE, side(5))
    assert pixels(found["before"]).shape == pixels(found["after"]).shape == (side(4), side(4))
    assert asking.post("cgan", "dissect", body, Accept="image/png").mimetype == "image/png"


def test_what_is_switched_off_can_be_switched_off_by_hand(asking):
    found = asking.json("cgan", "dissect", {"layer": "dense_1", "label": 3, "count": 10, "top": 128})
    units = {"dense_1": {"off": [unit["unit"] for unit in found["units"]]}}
    assert len(units["dense_1"]["off"]) == 128  # all of them: nothing of noise and label is left
    by_hand = asking.json("cgan", "sample", {"count": 5, "labels": [3], "units": units})["images"]
    assert len(set(by_hand)) == 1
    np.testing.assert_array_equal(pixels(found["after"])[:SIZE, :SIZE], pixels(by_hand[0]))


def test_units_are_switched_on_in_samples_of_other_classes(asking):
    body = {"layer": "leakyrelu_1", "label": 3, "count": 40, "top": 64, "switch": "on"}
    found = asking.json("cgan", "dissect", body)
    assert found["changed"]["of"] == 20
    assert 0 <= found["changed"]["to_label"] <= found["changed"]["count"] <= 20
    levels = {str(unit["unit"]): unit["level"] for unit in found["units"]}
    by_hand = asking.json("cgan", "sample", {"count": 2, "labels": [3, 1], "units": {"leakyrelu_1": {"on": levels}}})
    np.testing.assert_allclose(pixels(found["after"])[:SIZE, :SIZE].astype(int), pixels(by_hand["images"][1]), atol=1)


@pytest.mark.parametrize("kind", ["dcgan", "keras"])
def test_units_that_are_lit_where_a_mask_is(asking, kind):
    body = {"layer": "conv2d_1", "mask": b64png(TOP_HALF), "count": 20, "top": 3}
    response = asking.post(kind, "dissect", body, Accept="text/event-stream")
    told = events(response)
    assert ("progress", {"what": "looking at units", "done": 32, "total": 32}) in told
    event, found = told[-1]
    assert (event, found["by"], found["measure"]) == ("dissection", "mask", "iou")
    assert all(0 <= unit["score"] <= 1 for unit in found["units"])
    assert found["changed"]["of"] == 20


def test_a_class_of_sequences_that_are_drawn_by_class(asking):
    found = asking.json("waves", "dissect", {"layer": "dense_1", "label": 2, "count": 20, "top": 2})
    assert found["changed"] is None  # nobody judges sequences
    assert found["before"] != found["after"]


@pytest.mark.parametrize(
    ("kind", "body", "pointer", "words"),
    [
        ("dcgan", {}, "/layer", "required"),
        ("dcgan", {"layer": "x", "label": 1}, "/layer", "no layer 'x'"),
        ("dcgan", {"layer": "conv2d_1"}, "/label", "either by a `label` or by a `mask`"),
        ("dcgan", {"layer": "dense_1", "mask": b64png(TOP_HALF)}, "/layer", "not a map a unit"),
        ("dcgan", {"layer": "conv2d_1", "mask": "eA=="}, "/mask", "The mask is no PNG or JPEG file"),
        ("dcgan", {"layer": "conv2d_1", "mask": b64png(TOP_HALF & False)}, "/mask", "black everywhere"),
        ("dcgan", {"layer": "conv2d_1", "label": 10}, "/label", "0 to 9"),
        ("dcgan", {"layer": "conv2d_1", "label": 1, "count": 5000}, "/count", "1024"),
        ("dcgan", {"layer": "conv2d_1", "label": 1, "top": 1000}, "/top", "1000 units of 6 samples"),
        ("dcgan", {"layer": "conv2d_1", "label": 1, "switch": "up"}, "/switch", "'off' or 'on'"),
        ("cgan", {"layer": "label", "label": 1}, "/layer", "has no units"),
        ("waves", {"layer": "dense_1", "mask": b64png(TOP_HALF)}, "/mask", "lies over images"),
        ("free waves", {"layer": "dense_1", "label": 1}, "/label", "only images can be classified"),
    ],
)
def test_dissections_that_make_no_sense(asking, kind, body, pointer, words):
    problem = asking.refusal(kind, "dissect", body)
    assert problem["pointer"] == pointer
    assert words in problem["message"]
