"""What a request must be before any resource sees it."""

import json

import pytest

from tests.fleet import states

from .conftest import SPEC

KEY = "a-long-enough-key"


def problem(response):
    assert response.mimetype == "application/problem+json"
    body = json.loads(response.data)
    assert body["status"] == response.status_code
    assert body["detail"]
    return body["type"].removeprefix("urn:authorgan:problem:")


# -- the key -------------------------------------------------------------------------------------------------------


def test_with_a_key_nothing_goes_without_it(make_client):
    client = make_client(api_key=KEY)
    for method, path in (("get", "/v1/jobs"), ("post", "/v1/jobs"), ("get", "/v1/datasets"), ("delete", "/v1/jobs/x")):
        response = getattr(client, method)(path)
        assert response.status_code == 401
        assert problem(response) == "key_needed"
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
    assert client.get("/v1/jobs", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200


@pytest.mark.parametrize("value", [f"Bearer {KEY}x", f"Basic {KEY}", KEY, f"Bearer {KEY[:-1]}", "Bearer schlüssel"])
def test_a_wrong_key_is_refused(make_client, value):
    response = make_client(api_key=KEY).get("/v1/jobs", headers={"Authorization": value.encode().decode("latin1")})
    assert response.status_code == 401


def test_health_and_documentation_need_no_key(make_client):
    client = make_client(api_key=KEY)
    assert client.get("/healthz").status_code == 200
    assert client.get("/docs").status_code == 200
    document = client.get("/openapi.json").json
    assert document["security"] == [{"api_key": []}]
    assert document["components"]["securitySchemes"] == {"api_key": {"type": "http", "scheme": "bearer"}}


# -- pages of other sites ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:1880", "http://localhost:80"])
def test_pages_of_other_origins_may_not_change_anything(client, store, origin):
    response = client.post("/v1/jobs", json=SPEC, headers={"Origin": origin, "Host": "127.0.0.1:5050"})
    assert response.status_code == 403
    assert problem(response) == "foreign_origin"
    assert states(store) == {}


def test_our_own_pages_and_allowed_ones_may(make_client):
    client = make_client(allowed_origins=("http://127.0.0.1:1880",))
    for origin in ("http://127.0.0.1:5050", "http://127.0.0.1:1880"):
        response = client.post("/v1/jobs", json=SPEC, headers={"Origin": origin, "Host": "127.0.0.1:5050"})
        assert response.status_code == 202
    assert response.headers["Access-Control-Allow-Origin"] == "http://127.0.0.1:1880"
    preflight = client.options("/v1/jobs", headers={"Origin": "http://127.0.0.1:1880"})
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    stranger = client.options("/v1/jobs", headers={"Origin": "http://evil.example"})
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_a_foreign_name_that_points_here_is_not_served(client):
    """DNS rebinding: the page and the request agree on a name, but it is not ours."""
    response = client.get("/v1/jobs", headers={"Host": "evil.example:5050"})
    assert response.status_code == 403
    assert problem(response) == "foreign_host"
    for host in ("localhost:5050", "127.0.0.1", "[::1]:5050"):
        assert client.get("/v1/jobs", headers={"Host": host}).status_code == 200


def test_with_a_key_any_name_will_do(make_client):
    client = make_client(api_key=KEY, host="0.0.0.0")
    headers = {"Host": "gan.example", "Authorization": f"Bearer {KEY}"}
    assert client.get("/v1/jobs", headers=headers).status_code == 200


# -- bodies --------------------------------------------------------------------------------------------------------


def test_a_body_that_is_not_declared_as_json(client):
    response = client.post("/v1/jobs", data=json.dumps(SPEC))
    assert response.status_code == 415
    assert "--json" in json.loads(response.data)["detail"]
    response = client.post("/v1/jobs", data={"name": "x"})
    assert response.status_code == 415
    assert "application/x-www-form-urlencoded" in json.loads(response.data)["detail"]


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/specs/resolve"])
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b'{"a": 1,}', "malformed_json"),
        (b'{"a": NaN}', "malformed_json"),
        (b'{"a": Infinity}', "malformed_json"),
        (b"\xff\xfe{}", "malformed_json"),
        (b"[]", "not_an_object"),
        (b"null", "not_an_object"),
        (b'"text"', "not_an_object"),
        (b'{"a":' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
        (b"[" * 100_000, "too_deep"),
    ],
)
def test_a_body_that_is_no_json_object(client, path, body, code):
    response = client.post(path, data=body, content_type="application/json")
    assert response.status_code == 400
    assert problem(response) == code


def test_malformed_json_says_where(client):
    response = client.post("/v1/jobs", data=b'{"data":\n  oops}', content_type="application/json")
    assert "line 2, column 3" in json.loads(response.data)["detail"]


def test_a_body_that_is_too_large(make_client):
    client = make_client(max_body_bytes=1000)
    response = client.post("/v1/jobs", json={"name": "x" * 1000})
    assert response.status_code == 413
    assert "1,000 bytes" in json.loads(response.data)["detail"]
    # Without a length that could be looked at beforehand.
    response = client.post(
        "/v1/jobs",
        input_stream=__import__("io").BytesIO(b'{"name": "' + b"x" * 2000 + b'"}'),
        content_type="application/json",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert response.status_code == 413


# -- everything else that can go wrong -----------------------------------------------------------------------------


def test_paths_and_methods_that_there_are_not(client):
    response = client.get("/v1/nothing")
    assert (response.status_code, problem(response)) == (404, "not_found")
    response = client.post("/v1/jobs/x/events", json={})
    assert (response.status_code, problem(response)) == (405, "method_not_allowed")
    assert "GET" in response.headers["Allow"]
    response = client.delete("/v1/catalogue")
    assert response.status_code == 405


def test_a_failure_of_ours_tells_nothing_of_the_inside(client, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("secret of the house")

    monkeypatch.setattr(client.application.extensions["authorgan"].store.runs, "find", fail)
    response = client.get("/v1/jobs")
    assert (response.status_code, problem(response)) == (500, "internal_error")
    assert "secret" not in response.text


def test_a_database_that_is_away_is_a_passing_failure(client, services):
    services.store.engine.dispose()
    database = services.settings.home / "authorgan.db"
    for path in (database, database.with_name("authorgan.db-wal"), database.with_name("authorgan.db-shm")):
        path.unlink(missing_ok=True)
    database.mkdir()
    response = client.get("/v1/jobs")
    assert (response.status_code, problem(response)) == (503, "database_unavailable")
    assert response.headers["Retry-After"]


def test_answers_are_not_guessed_at(client):
    response = client.get("/v1/jobs")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-cache"
