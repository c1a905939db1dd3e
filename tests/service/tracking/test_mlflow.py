"""Runs in MLflow: one a job, whatever its attempts; parameters, curves, pictures and the end."""

import io
import json
import shutil

import pytest
from PIL import Image

from service.tracking.mlflow import MLflow
from service.tracking.tracker import Point, Run, TrackerRefused, TrackerUnavailable
from spec import resolve

from . import mlflow_server

SPEC = resolve({"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}})
RUN = Run(
    job_id="job-1",
    name="first",
    spec=SPEC,
    facts={"device": "cpu", "attempt": "1"},
    tags=["good", "small"],
    comment="A *comment*",
    sweep="sweep-1",
)
AT = 1_700_000_000.25


@pytest.fixture(scope="module", params=["as documented", "MLflow"])
def server(request, tmp_path_factory):
    if request.param == "as documented":
        with mlflow_server.documented() as client:
            yield client
    elif shutil.which("mlflow") is None:
        # Its server brings some thirty packages that nothing else here needs; what it documents is always tested.
        pytest.skip("MLflow's own server is not installed (pip install mlflow)")
    else:
        with mlflow_server.mlflow(tmp_path_factory.mktemp("mlflow")) as client:
            yield client


def png(shade):
    buffer = io.BytesIO()
    Image.new("L", (600, 300), shade).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_run_has_what_the_training_reports(server):
    tracker = MLflow(server.url, "whole")
    assert tracker.start(RUN) == []
    tracker.log([Point("loss/generator", 10, 0.75, AT), Point("loss/discriminator", 10, 1.25, AT)])
    tracker.log([Point("loss/generator", 20, 0.5, AT), Point("score/kid", 10, -0.001, AT)])
    tracker.picture(10, png(128))
    tracker.finish("succeeded")

    (run,) = server.runs("whole")
    assert (run["info"]["run_name"], run["info"]["status"]) == ("first", "FINISHED")
    assert run["info"]["end_time"] >= run["info"]["start_time"]
    parameters = mlflow_server.data_of(run, "params")
    assert parameters["generator.latent_dim"] == "100"
    assert parameters["generator.choice"] == "dcgan"
    assert parameters["optimizer.generator.learning_rate"] == "0.0002"
    assert json.loads(parameters["data.include_classes"]) is None
    tags = mlflow_server.data_of(run, "tags")
    assert (tags["authorgan.job"], tags["authorgan.state"], tags["authorgan.device"]) == ("job-1", "succeeded", "cpu")
    assert (tags["authorgan.tags"], tags["authorgan.sweep"]) == ("good, small", "sweep-1")
    assert tags["mlflow.note.content"] == "A *comment*"

    run_id, uri = run["info"]["run_id"], run["info"]["artifact_uri"]
    assert server.curve(run_id, "loss/generator") == [(10, 0.75), (20, 0.5)]
    assert server.curve(run_id, "score/kid") == [(10, -0.001)]
    assert json.loads(server.artifact(uri, "spec.json")) == SPEC
    small, whole = sorted(server.artifacts(run_id, "images"), key=lambda name: name.endswith(".png"))
    assert whole.startswith("images/samples+step+10+timestamp+")
    assert server.artifact(uri, whole) == png(128)
    assert Image.open(io.BytesIO(server.artifact(uri, small))).size == (256, 128)


def test_another_attempt_goes_on_with_the_run_and_doubles_nothing(server):
    first = MLflow(server.url, "resumed")
    first.start(RUN)
    first.log([Point("loss/generator", step, step / 8, AT) for step in (1, 2, 3)])
    first.picture(2, png(1))
    first.finish("lost")
    (run,) = server.runs("resumed")
    assert run["info"]["status"] == "FAILED"

    # From the checkpoint of step 1 the same numbers come again.
    second = MLflow(server.url, "resumed")
    second.start(Run(job_id="job-1", name="renamed", spec=SPEC, facts={"device": "cuda:0", "attempt": "2"}))
    second.log([Point("loss/generator", step, step / 8, AT + 9) for step in (2, 3, 4)])
    second.log([Point("score/kid", 2, 0.5, AT + 9)])  # late, but a curve of its own
    second.picture(2, png(1))
    second.picture(4, png(2))
    second.finish("queued")

    (run,) = server.runs("resumed")
    run_id = run["info"]["run_id"]
    assert (run["info"]["run_name"], run["info"]["status"]) == ("renamed", "SCHEDULED")
    assert server.curve(run_id, "loss/generator") == [(step, step / 8) for step in (1, 2, 3, 4)]
    assert server.curve(run_id, "score/kid") == [(2, 0.5)]
    steps = [name.split("+")[2] for name in server.artifacts(run_id, "images") if name.endswith(".png")]
    assert sorted(steps) == ["2", "4"]
    tags = mlflow_server.data_of(run, "tags")
    assert (tags["authorgan.device"], tags["authorgan.attempt"]) == ("cuda:0", "2")


def test_more_points_than_one_request_may_hold_all_arrive(server):
    tracker = MLflow(server.url, "many")
    tracker.start(Run(job_id="job-2", name="many", spec=SPEC))
    tracker.log([Point("loss/generator", step, 1.0, AT) for step in range(2500)])
    (run,) = server.runs("many")
    assert len(server.curve(run["info"]["run_id"], "loss/generator")) == 2500


def test_a_run_ends_as_its_job_does(server):
    for state, status in {"failed": "FAILED", "stopped": "KILLED", "paused": "SCHEDULED"}.items():
        tracker = MLflow(server.url, state)
        tracker.start(RUN)
        tracker.finish(state)
        (run,) = server.runs(state)
        assert run["info"]["status"] == status


def test_what_identifies_goes_along_and_is_not_in_the_address():
    with mlflow_server.documented() as client:
        host = client.url.removeprefix("http://")
        MLflow(f"http://anna:p%40ss@{host}", "x").start(RUN)
        MLflow(client.url, "x", token="secret").start(RUN)
        assert client.headers[0]["Authorization"] == "Basic YW5uYTpwQHNz"  # anna:p@ss
        assert client.headers[-1]["Authorization"] == "Bearer secret"
        assert {headers["Host"] for headers in client.headers} == {host}


def test_a_server_that_is_away_may_come_back_and_one_that_refuses_does_not():
    with pytest.raises(TrackerUnavailable, match=r"http://127\.0\.0\.1:1"):
        MLflow("http://127.0.0.1:1", "x").start(RUN)
    with mlflow_server.documented() as client:
        tracker = MLflow(client.url, "x")
        tracker.start(RUN)
        tracker._told_until = {}
        with pytest.raises(TrackerRefused, match="400 INVALID_PARAMETER_VALUE: a parameter is not changed"):
            tracker._log_batch("params", [{"key": "generator.latent_dim", "value": "7"}])


def test_a_server_that_keeps_no_artefacts_itself_is_told_of():
    with mlflow_server.documented() as client:
        MLflow(client.url, "x").start(RUN)
        (run,) = client.runs("x")
        client.ask("runs/update", run_id=run["info"]["run_id"], artifact_uri="s3://bucket/1")
        tracker = MLflow(client.url, "x")
        (remark,) = tracker.start(RUN)
        assert "gets no pictures" in remark
        assert "--serve-artifacts" in remark
        tracker.picture(1, png(0))  # which does nothing
        assert client.artifacts(run["info"]["run_id"], "images") == []
