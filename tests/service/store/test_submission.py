"""Jobs come to be: once a key, and only as many as may wait."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from service.store import Idempotency, IdempotencyMismatchError, JobNotFoundError, RefusedError

from .conftest import SPEC, submit


def test_a_submitted_job_waits(store):
    job = store.submit(SPEC, hash="abc", notes=[{"pointer": "", "code": "c", "message": "m"}])
    assert (job.state, job.goal, job.name, job.hash, job.attempt) == ("queued", "running", "a dcgan", "abc", 0)
    assert job.spec == SPEC
    assert job.notes == [{"pointer": "", "code": "c", "message": "m"}]
    assert job.started_at is job.ended_at is job.problem is job.losses is None
    assert store.get(job.id).created_at == job.created_at


def test_a_job_that_does_not_exist(store):
    for ask in (store.get, store.delete, lambda job_id: store.request(job_id, "stop")):
        with pytest.raises(JobNotFoundError):
            ask("no-such-job")
    assert store.claim("no-such-job", "worker") is None


def test_the_same_key_makes_one_job(store):
    key = Idempotency("key-1", "hash of the body")
    first = submit(store, idempotency=key)
    assert submit(store, idempotency=key).id == first.id
    assert store.recall(key).id == first.id
    assert len(store.runs.find().jobs) == 1


def test_the_same_key_for_another_body_is_refused(store):
    submit(store, idempotency=Idempotency("key-1", "one body"))
    with pytest.raises(IdempotencyMismatchError):
        submit(store, idempotency=Idempotency("key-1", "another body"))
    assert len(store.runs.find().jobs) == 1


def test_a_key_is_forgotten_after_a_day(store):
    key = Idempotency("key-1", "hash of the body")
    first = submit(store, idempotency=key)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE idempotency_keys SET created_at = created_at - 86401"))
    assert store.recall(key) is None
    assert submit(store, idempotency=key).id != first.id


def test_the_same_key_from_many_threads_makes_one_job(store):
    key = Idempotency("key-1", "hash of the body")
    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(lambda _: submit(store, idempotency=key).id, range(16)))
    assert len(ids) == 1
    assert len(store.runs.find().jobs) == 1


def test_a_full_queue_refuses(open_store):
    store = open_store(max_queued_jobs=2)
    submit(store)
    submit(store)
    with pytest.raises(RefusedError) as caught:
        submit(store)
    assert caught.value.code == "queue_full"
