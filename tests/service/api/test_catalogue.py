"""The catalogue, the zoo and the resolving of specs."""

import pytest

import spec.catalogue
import spec.zoo

from .conftest import SPEC


def test_the_catalogue_is_served_whole_and_once(client):
    response = client.get("/v1/catalogue")
    assert set(response.json) == set(spec.catalogue.KINDS)
    assert response.json["layers"]["Dense"]["parameters"]["properties"]["units"]["type"] == "integer"
    again = client.get("/v1/catalogue", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304


def test_the_drivers_say_what_they_can_do(client):
    known = client.get("/v1/drivers").json["drivers"]
    assert {"jax", "tensorflow", "torch"} >= set(known["keras"]["backends"]) >= {"torch"}
    assert "backends" not in known["pytorch"]
    assert all("Conv2D" in known[driver]["layers"] for driver in ("keras", "pytorch"))


def test_every_gan_of_the_zoo_can_be_resolved(client):
    names = [entry["name"] for entry in client.get("/v1/zoo").json["zoo"]]
    assert names == list(spec.zoo.load())
    for name in names:
        entry = client.get(f"/v1/zoo/{name}")
        assert client.post("/v1/specs/resolve", json=entry.json).status_code == 200, name


def test_a_gan_that_is_not_in_the_zoo(client):
    assert client.get("/v1/zoo/unicorn").status_code == 404


def test_resolving_fills_in_everything(client):
    resolved = client.post("/v1/specs/resolve", json=SPEC).json
    assert resolved["spec"]["training"]["batch_size"] == 64
    assert all("output_shape" in layer for layer in resolved["spec"]["generator"]["layers"])
    again = client.post("/v1/specs/resolve", json=resolved["spec"]).json
    assert again == resolved


def test_problems_name_the_drawn_node(client):
    drawn = {
        **SPEC,
        "generator": {
            "choice": "custom",
            "layers": [
                {"id": "z", "type": "Input", "source": "noise", "shape": [10]},
                {"id": "d", "type": "Dense", "units": "many", "inputs": ["z"], "node_id": "a1b2c3"},
            ],
        },
    }
    response = client.post("/v1/specs/resolve", json=drawn)
    assert response.status_code == 422
    problems = response.get_json(force=True)["problems"]
    assert any(problem.get("node_id") == "a1b2c3" for problem in problems)


def test_what_fits_is_measured_all_the_same(client):
    drawn = {
        **SPEC,
        "generator": {
            "choice": "custom",
            "layers": [
                {"id": "z", "type": "Input", "source": "noise", "shape": [10]},
                {"id": "d", "type": "Dense", "units": 4, "inputs": ["z"], "node_id": "a1b2c3"},
                {"id": "r", "type": "Reshape", "target_shape": [3], "inputs": ["d"]},
                {"id": "t", "type": "Tanh", "inputs": ["r"]},
            ],
        },
    }
    response = client.post("/v1/specs/resolve", json=drawn)
    assert response.status_code == 422
    assert response.get_json(force=True)["measured"]["generator"]["layers"] == [
        {"id": "z", "output_shape": [10], "parameter_count": 0},
        {"id": "d", "node_id": "a1b2c3", "output_shape": [4], "parameter_count": 10 * 4 + 4},
    ]


def test_resolving_does_not_look_for_data(client):
    missing = {**SPEC, "data": {"choice": "npz", "path": "nowhere.npz"}}
    assert client.post("/v1/specs/resolve", json=missing).status_code == 200


@pytest.mark.parametrize("kind", ["layers", "generators", "losses"])
def test_the_document_knows_every_entry(client, kind):
    schemas = client.get("/openapi.json").json["components"]["schemas"]
    found = str(schemas["Layer"] if kind == "layers" else schemas["Spec"])
    assert all(f"'{name}'" in found for name in spec.catalogue.load()[kind])
