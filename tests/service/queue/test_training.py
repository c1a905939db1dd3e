"""A job from its submission to its end, through a real broker, a real worker and a real training process."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from safetensors.numpy import load_file
from sqlalchemy import delete

import spec as specs
from drivers.data import load
from service import pictures
from service.api.curves import training_of
from service.db.models import Job
from service.queue import enqueue_training, nudge
from service.reading import read
from service.reading.look import look_of
from service.reading.rules import RULES
from tests.fleet import children, small_spec, wait_for

LONG = 2000  # epochs that no test waits for


@pytest.fixture(scope="module")
def fleet(fleets):
    with fleets(paused_seconds=600) as fleet:
        fleet.start_worker()
        yield fleet


def steps(fleet, job_id):
    return [step for step, _, _ in fleet.curve(job_id)]


def test_a_job_is_trained_to_its_end_and_leaves_everything_behind(fleet):
    job_id = fleet.submit(small_spec(epochs=3))
    job = fleet.wait(job_id, "succeeded", "failed")

    assert (job.state, job.problem, job.attempt) == ("succeeded", None, 1)
    assert (job.progress["step"], job.progress["total"]) == (24, 24)
    assert job.environment["device"] == "cpu"
    assert steps(fleet, job_id) == list(range(1, 25))
    assert all(np.isfinite([generator, discriminator]).all() for _, generator, discriminator in fleet.curve(job_id))
    assert job.losses == {"generator": fleet.curve(job_id)[-1][1], "discriminator": fleet.curve(job_id)[-1][2]}

    names = [artefact.name for artefact in fleet.storage.list(job_id)]
    assert {"spec.json", "environment.json", "weights.safetensors", "samples/0.png", "samples/24.png"} <= set(names)
    assert [name for name in names if name.startswith("tensorboard/events.out.tfevents.")]
    with fleet.storage.open(job_id, "spec.json") as file:
        assert json.load(file) == job.spec
    assert all(
        np.isfinite(tensor).all()
        for tensor in load_file(fleet.storage.local_copy(job_id, "weights.safetensors")).values()
    )
    with fleet.storage.open(job_id, "samples/24.png") as file:
        picture = file.read()
    assert Image.open(io.BytesIO(picture)).size == (78, 78)  # 8 times 8 pixels, 7 lines of 2
    carried = pictures.read(picture)
    assert (carried["hash"], carried["step"], carried["job"]) == (job.hash, 24, job_id)
    assert job.latest_sample == {
        "step": 24,
        "epoch": 3,
        "url": f"/v1/jobs/{job_id}/samples/24.png",
        "width": 78,
        "height": 78,
        "columns": 8,
        "count": 64,
    }


def test_watchers_see_every_step_once_and_a_last_word(fleet):
    job_id = fleet.submit(small_spec(epochs=3))
    fleet.wait(job_id, "succeeded")
    events = [json.loads(event) for _, event in fleet.events(job_id)]

    assert [point[0] for event in events if event["type"] == "loss" for point in event["points"]] == list(range(1, 25))
    assert [event["state"] for event in events if event["type"] == "state"] == ["running", "succeeded"]
    assert events[0]["type"] == "state"
    assert events[-1] == {"type": "end", "state": "succeeded", "problem": None}
    assert {"progress", "loss", "sample", "state", "end"} <= {event["type"] for event in events}


def test_a_training_pauses_steps_resumes_and_stops(fleet):
    job_id = fleet.submit(small_spec(epochs=LONG))
    fleet.wait_for_step(job_id, 5)

    fleet.ask(job_id, "pause")
    fleet.wait(job_id, "paused")
    at = fleet.last_step(job_id)
    fleet.ask(job_id, "step", update=["discriminator"], count=2)
    fleet.wait_for_step(job_id, at + 2)
    assert [(step, generator) for step, generator, _ in fleet.curve(job_id)][-2:] == [(at + 1, None), (at + 2, None)]
    assert fleet.job(job_id).state == "paused"
    assert fleet.last_step(job_id) == at + 2
    trained = fleet.job(job_id).progress["seconds"]

    fleet.ask(job_id, "resume")
    fleet.wait(job_id, "running")
    fleet.wait_for_step(job_id, at + 5)
    fleet.ask(job_id, "stop")
    job = fleet.wait(job_id, "stopped")
    assert job.problem is None
    assert steps(fleet, job_id) == list(range(1, job.progress["step"] + 1))
    marked = [(marker.step, marker.details["kind"]) for marker in fleet.history.markers(job_id)]
    assert marked == [(at, "paused"), (at, "stepped"), (at + 2, "resumed")]
    seconds = fleet.history.curve(job_id)[:, 3]
    assert (np.diff(seconds) >= 0).all()
    assert seconds[at + 1] == pytest.approx(trained, abs=0.001)  # the steps in the pause add nothing to it
    assert 0 < seconds[-1] <= job.progress["seconds"] + 0.001


def test_a_change_of_the_learning_rate_reaches_the_training_without_a_nudge(fleet):
    job_id = fleet.submit(small_spec(epochs=LONG))
    fleet.wait_for_step(job_id, 1)
    fleet.store.request(job_id, "update", {"changes": {"learning_rate": {"generator": 0.0001}}})

    def told():
        return any(b"Changed learning_rate" in event for _, event in fleet.events(job_id))

    wait_for("the log to say so", told)
    fleet.ask(job_id, "stop")
    fleet.wait(job_id, "stopped")


def test_a_training_that_diverges_fails_with_the_reason_and_keeps_the_curve_until_then(fleet):
    spec = specs.resolve(
        {
            "data": {"choice": "digits", "image_size": 8, "count": 256},
            "generator": {"choice": "dcgan"},
            "discriminator": {"choice": "dcgan"},
            "loss": {"choice": "least_squares"},
            "optimizer": {"choice": "sgd", "learning_rate": 10},
            "training": {"epochs": 20},
        }
    )
    job = fleet.wait(fleet.submit(spec), "succeeded", "failed")
    assert job.state == "failed"
    assert (job.problem["code"], job.problem["pointer"]) == ("diverged", "/optimizer")
    assert "smaller learning rate" in job.problem["message"]
    assert steps(fleet, job.id) == list(range(1, fleet.last_step(job.id) + 1))
    assert 1 <= fleet.last_step(job.id) < 20
    assert json.loads(fleet.events(job.id)[-1][1])["problem"]["code"] == "diverged"


def test_data_that_went_away_after_the_submission_fails_the_job_with_the_pointer(fleet):
    spec = small_spec()
    spec["data"]["choice"] = "was-here-yesterday"
    job = fleet.wait(fleet.submit(spec), "failed")
    assert job.problem["pointer"] == "/data/choice"


def test_an_exception_nobody_foresaw_is_told_and_its_traceback_logged(fleet):
    spec = small_spec()
    spec["training"]["epochs"] = "many"  # no resolved spec has this
    job = fleet.wait(fleet.submit(spec), "failed")
    assert job.problem["code"] == "internal_error"
    assert "TypeError" in job.problem["message"]
    logged = [json.loads(event) for _, event in fleet.events(job.id) if json.loads(event)["type"] == "log"]
    assert "TypeError" in logged[-1]["message"]
    assert "Traceback" in (fleet.storage.local_folder(job.id) / "train.log").read_text()


def test_a_job_announced_many_times_is_trained_once(fleet):
    job = fleet.store.submit(small_spec())
    for _ in range(5):
        enqueue_training(job.id, settings=fleet.settings)
    fleet.wait(job.id, "succeeded")
    follower = fleet.submit(small_spec())
    assert fleet.wait(follower, "succeeded").attempt == 1
    assert fleet.job(job.id).attempt == 1


def test_a_job_that_is_deleted_while_it_trains_takes_its_process_and_its_files_along(fleet):
    job_id = fleet.submit(small_spec(epochs=LONG))
    fleet.wait_for_step(job_id, 5)
    pid = fleet.training_process(job_id)
    with fleet.store.engine.begin() as connection:
        connection.execute(delete(Job).where(Job.id == job_id))
    nudge(job_id, settings=fleet.settings)
    wait_for("its process to end", lambda: not Path(f"/proc/{pid}").exists())
    wait_for("its files to go", lambda: not fleet.storage.local_folder(job_id).exists())
    assert fleet.wait(fleet.submit(small_spec()), "succeeded")


def test_neither_the_worker_nor_its_pool_child_has_loaded_torch(fleet):
    worker = fleet.processes[0].pid
    fleet.wait(fleet.submit(small_spec()), "succeeded")
    for pid in (worker, *children(worker)):
        assert "libtorch" not in mapped(pid)

    def spare_has_it():
        return any("libtorch" in mapped(pid) for child in children(worker) for pid in children(child))

    wait_for("the spare to have it", spare_has_it)


def mapped(pid):
    """The files that a process has mapped into its memory; none when it has ended."""
    try:
        return Path(f"/proc/{pid}/maps").read_text()
    except FileNotFoundError:
        return ""


def test_the_curves_of_a_real_training_can_be_read_in_words(fleet):
    """208 steps of a small DCGAN: just long enough to judge, too short to go wrong for good."""
    job_id = fleet.submit(small_spec(epochs=26, sample_every_steps=26))
    job = fleet.wait(job_id, "succeeded")
    real = look_of(load(job.spec["data"]).samples[:64] / 255)
    training = training_of(job, fleet.history.curve(job_id), fleet.history, fleet.storage, max_grids=40, real=real)
    reading = read(training)
    # Three rules look at scores, which were not asked for; three at samples, and may have too few of them.
    scores = {"low_precision", "missing_modes", "copying"}
    assert scores <= set(reading.not_judged) <= {*scores, "mode_collapse", "noise", "blank"}
    assert reading.judged == [rule.code for rule in RULES if rule.code not in reading.not_judged]
    assert not {"diverging", "discriminator_won", "noise", "blank"} & {rule.code for rule, _ in reading.findings}
    assert all(0 <= diversity <= 1 for _, diversity in training.diversity)
    assert training.diversity
