"""What a request must be before any resource sees it: from the right place, with the key, of a sane size and form."""

from __future__ import annotations

import hmac
import json
from typing import Any, NoReturn
from urllib.parse import urlsplit

from flask import Flask, Request, Response, request
from flask.json.provider import DefaultJSONProvider
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import RequestEntityTooLarge

from service.api.problems import ProblemError
from service.config import Settings, is_loopback

OPEN_PATHS = frozenset({"/", "/healthz", "/readyz", "/docs", "/openapi.json"})
"""Readable without the API key."""

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
UPLOADS = frozenset({"datasets.upload", "imports.import_network", "imports.import_weights", "archives.import_run"})
MULTIPART_OVERHEAD = 64 * 1024
"""What the form around an uploaded file may add to its size."""


class StrictJSON(DefaultJSONProvider):
    """JSON as RFC 8259 has it: Python's NaN and Infinity are refused on the way in and never sent."""

    sort_keys = False
    ensure_ascii = False

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return json.loads(s, parse_constant=_refuse_constant, **kwargs)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return super().dumps(obj, allow_nan=False, **kwargs)


def register(app: Flask, settings: Settings) -> None:
    """Check every request, and give every response the headers that keep browsers from guessing."""

    def check() -> None:
        _limit_size(request, settings)
        _check_host(request, settings)
        _check_origin(request, settings)
        _check_key(request, settings)
        _check_body(request, settings)

    def finish(response: Response) -> ResponseReturnValue:
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Cache-Control", "no-store" if request.method in CHANGING else "no-cache")
        _allow_origin(response, settings)
        return response

    app.before_request(check)
    app.after_request(finish)


def _limit_size(request: Request, settings: Settings) -> None:
    is_upload = request.endpoint in UPLOADS
    limit = settings.max_upload_bytes + MULTIPART_OVERHEAD if is_upload else settings.max_body_bytes
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        _too_large(limit)


def _too_large(limit: int) -> NoReturn:
    raise ProblemError(413, "too_large", f"The request is larger than the {limit:,} bytes this service accepts.")


def _check_host(request: Request, settings: Settings) -> None:
    """Without a key only this machine is served, and a foreign name that was made to point here is not this machine."""
    if settings.api_key:
        return
    host = urlsplit(f"//{request.host}").hostname or ""
    trusted = {urlsplit(origin).hostname for origin in settings.allowed_origins}
    if not is_loopback(host) and host not in trusted:
        raise ProblemError(
            403, "foreign_host", f"This service answers on 127.0.0.1 and localhost only, not as '{host[:100]}'."
        )


def _check_origin(request: Request, settings: Settings) -> None:
    """A page of another site must not change anything here. Programs other than browsers send no Origin."""
    origin = request.headers.get("Origin")
    if origin is None or request.method not in CHANGING:
        return
    if origin != request.host_url.rstrip("/") and origin not in settings.allowed_origins:
        raise ProblemError(
            403,
            "foreign_origin",
            f"Pages of {origin[:200]} may not change anything here; AUTHORGAN_ALLOWED_ORIGINS can allow them.",
        )


def _allow_origin(response: Response, settings: Settings) -> None:
    origin = request.headers.get("Origin")
    if origin not in settings.allowed_origins or origin is None:
        return
    response.headers["Access-Control-Allow-Origin"] = origin
    response.headers["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID"
    response.headers["Access-Control-Allow-Methods"] = "GET, POST, PATCH, DELETE"
    response.headers["Access-Control-Expose-Headers"] = "ETag, Location, Retry-After"
    response.vary.add("Origin")


def _check_key(request: Request, settings: Settings) -> None:
    if not settings.api_key or request.path in OPEN_PATHS or request.method == "OPTIONS":
        return
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(key.strip().encode(), settings.api_key.encode()):
        raise ProblemError(
            401,
            "wrong_key" if key else "key_needed",
            "Send the service's API key in the header 'Authorization: Bearer …'.",
            headers={"WWW-Authenticate": 'Bearer realm="AuthorGAN"'},
        )


def _check_body(request: Request, settings: Settings) -> None:
    if request.method not in CHANGING or request.endpoint is None:
        return
    if request.endpoint in UPLOADS:
        if request.mimetype != "multipart/form-data":
            _wrong_type(request, "multipart/form-data, with the file in the field 'file'")
        return
    if request.method == "DELETE":
        return
    if request.mimetype != "application/json":
        _wrong_type(request, "application/json (curl: --json)")
    try:
        body = request.get_json()
    except RequestEntityTooLarge:
        _too_large(settings.max_body_bytes)
    except RecursionError:
        _too_deep(settings)
    if not isinstance(body, dict):
        raise ProblemError(400, "not_an_object", "The body must be a JSON object, { … }.")
    if _deeper_than(settings.max_json_depth, body):
        _too_deep(settings)


def _wrong_type(request: Request, right: str) -> NoReturn:
    received = f"'{request.mimetype[:100]}'" if request.mimetype else "no content type"
    raise ProblemError(415, "unsupported_media_type", f"The body must be {right}; received {received}.")


def _too_deep(settings: Settings) -> NoReturn:
    raise ProblemError(
        400, "too_deep", f"The body nests more than {settings.max_json_depth} objects and lists inside each other."
    )


def _deeper_than(depth: int, body: Any) -> bool:
    level = [body]
    for _ in range(depth):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def malformed(error: ValueError) -> ProblemError:
    """400 for a body that is no JSON, with the place of the fault."""
    if isinstance(error, json.JSONDecodeError):
        where = f"line {error.lineno}, column {error.colno}: {error.msg}"
    else:
        where = str(error)
    return ProblemError(400, "malformed_json", f"The body is not JSON; {where}.")


class StrictRequest(Request):
    """Reports malformed JSON with the place of the fault."""

    def on_json_loading_failed(self, e: ValueError | None) -> Any:
        if e is None:
            return super().on_json_loading_failed(e)
        raise malformed(e)
