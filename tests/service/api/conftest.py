"""The application on a real database, storage and Valkey; every answer is held to the OpenAPI document."""

from __future__ import annotations

import dataclasses
import re
from functools import cache

import jsonschema
import pytest
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from service.api import create_app
from service.api.context import KEY

SPEC = {
    "name": "a small one",
    "data": {"choice": "digits"},
    "generator": {"choice": "dcgan"},
    "discriminator": {"choice": "dcgan"},
    "training": {"epochs": 2},
}


class DocumentedClient(FlaskClient):
    """Checks that what comes back is what ``/openapi.json`` promises for this operation and status."""

    def open(self, *args, **kwargs):
        response = super().open(*args, **kwargs)
        check_documented(self.application, response)
        return response


def check_documented(app, response):
    try:
        url_rule, _ = app.url_map.bind_to_environ(response.request.environ).match(return_rule=True)
    except HTTPException:  # no such path, or a method that it does not have
        return
    if url_rule.rule in ("/", "/docs", "/openapi.json") or response.request.method == "OPTIONS":
        return
    document = document_of(app)
    path = re.sub(r"<(?:[^<:>]+:)?([^<>]+)>", r"{\1}", url_rule.rule)
    operation = document["paths"][path][response.request.method.lower()]
    status = str(response.status_code)
    assert status in operation["responses"], f"{response.request.method} {path} answers {status}, which is undocumented"
    content = operation["responses"][status].get("content") or {}
    if not content:
        return
    assert response.mimetype in content, f"{path} answers {status} as {response.mimetype}, which is undocumented"
    if response.is_json or response.mimetype == "application/problem+json":
        schema = {**content[response.mimetype]["schema"], "components": document["components"]}
        jsonschema.validate(response.get_json(force=True), schema, cls=jsonschema.Draft202012Validator)


@cache
def document_of(app):
    return app.spec


@pytest.fixture
def make_client(settings):
    """Builds a client, with some settings changed."""
    opened = []

    def make(**changes):
        app = create_app(dataclasses.replace(settings, **changes))
        app.test_client_class = DocumentedClient
        opened.append(app.extensions[KEY])
        return app.test_client()

    yield make
    for services in opened:
        services.watch.close()
        services.store.close()


@pytest.fixture
def client(make_client):
    return make_client()


@pytest.fixture
def services(client):
    return client.application.extensions[KEY]


@pytest.fixture
def store(services):
    return services.store


@pytest.fixture
def job(client):
    """The id of a submitted job."""
    response = client.post("/v1/jobs", json=SPEC)
    assert response.status_code == 202
    return response.json["id"]
