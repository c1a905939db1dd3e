"""Runs in Weights & Biases, offline: what the package has written is read back from its folder."""

import io
import json
import struct
from pathlib import Path

import pytest
from PIL import Image

from service.config import Settings
from service.tracking import wandb as tracked
from service.tracking.configured import trackers, where
from service.tracking.tracker import Point, Run, TrackerRefused
from spec import resolve

SPEC = resolve({"data": {"choice": "digits"}, "generator": {"choice": "dcgan"}, "discriminator": {"choice": "dcgan"}})
RUN = Run(job_id="job-1", name="first", spec=SPEC, facts={"device": "cpu"}, tags=["good"], sweep="sweep-1")
AT = 1_700_000_000.0


def test_without_the_package_it_is_told_at_start_and_with_each_training(tmp_path, monkeypatch):
    monkeypatch.setattr(tracked, "is_installed", lambda: False)
    settings = Settings(home=tmp_path, wandb_mode="offline")
    (line,) = where(settings)
    assert line.startswith("AUTHORGAN_WANDB_MODE=offline does nothing: the package wandb is not installed.")
    (tracker,) = trackers(settings)
    with pytest.raises(TrackerRefused, match=r"pip install -r requirements-tracking\.txt"):
        tracker.start(RUN)


def records(folder: Path):
    """What `wandb sync` would send: a file of LevelDB's log format, whose records are protocol buffers."""
    from wandb.proto import wandb_internal_pb2

    content, place, data = b"".join(file.read_bytes() for file in folder.glob("*.wandb")), 7, b""  # 7: the file's head
    while place < len(content):
        if (left := 32_768 - place % 32_768) < 7:  # no record's head fits into the rest of a block
            place += left
            continue
        if len(content) - place < 7:
            return  # it is being written
        _, length, kind = struct.unpack_from("<IHB", content, place)
        if place + 7 + length > len(content):
            return
        data += content[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # a whole record, or the last part of one
            yield wandb_internal_pb2.Record.FromString(data)
            data = b""


@pytest.mark.skipif(not tracked.is_installed(), reason="wandb is not installed (requirements-tracking.txt)")
def test_offline_a_run_is_a_folder_with_what_the_training_reports(tmp_path):
    (tracker,) = trackers(Settings(home=tmp_path, wandb_mode="offline", wandb_project="digits"))
    assert tracker.start(RUN) == []
    tracker.log([Point("loss/generator", 20, 0.5, AT), Point("loss/generator", 10, 0.75, AT)])
    tracker.log([Point("score/kid", 10, -0.25, AT)])  # later than the losses of that step
    buffer = io.BytesIO()
    Image.new("L", (30, 20), 128).save(buffer, "PNG")
    tracker.picture(20, buffer.getvalue())
    tracker.finish("succeeded")

    (folder,) = (tmp_path / "wandb").glob("offline-run-*-job-1")
    assert json.loads((folder / "files/spec.json").read_text()) == SPEC
    (picture,) = folder.glob("files/media/images/samples_*.png")
    assert Image.open(picture).size == (30, 20)

    found = list(records(folder))
    (run,) = [record.run for record in found if record.HasField("run")]
    assert (run.run_id, run.display_name, run.project, run.run_group) == ("job-1", "first", "digits", "sweep-1")
    assert list(run.tags) == ["good"]
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert config["generator.latent_dim"] == 100
    rows = [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
        for record in found
        if record.HasField("history")
    ]
    curves = {
        name: [(row["step"], row[name]) for row in rows if name in row] for name in ("loss/generator", "score/kid")
    }
    assert curves == {"loss/generator": [(10, 0.75), (20, 0.5)], "score/kid": [(10, -0.25)]}
    (end,) = [record.exit for record in found if record.HasField("exit")]
    assert end.exit_code == 0


@pytest.mark.skipif(not tracked.is_installed(), reason="wandb is not installed (requirements-tracking.txt)")
def test_two_jobs_of_one_worker_are_two_runs(tmp_path):
    settings = Settings(home=tmp_path, wandb_mode="offline")
    first, second = (trackers(settings)[0] for _ in range(2))
    first.start(RUN)
    second.start(Run(job_id="job-2", name="second", spec=SPEC))
    first.log([Point("loss/generator", 1, 1.0, AT)])
    second.finish("failed")
    first.finish("succeeded")
    ends = {}
    for folder in (tmp_path / "wandb").glob("offline-run-*"):
        (end,) = [record.exit for record in records(folder) if record.HasField("exit")]
        ends[folder.name.split("-", 3)[-1]] = end.exit_code
    assert ends == {"job-1": 0, "job-2": 1}
