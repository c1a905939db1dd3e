"""Jobs whose worker is gone, or that no worker has heard of."""

from __future__ import annotations

from sqlalchemy import text

from .conftest import claimed, expire_lease, submit


def test_a_job_that_keeps_killing_its_worker_fails(store):
    job_id = submit(store).id
    for attempt in (1, 2, 3):
        claim = store.claim(job_id, "worker")
        assert claim.attempt == attempt
        expire_lease(store, job_id)
        ended = store.end_lost()
        requeued = store.requeue_lost()
        if attempt < 3:
            assert (ended, requeued) == ([], [job_id])
    assert [job.id for job in ended] == [job_id]
    assert requeued == []
    job = store.get(job_id)
    assert job.state == "failed"
    assert job.problem["code"] == "worker_lost"
    assert "3 times" in job.problem["message"]
    assert store.claim(job_id, "worker") is None


def test_claims_over_lost_leases_count_too(store):
    job_id = submit(store).id
    for _ in range(3):
        assert store.claim(job_id, "worker")
        expire_lease(store, job_id)
    assert store.claim(job_id, "worker") is None
    assert [job.state for job in store.end_lost()] == ["failed"]


def test_a_lost_job_that_was_to_stop_is_stopped(store):
    job_id, _ = claimed(store)
    store.request(job_id, "stop")
    expire_lease(store, job_id)
    assert store.claim(job_id, "worker-2") is None
    assert [job.state for job in store.end_lost()] == ["stopped"]
    assert store.requeue_lost() == []


def test_a_job_that_nobody_picked_up_is_announced_again_but_not_at_once(store):
    job_id = submit(store).id
    assert store.requeue_lost() == []
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET hinted_at = hinted_at - 61"))
    assert store.requeue_lost() == [job_id]
    assert store.requeue_lost() == []
