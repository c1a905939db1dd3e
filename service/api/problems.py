"""Every error leaves as RFC 9457 ``application/problem+json``, written for the person who caused it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from apiflask import APIFlask
from apiflask.exceptions import HTTPError
from flask import Response, request
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException

from service.store import JobNotFoundError, RefusedError, SweepNotFoundError
from spec import SpecError

log = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""When to ask again after a passing failure of ours."""


class ProblemError(Exception):
    """Ends the request with a problem.

    Args:
        status: HTTP status.
        code: For programs; the problem's ``type`` is ``urn:authorgan:problem:<code>``.
        detail: For people: what was wrong, and what would be right.
        problems: Single problems, each ``{pointer, code, message, node_id?}``; pointers lead into the request's body.
        more: Further members of the body.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        problems: Sequence[Mapping[str, Any]] = (),
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, Any] | None = None,
    ):
        super().__init__(detail)
        self.status, self.code, self.detail = status, code, detail
        self.problems = list(problems)
        self.headers = dict(headers or {})
        self.more = dict(more or {})


def not_found(what: str, name: str) -> ProblemError:
    """404: there is no such thing."""
    return ProblemError(404, "not_found", f"There is no {what} '{name[:100]}'.")


def invalid(pointer: str, code: str, message: str) -> ProblemError:
    """422 with a single problem in the body."""
    return ProblemError(
        422, "invalid_request", message, problems=[{"pointer": pointer, "code": code, "message": message}]
    )


def respond(error: ProblemError) -> Response:
    """The problem as a response."""
    return Response(json.dumps(body_of(error)), error.status, error.headers, content_type=CONTENT_TYPE)


def body_of(error: ProblemError) -> dict[str, Any]:
    """The problem as RFC 9457 writes it."""
    return {
        "type": f"urn:authorgan:problem:{error.code}",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "problems": error.problems,
        **error.more,
    }


def register(app: APIFlask) -> None:
    """Turn everything that may be raised in a request into a problem."""

    def handler(convert: Any) -> Any:
        return lambda error: respond(convert(error))

    app.register_error_handler(ProblemError, respond)
    app.register_error_handler(SpecError, handler(_of_spec))
    app.register_error_handler(JobNotFoundError, handler(lambda error: not_found("job", str(error))))
    app.register_error_handler(SweepNotFoundError, handler(lambda error: not_found("sweep", str(error))))
    app.register_error_handler(RefusedError, handler(_of_refusal))
    app.register_error_handler(HTTPError, handler(_of_validation))
    app.register_error_handler(HTTPException, handler(_of_http))
    app.register_error_handler(OperationalError, handler(_of_database))
    app.register_error_handler(PoolTimeoutError, handler(_of_database))
    app.register_error_handler(Exception, handler(_unforeseen))


def _of_spec(error: SpecError) -> ProblemError:
    count = len(error.problems)
    what = "has one problem" if count == 1 else f"has {count} problems"
    return ProblemError(
        422, "invalid_spec", f"The spec {what}.", problems=error.problems, more={"measured": error.measured}
    )


def _of_refusal(error: RefusedError) -> ProblemError:
    if error.code == "queue_full":
        return ProblemError(429, error.code, str(error), headers={"Retry-After": "60"})
    return ProblemError(409, error.code, str(error))


def _of_validation(error: HTTPError) -> ProblemError:
    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return ProblemError(error.status_code, "invalid_request", error.message)
    (location,) = error.detail
    problems = [_of_field(item, location) for item in cause.errors(include_url=False, include_context=False)]
    return ProblemError(422, "invalid_request", problems[0]["message"], problems=problems)


def _of_field(item: Mapping[str, Any], location: str) -> dict[str, Any]:
    places = _places(item, request.get_json(silent=True)) if location == "json" else item["loc"]
    path = [str(part).replace("~", "~0").replace("/", "~1") for part in places]
    name = ".".join(str(part) for part in places)
    message = item["msg"].removeprefix("Value error, ")
    message = f"{name}: {message}" if name else message
    if location == "query":
        return {"pointer": "", "code": item["type"], "message": message, "parameter": name}
    return {"pointer": "".join(f"/{part}" for part in path), "code": item["type"], "message": message}


def _places(item: Mapping[str, Any], body: Any) -> list[str | int]:
    """Where in the body a problem is; between its keys Pydantic also names the alternatives of a type that it tried."""
    places: list[str | int] = []
    for number, part in enumerate(item["loc"], start=1):
        if (isinstance(body, Mapping) and part in body) or (isinstance(body, list) and part in range(len(body))):
            body = body[part]
            places.append(part)
        elif item["type"] == "missing" and number == len(item["loc"]):
            places.append(part)
    return places


_DETAILS = {
    400: ("bad_request", "The request cannot be understood."),
    404: ("not_found", "There is nothing at {path}; /docs lists what there is."),
    405: ("method_not_allowed", "{method} does not fit {path}; /docs lists what does."),
    413: ("too_large", "The request is larger than this service accepts."),
    415: ("unsupported_media_type", "The content type does not fit."),
}


def _of_http(error: HTTPException) -> ProblemError:
    status = error.code or 500
    code, detail = _DETAILS.get(status, (HTTPStatus(status).name.lower(), error.description or error.name))
    headers = {name: value for name, value in error.get_headers() if name.lower() in {"allow", "retry-after"}}
    detail = detail.format(path=request.path[:200], method=request.method) if status in _DETAILS else detail
    return ProblemError(status, code, detail, headers=headers)


def _of_database(error: OperationalError | PoolTimeoutError) -> ProblemError:
    log.error("the database does not answer: %s", error)
    return ProblemError(
        503,
        "database_unavailable",
        "The database does not answer just now; ask again in a moment.",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _unforeseen(error: Exception) -> ProblemError:
    log.error("unforeseen failure of %s %s", request.method, request.path, exc_info=error)
    return ProblemError(500, "internal_error", "Something failed that should not have; the service's log says what.")
