"""Questions that take a model long: it tells how far it is to those who ask for a stream of events."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from flask import Response

from service.api.context import context
from service.api.events import message
from service.api.models import problem_of
from service.api.problems import body_of
from service.queue.interactive import InteractiveError, converse

STREAM = "text/event-stream"


def conversation(
    kind: str,
    job_id: str,
    params: dict[str, Any],
    *,
    event: str,
    as_stream: bool,
    form: Callable[[dict[str, Any]], Any] = lambda result: result,
) -> Any:
    """The answer of a model; or a stream of `progress` events (`what`, `done`, `total`), and last it or a `problem`.

    Args:
        event: the type of the last event.
        form: makes the answer of the model's result.
    """
    settings = context().settings
    messages = converse(kind, job_id, params, settings.evaluation_seconds, settings=settings)
    try:
        first = next(messages)
        if as_stream:
            headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
            told = _told(itertools.chain([first], messages), event, form)
            return Response(told, headers=headers, content_type=f"{STREAM}; charset=utf-8")
        *_, last = [first, *messages]
    except InteractiveError as error:
        raise problem_of(error) from error
    return form(last["result"])


def _told(messages: Iterator[dict[str, Any]], event: str, form: Callable[[dict[str, Any]], Any]) -> Iterator[str]:
    """A conversation as server-sent events."""
    try:
        for told in messages:
            is_last = "result" in told
            yield message(event, form(told["result"])) if is_last else message("progress", told["progress"])
    except InteractiveError as error:
        yield message("problem", body_of(problem_of(error)))
