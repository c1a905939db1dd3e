"""A long pause gives the worker to other jobs, and a training process that died gives its job to the next."""

import pytest

from service.store import Store

SPEC = {"name": "parked"}


@pytest.fixture
def store(settings):
    with_store = Store.open(settings)
    yield with_store
    with_store.close()


@pytest.fixture
def job(store):
    return store.submit(SPEC, hash="0" * 64)


def parked(store, job):
    claim = store.claim(job.id, "worker-1")
    store.request(job.id, "pause")
    assert store.take_request(claim) == {"action": "pause"}
    assert store.write(claim, state="paused")
    assert store.release(claim, park=True)
    return claim


def test_a_parked_job_is_paused_and_nobody_claims_or_announces_it(store, job):
    claim = parked(store, job)
    assert store.get(job.id).state == "paused"
    assert store.claim(job.id, "worker-2") is None
    assert store.requeue_lost() == []
    assert not store.renew(claim), "the worker that let go must not get it back by a late heartbeat"


def test_resuming_a_parked_job_puts_it_back_into_the_queue(store, job):
    parked(store, job)
    assert store.request(job.id, "resume").state == "queued"
    claim = store.claim(job.id, "worker-2")
    assert (claim.goal, claim.attempt) == ("running", 2)


def test_a_step_of_a_parked_job_wakes_it_in_its_pause(store, job):
    parked(store, job)
    assert store.request(job.id, "step", {"update": ["generator"]}).state == "queued"
    assert store.claim(job.id, "worker-2").goal == "paused"


def test_a_parked_job_is_stopped_on_the_spot(store, job):
    parked(store, job)
    assert store.request(job.id, "stop").state == "stopped"


def test_a_job_resumed_while_it_was_being_parked_is_queued(store, job):
    claim = store.claim(job.id, "worker-1")
    store.request(job.id, "pause")
    store.request(job.id, "resume")
    assert store.release(claim, park=True)
    assert store.get(job.id).state == "queued"


def test_an_abandoned_job_is_found_at_once_and_counts_as_a_lost_attempt(store, job):
    claim = store.claim(job.id, "worker-1")
    assert store.requeue_lost() == []
    assert store.abandon(claim)
    assert store.requeue_lost() == [job.id]
    assert store.get(job.id).lost_attempts == 1
