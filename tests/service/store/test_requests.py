"""What people ask of a job, when it fits, and what the worker is told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from service.store import RefusedError

from .conftest import claimed, expire_lease, submit


def test_a_queued_job_is_stopped_at_once(store):
    job = submit(store)
    job = store.request(job.id, "stop")
    assert job.state == "stopped"
    assert job.ended_at is not None
    assert store.claim(job.id, "worker") is None


def test_requests_are_taken_in_their_order(store):
    job_id, claim = claimed(store)
    store.request(job_id, "pause")
    store.request(job_id, "step", {"update": ["discriminator"]})
    store.request(job_id, "update", {"learning_rate": {"generator": 1e-4}})
    store.request(job_id, "resume")
    assert [store.take_request(claim) for _ in range(5)] == [
        {"action": "pause"},
        {"action": "step", "update": ["discriminator"]},
        {"action": "update", "learning_rate": {"generator": 1e-4}},
        {"action": "resume"},
        None,
    ]


def test_a_request_is_taken_once(store):
    job_id, claim = claimed(store)
    for _ in range(10):
        store.request(job_id, "checkpoint")
    with ThreadPoolExecutor(8) as pool:
        taken = [request for request in pool.map(lambda _: store.take_request(claim), range(40)) if request]
    assert len(taken) == 10


@pytest.mark.parametrize(
    ("before", "action", "words"),
    [
        ([], "resume", "pause it first"),
        ([], "step", "pause it first"),
        (["pause"], "pause", "paused already"),
        (["stop"], "pause", "about to stop"),
        (["stop"], "update", "about to stop"),
        (["pause", "resume"], "step", "pause it first"),
    ],
)
def test_an_action_that_does_not_fit_is_refused(store, before, action, words):
    job_id, _ = claimed(store)
    for earlier in before:
        store.request(job_id, earlier)
    with pytest.raises(RefusedError, match=words) as caught:
        store.request(job_id, action)
    assert caught.value.code == "action_not_possible"


def test_to_stop_twice_is_no_error(store):
    job_id, claim = claimed(store)
    store.request(job_id, "stop")
    store.request(job_id, "stop")
    assert store.take_request(claim) == {"action": "stop"}
    assert store.take_request(claim) is None


def test_a_job_paused_in_the_queue_starts_paused(store):
    job = submit(store)
    store.request(job.id, "pause")
    claim = store.claim(job.id, "worker")
    assert claim.goal == "paused"
    assert store.take_request(claim) == {"action": "pause"}
    assert store.take_request(claim) is None


def test_a_paused_job_that_lost_its_worker_starts_paused(store):
    job_id, claim = claimed(store)
    store.request(job_id, "pause")
    store.take_request(claim)
    store.write(claim, state="paused")
    expire_lease(store, job_id)
    store.requeue_lost()
    claim = store.claim(job_id, "worker-2")
    assert claim.goal == "paused"
    assert store.take_request(claim) == {"action": "pause"}


def test_requests_that_nobody_takes_are_bounded(open_store):
    store = open_store(max_pending_requests=2)
    job_id = submit(store).id
    store.claim(job_id, "worker")
    store.request(job_id, "checkpoint")
    store.request(job_id, "checkpoint")
    with pytest.raises(RefusedError) as caught:
        store.request(job_id, "pause")
    assert caught.value.code == "too_many_requests"
    assert store.get(job_id).goal == "running"
    assert store.request(job_id, "stop").goal == "stopped"
