"""The events of a job as server-sent events, from wherever a client left off to the end."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import redis
from apiflask import APIBlueprint
from flask import Response, request

from service.api import represent
from service.api.context import Context, context
from service.api.problems import ProblemError
from service.api.schemas.results import EventsQuery
from service.api.watch import ClosedError, Entry, OverflowedError, Watcher, earlier, is_entry_id, order
from service.db.models import Job
from service.store import ENDED, JobNotFoundError

log = logging.getLogger(__name__)

events = APIBlueprint("events", __name__, url_prefix="/v1/jobs/<job_id>", tag="Jobs")

RECONNECT_MS = 2000
"""What browsers are told to wait before they come back."""

ROW_LAG_SECONDS = 5.0
"""An event may be in the stream this long before the row holds what it says."""

BEGINNING = "0-0"

BIRTH = {"type": "state", "state": "queued", "attempt": 0}
"""The first event of every job; a stream that begins with it is whole."""


@events.get("/events")
@events.input(EventsQuery, location="query")
@events.doc(
    operation_id="follow_job",
    responses={
        200: {
            "description": "`event`: state, progress, loss, measurement, sample, metric, log, snapshot or end; "
            "`data`: JSON.",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        503: "Too many clients are watching.",
    },
)
def follow(job_id: str, query_data: EventsQuery) -> Response:
    """Follow a job

    Server-sent events. `Last-Event-ID` goes on behind that event; with `new`, and without it, nothing comes that has
    happened before. Where events are no longer kept, the first one is a
    `snapshot`: the whole job. The stream ends after `end`; every 15 seconds of silence it says `: ping`.
    """
    services = context()
    job = services.store.get(job_id)
    after = request.headers.get("Last-Event-ID") or BEGINNING
    if after == BEGINNING and query_data.new:
        with suppress(redis.RedisError):  # a broker that is away is dealt with further on
            after = services.watch.last_id(job.id)
    if after != BEGINNING and not is_entry_id(after):
        raise ProblemError(400, "bad_event_id", "Last-Event-ID must be the id of an event of this job.")
    if services.watch.full:
        raise ProblemError(503, "too_many_clients", "Too many clients are watching.", headers={"Retry-After": "30"})
    response = Response(Following(services, job.id, after).run(), content_type="text/event-stream; charset=utf-8")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response


class Following:
    """One client that follows one job.

    Args:
        after: The id of the last event it has seen.
    """

    def __init__(self, services: Context, job_id: str, after: str):
        self._services = services
        self._job_id = job_id
        self._after = after
        self._ended = False

    def run(self) -> Iterator[str]:
        """The lines of the stream."""
        yield f"retry: {RECONNECT_MS}\n\n"
        try:
            with self._services.watch.watching(self._job_id) as watcher:
                yield from self._catch_up()
                while not self._ended:
                    yield from self._live(watcher)
        except (ClosedError, JobNotFoundError):
            return  # shutting down, or deleted while it was watched: the client comes back and is told

    def _live(self, watcher: Watcher) -> Iterator[str]:
        """What comes next: an event, or after a silence a look at the row."""
        try:
            entry = watcher.next(self._services.settings.event_ping_seconds)
        except OverflowedError:
            yield from self._catch_up()
            return
        if entry is not None:
            yield from self._send(entry)
            return
        yield ": ping\n\n"
        if self._job().state in ENDED:
            yield from self._catch_up()

    def _catch_up(self) -> Iterator[str]:
        """What the client has not seen: from the stream, or from the row where the stream does not reach."""
        told = False
        try:
            if not self._is_whole():
                told = True
                yield from self._snapshot()
            for entry in self._services.watch.backlog(self._job_id, self._after):
                yield from self._send(entry)
        except redis.RedisError as error:
            log.warning("job %s: its events cannot be read: %s", self._job_id, error)
            told = True
            yield message("snapshot", represent.job(self._job()))
        if not self._ended and self._job().state in ENDED:
            yield from self._end_by_row(told)

    def _is_whole(self) -> bool:
        first = self._services.watch.first(self._job_id)
        if first is None:  # nothing has happened yet, or everything is forgotten
            return self._after == BEGINNING and self._job().state == "queued"
        entry_id, data = first
        # Streams are trimmed at their beginning, and begin anew when the broker was wiped.
        return order(entry_id) <= order(self._after) or json.loads(data) == BIRTH

    def _snapshot(self) -> Iterator[str]:
        # The place in the stream comes first, and a little back: what the row does not hold yet is then sent again.
        newest = self._services.watch.last_id(self._job_id)
        if newest != BEGINNING:
            self._after = max(earlier(newest, ROW_LAG_SECONDS), self._after, key=order)
        yield message("snapshot", represent.job(self._job()), self._after)

    def _send(self, entry: Entry) -> Iterator[str]:
        entry_id, data = entry
        if self._ended or order(entry_id) <= order(self._after):
            return
        self._after = entry_id
        event = json.loads(data)
        kind = event.pop("type")
        yield message(kind, event, entry_id)
        self._ended = kind == "end"

    def _end_by_row(self, told: bool) -> Iterator[str]:
        """The end of a job whose stream does not tell it; ``told``: its snapshot has just been sent."""
        job = self._job()
        if not told:
            yield message("snapshot", represent.job(job))
        yield message("end", {"state": job.state, "problem": job.problem})
        self._ended = True

    def _job(self) -> Job:
        return self._services.store.get(self._job_id)


def message(kind: str, data: Any, entry_id: str | None = None) -> str:
    """One server-sent event."""
    lines = [f"id: {entry_id}"] if entry_id else []
    return "\n".join([*lines, f"event: {kind}", f"data: {json.dumps(data, separators=(',', ':'))}", "", ""])
