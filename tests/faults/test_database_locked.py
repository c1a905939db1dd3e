"""A database that answers late, or not for a while, costs a training nothing."""

import sqlite3
import time

from service.db.engine import BUSY_TIMEOUT_MS
from tests.fleet import small_spec


def test_a_database_that_is_locked_for_seconds_makes_no_gap_in_the_curve(fleets):
    with fleets(lease_seconds=30.0) as fleet:
        fleet.start_worker()
        job_id = fleet.submit(small_spec(epochs=60, checkpoint_every_seconds=86_400))
        fleet.wait_for_step(job_id, 10)
        with sqlite3.connect(fleet.settings.home / "authorgan.db", isolation_level=None) as locked:
            locked.execute("BEGIN IMMEDIATE")
            time.sleep(BUSY_TIMEOUT_MS / 1000 + 1)  # longer than a writer waits
            locked.execute("ROLLBACK")
        job = fleet.wait(job_id, "succeeded", "failed")
        assert (job.state, job.attempt) == ("succeeded", 1)
        assert [step for step, _, _ in fleet.curve(job_id)] == list(range(1, 481))
