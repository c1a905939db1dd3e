"""One worker holds a job, writes it, ends it or gives it back; what happens when two want to at once."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from service.store import ACTIONS, Claim, RefusedError, Store

from .conftest import claimed, expire_lease, points, submit


def test_a_claim_starts_the_job(store):
    job_id, claim = claimed(store)
    assert claim == Claim(job_id, fence=1, attempt=1, goal="running")
    job = store.get(job_id)
    assert (job.state, job.owner, job.fence, job.attempt, job.lost_attempts) == ("running", "worker-1", 1, 1, 0)
    assert job.lease_expires_at - job.started_at == pytest.approx(30, abs=1)


def test_a_held_job_cannot_be_claimed(store):
    job_id, _ = claimed(store)
    assert store.claim(job_id, "worker-2") is None


def test_of_many_threads_one_claims(store):
    job_id = submit(store).id
    with ThreadPoolExecutor(16) as pool:
        claims = list(pool.map(lambda number: store.claim(job_id, f"worker-{number}"), range(64)))
    assert [claim for claim in claims if claim] == [Claim(job_id, 1, 1)]


def _claim_in_a_process(settings, job_ids, owner, start, results):
    store = Store.open(settings)
    start.wait()
    results.put([(job_id, claim.fence) for job_id in job_ids if (claim := store.claim(job_id, owner))])


def test_of_many_processes_one_claims(database, open_store):
    """Four processes open the same new database at once (migrations included) and race for twenty jobs."""
    spawn = multiprocessing.get_context("spawn")
    start, results = spawn.Event(), spawn.Queue()
    job_ids = [f"job-{number}" for number in range(20)]
    processes = [
        spawn.Process(target=_claim_in_a_process, args=(database, job_ids, f"worker-{number}", start, results))
        for number in range(4)
    ]
    for process in processes:
        process.start()
    store = open_store()
    with store.engine.begin() as connection:
        for job_id in job_ids:
            connection.execute(
                text(
                    "INSERT INTO jobs (id, name, state, goal, spec, hash, notes, created_at, fence, attempt,"
                    " lost_attempts) VALUES (:id, 'n', 'queued', 'running', '{}', 'h', '[]', 0, 0, 0, 0)"
                ),
                {"id": job_id},
            )
    start.set()
    won = [claim for _ in processes for claim in results.get(timeout=60)]
    for process in processes:
        process.join(10)
        assert process.exitcode == 0
    assert sorted(won) == sorted((job_id, 1) for job_id in job_ids)


def test_a_lost_lease_can_be_claimed_and_the_old_fence_writes_nothing(store, history):
    job_id, old = claimed(store)
    expire_lease(store, job_id)
    new = store.claim(job_id, "worker-2")
    assert (new.fence, new.attempt) == (2, 2)

    assert not store.renew(old)
    assert not store.write(old, state="paused", progress={"step": 9}, metrics=[(9, 1.0, 1.0)], samples=[{"step": 9}])
    assert not store.finish(old, "succeeded")
    assert not store.release(old)
    store.request(job_id, "pause")
    assert store.take_request(old) is None

    job = store.get(job_id)
    assert (job.state, job.owner, job.progress, job.losses) == ("running", "worker-2", None, None)
    assert points(history, job_id) == []
    assert history.samples(job_id, limit=10) == []
    assert store.take_request(new) == {"action": "pause"}


def test_a_late_renewal_that_nobody_forestalled_holds(store):
    job_id, claim = claimed(store)
    expire_lease(store, job_id)
    assert store.renew(claim)
    assert store.claim(job_id, "worker-2") is None


def test_a_requeued_job_is_closed_to_its_old_worker(store):
    job_id, claim = claimed(store)
    expire_lease(store, job_id)
    assert store.requeue_lost() == [job_id]
    assert not store.write(claim, progress={"step": 1})
    assert not store.renew(claim)


def test_a_training_reports(store, history):
    job_id, claim = claimed(store)
    assert store.write(
        claim,
        progress={"step": 2, "total": 10},
        metrics=[(1, 0.7, 1.4), (2, 0.6, 1.3)],
        measurements=[(2, "fcd", 12.5)],
        samples=[{"step": 2, "url": "/x.png", "width": 8}],
        environment={"device": "cpu"},
    )
    job = store.get(job_id)
    assert job.progress == {"step": 2, "total": 10}
    assert job.losses == {"generator": 0.6, "discriminator": 1.3}
    assert job.latest_sample == {"step": 2, "url": "/x.png", "width": 8}
    assert job.environment == {"device": "cpu"}
    assert points(history, job_id) == [(1, 0.7, 1.4), (2, 0.6, 1.3)]
    assert history.measurements(job_id) == {"fcd": [(2, 12.5)]}


def test_a_resumed_run_doubles_no_point(store, history):
    job_id, claim = claimed(store)
    store.write(claim, metrics=[(1, 1.0, 1.0), (2, 2.0, 2.0), (3, 3.0, 3.0)], samples=[{"step": 2, "url": "a"}])
    store.write(claim, metrics=[(2, 2.5, 2.5), (3, 3.5, 3.5), (4, 4.5, 4.5)], samples=[{"step": 2, "url": "b"}])
    assert points(history, job_id) == [(1, 1.0, 1.0), (2, 2.5, 2.5), (3, 3.5, 3.5), (4, 4.5, 4.5)]
    assert history.samples(job_id, limit=10) == [{"step": 2, "url": "b"}]


def test_numbers_that_are_not_finite_become_null(store, history):
    job_id, claim = claimed(store)
    store.write(claim, progress={"step": 1, "eta_seconds": float("inf")}, metrics=[(1, float("nan"), float("-inf"))])
    assert points(history, job_id) == [(1, None, None)]
    assert store.get(job_id).losses == {"generator": None, "discriminator": None}
    assert store.get(job_id).progress == {"step": 1, "eta_seconds": None}


def test_writing_renews_the_lease(store):
    job_id, claim = claimed(store)
    expire_lease(store, job_id)
    assert store.write(claim, progress={"step": 1})
    assert store.requeue_lost() == []


def test_only_running_and_paused_can_be_written(store):
    job_id, claim = claimed(store)
    assert store.write(claim, state="paused")
    assert store.get(job_id).state == "paused"
    with pytest.raises(ValueError, match="finish"):
        store.write(claim, state="succeeded")
    with pytest.raises(ValueError, match="must be one of"):
        store.finish(claim, "running")


@pytest.mark.parametrize("state", ["succeeded", "failed", "stopped"])
def test_an_end_is_final(store, state):
    job_id, claim = claimed(store)
    problem = {"code": "diverged", "message": "m"} if state == "failed" else None
    assert store.finish(claim, state, problem)
    job = store.get(job_id)
    assert (job.state, job.problem, job.owner, job.lease_expires_at) == (state, problem, None, None)
    assert job.ended_at >= job.started_at
    assert not store.finish(claim, "failed")
    assert not store.write(claim, progress={"step": 1})
    assert store.claim(job_id, "worker-2") is None
    for action in ACTIONS:
        with pytest.raises(RefusedError):
            store.request(job_id, action)


def test_a_released_job_waits_again_and_nothing_is_counted(store):
    job_id = submit(store).id
    for attempt in range(1, 6):
        claim = store.claim(job_id, "worker")
        assert claim.attempt == attempt
        assert store.release(claim)
        assert store.get(job_id).state == "queued"
    assert store.get(job_id).lost_attempts == 0
    assert store.requeue_lost() == [job_id]


def test_a_job_that_was_to_stop_is_stopped_on_release(store):
    job_id, claim = claimed(store)
    store.request(job_id, "stop")
    store.release(claim)
    assert store.get(job_id).state == "stopped"
