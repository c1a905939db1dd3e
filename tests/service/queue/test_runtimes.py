"""Jobs of a driver with several backends: each in a process of its own, and answered by one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import spec as specs
from service.config import Settings
from service.queue.interactive import call
from service.trainer.runtimes import is_runtime, runtime_of, spec_keys
from service.trainer.spare import Spare
from tests.fleet import small_spec, wait_for

SECONDS = 300.0


@pytest.fixture(scope="module")
def fleet(fleets):
    with fleets() as fleet:
        fleet.start_worker("training")
        fleet.start_worker("interactive")
        yield fleet


def test_a_job_trains_on_jax_and_its_model_answers(fleet):
    resolved = specs.resolve({**small_spec(epochs=2), "driver": "keras", "backend": "jax"})
    job_id = fleet.submit(resolved)
    # JAX is started and the step compiled, which takes a busy machine its time.
    wait_for("the end of the job", lambda: fleet.job(job_id).state in ("succeeded", "failed"), SECONDS)
    job = fleet.job(job_id)

    assert (job.state, job.problem) == ("succeeded", None)
    assert [job.environment[key] for key in ("driver", "backend", "precision")] == ["keras", "jax", "float32"]
    assert [step for step, _, _ in fleet.curve(job_id)] == list(range(1, 17))
    events = [json.loads(event) for _, event in fleet.events(job_id)]
    kinds = [event["type"] for event in events]
    [compiling] = [event for event in events if event["type"] == "log" and "Compiling" in event["message"]]
    assert events.index(compiling) < kinds.index("loss")
    assert (Path(fleet.settings.home) / "last-runtime").read_text() == "keras:jax"

    answer = call("sample", job_id, {"count": 4, "seed": 1}, SECONDS, settings=fleet.settings)
    assert (answer["count"], answer["step"]) == (4, 16)


def test_a_runtime_and_the_keys_of_a_spec_say_the_same():
    for keys in ({"driver": "pytorch"}, {"driver": "keras", "backend": "jax"}):
        assert spec_keys(runtime_of(keys)) == keys
    assert is_runtime("pytorch")
    assert is_runtime("keras:torch")
    assert not any(map(is_runtime, ("", "keras", "keras:theano", "pytorch:jax", "theano")))


@pytest.mark.parametrize("remembered", ["keras:theano", "", "\x00"])
def test_a_runtime_that_is_no_longer_there_is_forgotten(tmp_path, remembered):
    (tmp_path / "last-runtime").write_text(remembered)
    assert Spare(Settings(home=tmp_path))._runtime == "pytorch"
