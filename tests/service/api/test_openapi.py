"""The OpenAPI document and its page."""

import json
import re

import jsonschema
import pytest


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def test_it_is_openapi_3_1(document):
    assert document["openapi"] == "3.1.0"
    assert document["info"]["title"] == "AuthorGAN"


def test_it_has_every_endpoint(document):
    assert {(path, method) for path, operations in document["paths"].items() for method in operations} == {
        ("/v1/catalogue", "get"),
        ("/v1/drivers", "get"),
        ("/v1/zoo", "get"),
        ("/v1/zoo/{name}", "get"),
        ("/v1/specs/resolve", "post"),
        ("/v1/specs/from-picture", "post"),
        ("/v1/jobs", "post"),
        ("/v1/jobs", "get"),
        ("/v1/jobs/{job_id}", "get"),
        ("/v1/jobs/{job_id}", "patch"),
        ("/v1/jobs/{job_id}", "delete"),
        ("/v1/tags", "get"),
        ("/v1/jobs/{job_id}/export.zip", "get"),
        ("/v1/jobs/import", "post"),
        ("/v1/compare", "get"),
        ("/v1/compare/samples.png", "get"),
        ("/v1/sweeps", "post"),
        ("/v1/sweeps", "get"),
        ("/v1/sweeps/{sweep_id}", "get"),
        ("/v1/sweeps/{sweep_id}", "delete"),
        ("/v1/sweeps/{sweep_id}/actions", "post"),
        ("/v1/sweeps/{sweep_id}/heatmap.svg", "get"),
        ("/v1/sweeps/{sweep_id}/heatmap.png", "get"),
        ("/v1/sweeps/{sweep_id}/heatmap.csv", "get"),
        ("/v1/jobs/{job_id}/actions", "post"),
        ("/v1/jobs/{job_id}/events", "get"),
        ("/v1/jobs/{job_id}/metrics", "get"),
        ("/v1/jobs/{job_id}/markers", "get"),
        ("/v1/jobs/{job_id}/reading", "get"),
        ("/v1/jobs/{job_id}/real.png", "get"),
        ("/v1/jobs/{job_id}/movie.gif", "get"),
        ("/v1/jobs/{job_id}/movie.mp4", "get"),
        ("/v1/jobs/{job_id}/samples", "get"),
        ("/v1/jobs/{job_id}/samples/{step}.png", "get"),
        ("/v1/jobs/{job_id}/samples/latest.png", "get"),
        ("/v1/jobs/{job_id}/artifacts", "get"),
        ("/v1/jobs/{job_id}/artifacts/{name}", "get"),
        ("/v1/models/{job_id}/sample", "post"),
        ("/v1/models/{job_id}/discriminate", "post"),
        ("/v1/models/{job_id}/interpolate", "post"),
        ("/v1/models/{job_id}/directions", "post"),
        ("/v1/models/{job_id}/explore", "post"),
        ("/v1/models/{job_id}/layers", "post"),
        ("/v1/models/{job_id}/arithmetic", "post"),
        ("/v1/models/{job_id}/dissect", "post"),
        ("/v1/models/{job_id}/evaluate", "post"),
        ("/v1/datasets", "get"),
        ("/v1/datasets", "post"),
        ("/v1/models/{job_id}/export", "post"),
        ("/v1/specs/export", "post"),
        ("/v1/specs/import", "post"),
        ("/v1/models/import", "post"),
        ("/v1/datasets/{dataset_id}", "get"),
        ("/v1/datasets/{dataset_id}", "delete"),
        ("/v1/datasets/{dataset_id}/preview.png", "get"),
        ("/healthz", "get"),
        ("/readyz", "get"),
    }


def test_operations_have_names_of_their_own_and_summaries(document):
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    names = [operation["operationId"] for operation in operations]
    assert len(set(names)) == len(names)
    assert all(operation["summary"] for operation in operations)


def test_every_reference_leads_somewhere(document):
    references = set(re.findall(r'"\$ref": "#/components/schemas/([^"]+)"', json.dumps(document)))
    assert references <= set(document["components"]["schemas"])
    assert {"Spec", "Layer", "Job", "Problem"} <= references


def test_every_schema_is_one(document):
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_error_is_a_problem(document):
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                if status >= "400" and path != "/readyz":
                    assert list(response["content"]) == ["application/problem+json"], (path, method, status)


def test_its_own_examples_are_right(client, document):
    content = document["paths"]["/v1/jobs"]["post"]["requestBody"]["content"]["application/json"]
    assert client.post("/v1/specs/resolve", json=content["example"]).status_code == 200
    schema = {**content["schema"], "components": document["components"]}
    jsonschema.validate(content["example"], schema, cls=jsonschema.Draft202012Validator)


def test_the_page_needs_nothing_from_elsewhere(client):
    page = client.get("/docs")
    assert page.mimetype == "text/html"
    assert "<script" not in page.text
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page.text)
    for name in ("submit_job", "follow_job", "sample", "upload_dataset"):
        assert f'id="{name}"' in page.text
    targets = set(re.findall(r'href="#([^"]+)"', page.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', page.text))


def test_who_opens_the_address_itself_is_led_to_the_page(client):
    response = client.get("/")
    assert (response.status_code, response.headers["Location"]) == (302, "/docs")
