"""Jobs of a driver with several backends: each in a process of its own, and answered by one."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import spec as specs
from service.config import Settings
from service.queue.interactive import call
from service.trainer.runtimes import is_runtime, runtime_of, spec_keys
from service.trainer.spare import Spare
from tests.fleet import small_spec, wait_for

SECONDS = 300.0
SCORED = {"metrics": ["kid"], "sample_count": 60, "extractor": "identity", "every_epochs": 2}


@pytest.mark.parametrize(("backend", "precision"), [("jax", "float32"), ("tensorflow", "bfloat16")])
def test_all_that_the_service_offers_is_there_on_a_backend(fleet, backend, precision):
    """It is scored while it trains, obeys, and its model samples, judges, is scored and leaves as a file."""
    keys = {"driver": "keras", "backend": backend, "precision": precision, "evaluation": SCORED}
    job_id = fleet.submit(specs.resolve({**small_spec(epochs=2), **keys}))
    fleet.ask(job_id, "pause")
    # The backend is started and the step compiled, which takes a busy machine its time.
    at = wait_until(fleet, job_id, "paused").progress["step"]
    fleet.ask(job_id, "step", update=["generator"], count=2)
    fleet.ask(job_id, "update", changes={"learning_rate": {"discriminator": 1e-5}})
    fleet.ask(job_id, "resume")
    job = wait_until(fleet, job_id, "succeeded")

    assert [job.environment[key] for key in ("driver", "backend", "precision")] == ["keras", backend, precision]
    curve = fleet.curve(job_id)
    assert [step for step, _, _ in curve] == list(range(1, 17))
    assert [step for step, _, discriminator in curve if discriminator is None] == [at + 1, at + 2]
    marked = [(marker.step, marker.details["kind"]) for marker in fleet.history.markers(job_id)]
    assert marked == [(at, "paused"), (at, "stepped"), (at + 2, "changed"), (at + 2, "resumed")]
    assert fleet.history.measurements(job_id)["kid"][-1][0] == 16
    events = [json.loads(event) for _, event in fleet.events(job_id)]
    kinds = [event["type"] for event in events]
    told = [event["message"] for event in events[: kinds.index("loss")] if event["type"] == "log"]
    starting, compiling = [message for message in told if "Changed" not in message]
    assert f"No process was waiting for a job with keras:{backend}" in starting
    assert "Compiling" in compiling
    assert (Path(fleet.settings.home) / "last-runtime").read_text() == f"keras:{backend}"

    def answer(kind, **params):
        return call(kind, job_id, params, SECONDS, settings=fleet.settings)

    noise = np.random.default_rng(0).normal(size=(3, 100)).tolist()
    drawn = answer("sample", noise=noise, format="each")
    assert (drawn["count"], drawn["step"]) == (3, 16)
    # The weights belong to no library: another runtime draws the same.
    elsewhere = answer("sample", noise=noise, format="each", runtime="pytorch")
    # bfloat16 is half a pixel apart near white and black, and products add up in another order elsewhere.
    assert np.abs(pixels(drawn) - pixels(elsewhere)).max() <= (1 if precision == "float32" else 3)
    judged = answer("discriminate", images=drawn["images"])
    assert judged["calibration"] == "sigmoid"
    assert all(0 < probability < 1 for probability in judged["probability_real"])
    (score,) = answer("evaluate", evaluation=job.spec["evaluation"], seed=0)["scores"]
    assert score["value"] == pytest.approx(fleet.history.measurements(job_id)["kid"][-1][1])
    for format_ in ("onnx", "torch_export", "keras", "safetensors"):
        found = answer("export", format=format_, network="discriminator")
        assert fleet.storage.local_copy(job_id, found["name"]).stat().st_size == found["size"]


def pixels(answer):
    return np.stack([np.asarray(Image.open(io.BytesIO(png))) for png in answer["images"]]).astype(int)


def wait_until(fleet, job_id, state):
    wait_for(state, lambda: fleet.job(job_id).state in (state, "failed"), SECONDS)
    job = fleet.job(job_id)
    assert (job.state, job.problem) == (state, None)
    return job


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
