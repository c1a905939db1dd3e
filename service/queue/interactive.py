"""Asking a trained model for something while somebody waits: a message there, the answer through a Redis list."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import redis
from kombu.exceptions import OperationalError

from service.config import Settings
from service.queue.app import INTERACTIVE, LENGTHY, celery_app
from service.queue.connection import SOCKET_SECONDS, redis_client, reply_key
from service.trainer.answers import InteractiveError, decode, encode

__all__ = ["InteractiveError", "InteractiveUnavailable", "answer", "call", "converse"]

INTERACTIVE_TASK = "authorgan.interactive"

LENGTHY_KINDS = frozenset({"evaluate", "export", "arithmetic", "dissect"})
"""What takes seconds or minutes: it has a worker of its own, so that nobody who draws samples waits behind it."""

REPLY_SECONDS = 60
"""How long an answer waits for a caller who has gone away."""


class InteractiveUnavailable(InteractiveError):  # noqa: N818  (the reason is the name)
    """Nobody answered in time (`timeout`), or the broker is away (`broker_unavailable`); asking again may help."""


def call(kind: str, job_id: str, params: dict, timeout: float, *, settings: Settings | None = None) -> dict[str, Any]:
    """Have the newest saved weights of a job do something, while it trains or afterwards.

    Args:
        kind: `sample`, `discriminate`, `interpolate`, `directions`, `explore`, `layers`, `arithmetic`, `dissect`,
            `evaluate` or `export`.
        params: For `sample`: `count`, `seed`, `noise` (nested lists (N, Z)), `labels` (list of N), `columns`, `units`
            (`{layer: {"off": [units], "on": {unit as text: value}}}`), and `format`: `grid` (the default, one PNG) or
            `each` (one PNG an image, the numbers of a sequence). A `runtime` other than that of the training answers
            where it is named.
            For `interpolate`: `seeds` or `noise`, `labels`, `method`, `layout` (`path` or `grid`), `steps`, `loop`,
            `columns`, and `format`: as for `sample`, or `gif` or `mp4` with `fps`.
            For `directions`: `method` (`sefa` or `principal`), `layer` (an id or None) and `count`.
            For `explore`: `seed` or `noise` (one vector), `label`, `method`, `layer`, `amounts` (by the direction's
            index as text), `direction` (None: one sample, else a strip of `steps` from minus to plus `range`),
            `format`.
            For `layers`: `network`, `layer`, `seed` or `noise` (one vector) or `images` or `sequences`, `label`,
            `max_maps`, `columns`, `normalization`, `format`.
            For `arithmetic`: `terms` (each `label`, `seed` or `noise`, and `sign`), `count`, `seed`, `format`, and
            `most`, samples that are drawn in search of a class.
            For `dissect`: `layer`, `label` or `mask` (the bytes of a file), `count`, `seed`, `top`, `samples`,
            `switch`, `format`.
            For `export`: `format` and `network`; the answer is `{"name", "size"}` of an artefact.
            For `discriminate`: `images` (a list of PNG bytes) or `sequences` (nested lists (N, T, C)), and `labels`.
            For `evaluate`: `evaluation` (the module of a resolved spec) and `seed`.
        timeout: Seconds to wait. A message nobody took by then is dropped.

    Returns:
        For `sample`, `interpolate` and `explore`: `{"png": bytes, "columns", "count"}`, or `{"images": [bytes],
        "count"}`, of sequences `{"sequences": [[[float]]], "count"}`, or `{"movie": bytes, "count"}`; with `units` also
        `before`, the same without them; for `discriminate`: `{"score": [float], "probability_real": [float],
        "calibration": str}`;
        for `layers`: `{"png": bytes}` or `{"maps": [[bytes]]}`, and `units`, those shown;
        for `arithmetic`: `{"png": bytes, "noise"}`, and for `each` also `{"terms", "result"}` of `{"images"}` or
        `{"sequences"}`;
        for `dissect`: `{"png": bytes}` or what `POST /v1/models/{job}/dissect` answers, with bytes for pictures;
        for `directions`: `{"layer", "directions": [{"index", "share", "vector"}]}`;
        for `evaluate`: `{"scores": [see drivers.evaluation.evaluation.Score]}`; always with the `step` of the weights.

    Raises:
        InteractiveError: The model cannot do it.
        InteractiveUnavailable: No answer within `timeout`.
    """
    for message in converse(kind, job_id, params, timeout, settings=settings):
        if "result" in message:
            return message["result"]
    raise AssertionError("a conversation ends with a result or an error")


def converse(
    kind: str, job_id: str, params: dict, timeout: float, *, settings: Settings | None = None
) -> Iterator[dict[str, Any]]:
    """`call` for who wants to hear how far it is.

    Yields:
        `{"progress": {"what", "done", "total"}}` any number of times, and last `{"result": …}`.
    """
    settings = settings or Settings.from_env()
    call_id = uuid.uuid4().hex
    queue = LENGTHY if kind in LENGTHY_KINDS else INTERACTIVE
    deadline = time.time() + timeout
    reply: dict[str, Any] = {}
    try:
        celery_app(settings).send_task(
            INTERACTIVE_TASK,
            args=[call_id, kind, job_id, encode(params), deadline],
            queue=queue,
        )
        client = redis_client(settings)
        while "result" not in reply:
            answer = _wait(client, reply_key(call_id), deadline)
            if answer is None:
                raise InteractiveUnavailable(
                    "timeout", f"No answer within {timeout:g} s. The {queue} worker is busy or away; ask again."
                )
            reply = decode(json.loads(answer))
            if "error" in reply:
                raise InteractiveError(**reply["error"])
            yield reply
    except (OperationalError, redis.exceptions.RedisError) as error:
        raise InteractiveUnavailable("broker_unavailable", f"The broker does not answer: {error}") from error


def answer(settings: Settings, call_id: str, reply: dict) -> None:
    """Send `{"progress": …}`, `{"result": …}` or `{"error": {"code", "message", "pointer"}}` to the caller."""
    key = reply_key(call_id)
    with redis_client(settings).pipeline() as pipeline:
        pipeline.rpush(key, json.dumps(encode(reply)))
        pipeline.expire(key, REPLY_SECONDS)
        pipeline.execute()


def _wait(client: redis.Redis, key: str, deadline: float) -> bytes | str | None:
    """Pop the answer. In short rounds, so that a socket timeout of the client never ends a longer wait."""
    while (remaining := deadline - time.time()) > 0:
        # The server reads 0 as "for ever".
        if popped := client.blpop([key], timeout=max(0.01, min(remaining, SOCKET_SECONDS / 2))):
            return popped[1]
    return None
