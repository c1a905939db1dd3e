"""Two workers share the jobs and never a job."""

import time

from service.queue import enqueue_training
from tests.fleet import small_spec, wait_for


def test_of_two_workers_told_of_the_same_jobs_each_job_is_run_by_one(fleets):
    with fleets() as fleet:
        fleet.start_worker()
        fleet.start_worker()
        jobs = [fleet.store.submit(small_spec(epochs=4)).id for _ in range(4)]
        for _ in range(3):
            for job_id in jobs:
                enqueue_training(job_id, settings=fleet.settings)
        for job_id in jobs:
            job = fleet.wait(job_id, "succeeded", "failed")
            assert (job.state, job.attempt, job.fence) == ("succeeded", 1, 1)
            assert [step for step, _, _ in fleet.curve(job_id)] == list(range(1, 33))


def test_a_worker_that_has_lost_its_lease_ends_its_training_and_writes_no_more(fleets):
    with fleets() as fleet:
        fleet.start_worker()
        job_id = fleet.submit(small_spec(epochs=2000))
        fleet.wait_for_step(job_id, 5)
        pid = fleet.training_process(job_id)
        # As after a long silence: the lease has run out, and somebody else has claimed the job.
        with fleet.store.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE jobs SET lease_expires_at = 0")
        stolen = None

        def steal():
            nonlocal stolen
            stolen = stolen or fleet.store.claim(job_id, "another worker")
            return stolen

        wait_for("the claim", steal)
        wait_for("the first training to end", lambda: not _is_training(pid))
        assert fleet.store.renew(stolen)
        before = fleet.last_step(job_id)
        time.sleep(0.5)
        assert fleet.last_step(job_id) == before


def _is_training(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return b"service.trainer" in file.read()
    except FileNotFoundError:
        return False
