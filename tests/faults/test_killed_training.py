"""Whatever is killed in the middle of a training, the curve is the one of a training that was left alone."""

import json
import os
import signal

import pytest

from tests.fleet import children, kill_session, small_spec, wait_for

EPOCHS = 40  # 320 steps: some seconds, with a checkpoint after each


@pytest.fixture(scope="module")
def fleet(fleets):
    with fleets(paused_seconds=0.5) as fleet:
        fleet.start_worker()
        fleet.start("service.queue.reaper")
        yield fleet


@pytest.fixture(scope="module")
def unbroken(fleet):
    """The curve of the same spec, undisturbed."""
    job_id = fleet.submit(small_spec(epochs=EPOCHS))
    fleet.wait(job_id, "succeeded")
    return fleet.curve(job_id)


def checkpointed_step(fleet, job_id):
    """The step of a job's checkpoint, 0 without one."""
    try:
        return json.loads((fleet.storage.local_folder(job_id) / "checkpoint" / "checkpoint.json").read_text())["step"]
    except FileNotFoundError:
        return 0


def run_beyond_a_checkpoint(fleet):
    """A job that has been written down further than its checkpoint."""
    job_id = fleet.submit(small_spec(epochs=EPOCHS))
    wait_for("a checkpoint", lambda: checkpointed_step(fleet, job_id) > 0)
    wait_for("points after it", lambda: fleet.last_step(job_id) > checkpointed_step(fleet, job_id) > 0)
    return job_id


def assert_as_if_nothing_had_happened(fleet, job_id, unbroken):
    job = fleet.wait(job_id, "succeeded", "failed")
    assert job.state == "succeeded"
    assert job.attempt == 2
    assert fleet.curve(job_id) == unbroken  # bit for bit, no step missing, none twice


def test_a_training_process_killed_in_the_middle_goes_on_from_its_checkpoint(fleet, unbroken):
    job_id = run_beyond_a_checkpoint(fleet)
    os.kill(fleet.training_process(job_id), signal.SIGKILL)
    assert_as_if_nothing_had_happened(fleet, job_id, unbroken)
    assert fleet.job(job_id).lost_attempts == 1
    assert any(b"SIGKILL" in event for _, event in fleet.events(job_id))


def test_a_worker_killed_with_all_its_processes_is_replaced_by_another(fleet, unbroken):
    job_id = run_beyond_a_checkpoint(fleet)
    worker, _ = fleet.processes
    pid = fleet.training_process(job_id)
    kill_session(worker)
    wait_for("the training process to end too", lambda: not os.path.exists(f"/proc/{pid}"))
    fleet.processes[0] = fleet.start_worker()
    assert_as_if_nothing_had_happened(fleet, job_id, unbroken)


def test_a_pool_child_killed_takes_the_training_along_and_is_replaced(fleet, unbroken):
    job_id = run_beyond_a_checkpoint(fleet)
    pid = fleet.training_process(job_id)
    (pool_child,) = children(fleet.processes[0].pid)
    os.kill(pool_child, signal.SIGKILL)
    wait_for("the training process to end too", lambda: not os.path.exists(f"/proc/{pid}"))
    assert_as_if_nothing_had_happened(fleet, job_id, unbroken)


def test_a_worker_asked_to_stop_saves_a_checkpoint_and_gives_the_job_back(fleet, unbroken):
    job_id = run_beyond_a_checkpoint(fleet)
    worker = fleet.processes[0]
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    at_stop = fleet.last_step(job_id)
    assert (fleet.job(job_id).state, fleet.job(job_id).owner) == ("queued", None)
    assert checkpointed_step(fleet, job_id) >= at_stop - 1
    fleet.processes[0] = fleet.start_worker()
    assert_as_if_nothing_had_happened(fleet, job_id, unbroken)
    assert fleet.job(job_id).lost_attempts == 0


def test_a_job_that_takes_every_process_down_fails_with_the_reason(fleet):
    job_id = fleet.submit(small_spec(epochs=2000))
    for attempt in range(1, fleet.settings.max_attempts + 1):
        wait_for(f"attempt {attempt}", lambda: fleet.job(job_id).attempt == attempt)  # noqa: B023
        os.kill(fleet.training_process(job_id), signal.SIGKILL)
        wait_for("its end to be noticed", lambda: fleet.job(job_id).lost_attempts == attempt)  # noqa: B023
    job = fleet.wait(job_id, "failed")
    assert job.problem["code"] == "worker_lost"
    assert "memory" in job.problem["message"]
    assert json.loads(fleet.events(job_id)[-1][1])["state"] == "failed"


def test_a_long_pause_gives_the_worker_to_another_job_and_loses_nothing(fleet, unbroken):
    job_id = run_beyond_a_checkpoint(fleet)
    fleet.ask(job_id, "pause")
    wait_for("the worker to let go", lambda: fleet.job(job_id).state == "paused" and not fleet.job(job_id).owner)
    assert fleet.wait(fleet.submit(small_spec()), "succeeded")
    assert fleet.job(job_id).state == "paused"
    fleet.ask(job_id, "resume")
    assert_as_if_nothing_had_happened(fleet, job_id, unbroken)
