"""Real trainings that are tracked: one run for all attempts of a job, and no harm from a tracker that hangs."""

import json
import os
import signal
import socket

import pytest

from service.tracking.wandb import is_installed
from tests.fleet import small_spec, wait_for
from tests.service.tracking import mlflow_server
from tests.service.tracking.test_wandb import records

EPOCHS = 80
"""Long enough that a training is still at it when its first checkpoint is seen, a second after its start."""


@pytest.fixture(scope="module")
def server():
    with mlflow_server.documented() as client:
        yield client


def test_a_training_that_died_and_went_on_is_one_run(fleets, server):
    with fleets(mlflow_tracking_uri=server.url, usage_seconds=0.2) as fleet:
        fleet.start_worker()
        job_id = fleet.submit(small_spec(epochs=EPOCHS))
        checkpoint = fleet.storage.local_folder(job_id) / "checkpoint" / "checkpoint.json"
        wait_for("a checkpoint", checkpoint.exists)
        os.kill(fleet.training_process(job_id), signal.SIGKILL)
        fleet.start("service.queue.reaper")
        job = fleet.wait(job_id, "succeeded")
        assert job.attempt == 2

        def ended():
            (run,) = server.runs("AuthorGAN")
            return run["info"]["status"] == "FINISHED" and run

        run = wait_for("the end to be told", ended)
        tags = mlflow_server.data_of(run, "tags")
        assert (tags["authorgan.job"], tags["authorgan.attempt"], tags["authorgan.hash"]) == (job_id, "2", job.hash)
        curve = server.curve(run["info"]["run_id"], "loss/generator")
        steps = [step for step, _ in curve]
        assert steps == sorted(set(steps)), "no step twice"
        assert steps[-1] == 8 * EPOCHS
        known = {step: generator for step, generator, _ in fleet.curve(job_id)}
        assert all(value == pytest.approx(known[step]) for step, value in curve)
        assert server.curve(run["info"]["run_id"], "usage/memory_bytes")
        pictures = server.artifacts(run["info"]["run_id"], "images")
        told = {int(name.split("+")[2]) for name in pictures if name.endswith(".png")}
        kept = fleet.storage.local_folder(job_id) / "samples"
        assert told == {int(path.stem) for path in kept.glob("*.png")}


def test_a_server_that_never_answers_costs_a_training_nothing(fleets):
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections, and says no word
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with fleets(mlflow_tracking_uri=uri, tracker_queue_length=10) as fleet:
            fleet.start_worker()
            job_ids = [fleet.submit(small_spec(epochs=4)) for _ in range(2)]
            for job_id in job_ids:
                fleet.wait(job_id, "succeeded")
                assert fleet.last_step(job_id) == 32
                events = [json.loads(event) for _, event in fleet.events(job_id)]
                (told,) = [event for event in events if event["type"] == "log" and "MLflow" in event["message"]]
                assert told["message"].startswith("MLflow takes nothing, and 10 numbers wait for it")


@pytest.mark.skipif(not is_installed(), reason="wandb is not installed (requirements-tracking.txt)")
def test_a_worker_tells_weights_and_biases_too(fleets):
    with fleets(wandb_mode="offline") as fleet:
        fleet.start_worker()
        job_ids = [fleet.submit(small_spec(epochs=2)) for _ in range(2)]
        for job_id in job_ids:
            fleet.wait(job_id, "succeeded")
            messages = [json.loads(event) for _, event in fleet.events(job_id)]
            assert not [event for event in messages if event["type"] == "log" and event["level"] == "warning"]

            def ended(job_id=job_id):
                folders = (fleet.settings.home / "wandb").glob(f"offline-run-*-{job_id}")
                told = [record for folder in folders for record in records(folder)]
                return [record.exit.exit_code for record in told if record.HasField("exit")] == [0]

            wait_for("the end to be told", ended)
