"""Deleted jobs, and their way back."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from service.store import JobNotFoundError, RefusedError
from tests.fleet import states

from .conftest import claimed, names, points, submit


def test_deleting_takes_everything(store, history):
    job_id, claim = claimed(store)
    store.write(claim, metrics=[(1, 1.0, 1.0)], samples=[{"step": 1}], measurements=[(1, "fcd", 1.0)])
    with pytest.raises(RefusedError, match="Stop it first"):
        store.delete(job_id)
    store.finish(claim, "succeeded")
    store.delete(job_id, permanently=True)
    with pytest.raises(JobNotFoundError):
        store.get(job_id)
    assert points(history, job_id) == []
    assert history.measurements(job_id) == {}
    assert history.sample(job_id) is None


def test_a_deleted_job_is_in_the_bin_until_its_time_is_over(store):
    job_id = submit(store).id
    store.delete(job_id)
    assert names(store) == []
    assert names(store, deleted=True) == ["a dcgan"]
    for ask in (store.get, store.delete, lambda job_id: store.request(job_id, "stop")):
        with pytest.raises(JobNotFoundError):
            ask(job_id)
    assert store.claim(job_id, "worker") is None
    assert states(store) == {}
    assert store.expired() == []
    assert store.restore(job_id).state == "queued"
    with pytest.raises(RefusedError, match="nothing to restore"):
        store.restore(job_id)
    assert store.claim(job_id, "worker") is not None


def test_after_a_while_nothing_restores_a_deleted_job(store):
    job_id = submit(store).id
    store.delete(job_id)
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET deleted_at = deleted_at - 7 * 86400 - 1"))
    with pytest.raises(JobNotFoundError):
        store.restore(job_id)
    assert store.expired() == [job_id]
    store.delete(job_id, permanently=True)
    assert store.expired() == []
