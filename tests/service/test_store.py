"""The life of a job: who may change it, when, and what happens when two want to at once."""

from __future__ import annotations

import dataclasses
import math
import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from service import db
from service.config import Settings
from service.db.history import History
from service.db.runs import NUMBERS, TEXTS, Filter
from service.store import (
    ACTIONS,
    Claim,
    Idempotency,
    IdempotencyMismatchError,
    JobNotFoundError,
    RefusedError,
    Store,
)
from tests.fleet import states

SPEC = {"name": "a dcgan", "training": {"epochs": 1}}


POSTGRESQL = os.environ.get("AUTHORGAN_TEST_POSTGRESQL_URL", "")
"""An empty PostgreSQL database, where there is one: every test then runs on it as well."""


@pytest.fixture(params=["sqlite", "postgresql"] if POSTGRESQL else ["sqlite"])
def database(request, tmp_path):
    """Settings with an empty database."""
    if request.param == "sqlite":
        yield Settings(home=tmp_path)
        return
    settings = Settings(home=tmp_path, database_url=POSTGRESQL)
    yield settings
    engine = db.connect(POSTGRESQL)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()


@pytest.fixture
def open_store(database):
    """Opens the database, with some settings changed."""
    opened = []

    def open_store(**changes):
        opened.append(Store.open(dataclasses.replace(database, **changes)))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store):
    return open_store(max_attempts=3)


@pytest.fixture
def history(store):
    return History(db.reading(store.engine))


def submit(store, **options):
    return store.submit(SPEC, hash="abc", **options)


def expire_lease(store, job_id):
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET lease_expires_at = 1 WHERE id = :id"), {"id": job_id})


def points(history, job_id):
    """The curve as tuples: step and losses."""
    rows = history.curve(job_id)[:, :3].tolist()
    return [(int(step), *(None if math.isnan(loss) else loss for loss in losses)) for step, *losses in rows]


def claimed(store):
    job = submit(store)
    return job.id, store.claim(job.id, "worker-1")


# -- submission ----------------------------------------------------------------------------------------------------


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


# -- claim, lease, fence -------------------------------------------------------------------------------------------


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


# -- what a training writes ----------------------------------------------------------------------------------------


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


# -- actions -------------------------------------------------------------------------------------------------------


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


# -- lost workers --------------------------------------------------------------------------------------------------


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


def test_a_job_that_nobody_picked_up_is_announced_again_but_not_at_once(store):
    job_id = submit(store).id
    assert store.requeue_lost() == []
    with store.engine.begin() as connection:
        connection.execute(text("UPDATE jobs SET hinted_at = hinted_at - 61"))
    assert store.requeue_lost() == [job_id]
    assert store.requeue_lost() == []


# -- curves and markers ----------------------------------------------------------------------------------------------


def test_a_curve_is_read_in_part_and_with_its_times(store, history):
    job_id, claim = claimed(store)
    store.write(claim, metrics=[(1, 0.7, 1.4, 0.1), (2, 0.6, None, 0.25), (3, 0.5, 1.2, 0.3), (4, 0.4, 1.1)])
    assert history.curve(job_id, first=2, last=3)[:, (0, 1, 3)].tolist() == [[2, 0.6, 0.25], [3, 0.5, 0.3]]
    assert history.seconds(job_id, 2) == history.seconds(job_id, 2) == 0.25
    assert history.seconds(job_id, 0) == history.seconds(job_id, 4) == 0.0
    assert history.curve("no-such-job").shape == (0, 4)


def test_markers_keep_their_order_and_what_they_say(store, history):
    job_id, claim = claimed(store)
    changes = {"learning_rate": {"generator": 0.1}}
    store.write(claim, markers=[{"step": 9, "kind": "changed", "changes": changes}, {"step": 9, "kind": "paused"}])
    store.write(claim, markers=[{"step": 5, "kind": "continued"}])
    found = [(marker.step, marker.details) for marker in history.markers(job_id)]
    assert found == [(9, {"kind": "changed", "changes": changes}), (9, {"kind": "paused"}), (5, {"kind": "continued"})]
    assert history.markers(job_id)[0].at >= store.get(job_id).created_at


# -- listing and deleting ------------------------------------------------------------------------------------------


def test_listing_pages_without_gap_or_double(store):
    ids = [submit(store).id for _ in range(7)]
    seen, after = [], None
    while True:
        page = store.runs.find(limit=3, after=after)
        seen += [job.id for job in page.jobs]
        after = page.after
        if after is None:
            break
    assert sorted(seen) == sorted(ids)
    times = [store.get(job_id).created_at for job_id in seen]
    assert times == sorted(times, reverse=True)


def names(store, *, sort="name", **wanted):
    return [job.name for job in store.runs.find(Filter(**wanted), sort=sort).jobs]


def test_listing_filters_and_sorts(store):
    for name in ("Beta", "alpha 100%", "gamma"):
        store.submit({"name": name}, hash="h")
    store.claim(store.runs.find(Filter(name="GAM")).jobs[0].id, "worker")
    assert names(store) == ["Beta", "alpha 100%", "gamma"]
    assert names(store, sort="-name") == ["gamma", "alpha 100%", "Beta"]
    assert names(store, states=["running", "paused"]) == ["gamma"]
    assert names(store, name="%") == ["alpha 100%"]
    assert states(store) == {"queued": 2, "running": 1}


def test_jobs_are_found_by_what_people_say_of_them(store):
    for name in ("one", "two", "three"):
        job = store.submit({"name": name}, hash="h")
        tags = {"one": ["keep", "digits"], "two": ["keep"], "three": []}[name]
        assert store.runs.edit(job.id, tags=tags, comment=f"the {name}th try")
    assert names(store, tags=["keep"]) == ["one", "two"]
    assert names(store, tags=["keep", "digits"]) == ["one"]
    assert names(store, text="twoTH try") == ["two"]
    assert names(store, text="digit one") == ["one"]
    assert names(store, text="digit two") == []
    assert store.runs.tags() == {"digits": 1, "keep": 2}
    assert not store.runs.edit("no-such-job", comment="x")


def test_tags_replace_the_old_ones_and_nothing_else_changes(store):
    job = submit(store)
    store.runs.edit(job.id, tags=["b", "a", "b"], comment="c")
    store.runs.edit(job.id, tags=["d", "a"])
    job = store.get(job.id)
    assert ([tag.tag for tag in job.tags], job.comment, job.archived) == (["a", "d"], "c", False)
    store.runs.edit(job.id, archived=True)
    assert names(store, archived=False) == []
    assert names(store, archived=True) == names(store) == ["a dcgan"]


def test_pages_of_every_order_go_through_all_jobs(store):
    """Some of the numbers are unknown; those come last either way."""
    for index, loss in enumerate((2.0, None, 1.0)):
        job = store.submit({"name": f"{index}"}, hash="h")
        if loss is not None:
            claim = store.claim(job.id, "worker")
            store.write(claim, metrics=[(index + 1, loss, -loss)], progress={"step": loss, "total": 4, "epoch": loss})
            store.finish(claim, "failed", {"code": "c", "message": "m"})
    for sort in (sign + name for name in (*TEXTS, *NUMBERS) for sign in ("", "-")):
        seen, after = [], None
        while True:
            page = store.runs.find(sort=sort, limit=1, after=after)
            seen += [job.name for job in page.jobs]
            after = page.after
            if after is None:
                break
        assert sorted(seen) == ["0", "1", "2"], sort
        if sort.strip("-") in ("generator_loss", "step", "epoch", "fraction"):
            assert seen == (["0", "2", "1"] if sort.startswith("-") else ["2", "0", "1"]), sort


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
