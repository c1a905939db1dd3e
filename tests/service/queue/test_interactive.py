"""Asking models: while they train, afterwards, and when they cannot answer."""

import io
import os
import signal

import numpy as np
import pytest
from PIL import Image

from drivers.data import grid
from service import broker
from service.config import Settings
from service.queue.interactive import InteractiveError, InteractiveUnavailable, call
from service.trainer.answers import decode, encode
from tests.fleet import children, small_spec, wait_for, wave_spec

SECONDS = 60.0


@pytest.fixture(scope="module")
def fleet(fleets):
    with fleets() as fleet:
        fleet.start_worker("training")
        fleet.start_worker("interactive")
        yield fleet


@pytest.fixture(scope="module")
def trained(fleet):
    return fleet.wait(fleet.submit(small_spec(epochs=2)), "succeeded").id


@pytest.fixture
def ask(fleet):
    return lambda kind, job_id, **params: call(kind, job_id, params, SECONDS, settings=fleet.settings)


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)))


def test_bytes_survive_json():
    value = {"images": [b"\x00\xff", b""], "count": 2, "nested": {"labels": [1]}}
    assert decode(encode(value)) == value


def test_a_grid_shows_what_the_single_images_show(ask, trained):
    sheet = ask("sample", trained, count=6, seed=3, columns=3)
    single = ask("sample", trained, count=6, seed=3, format="each")
    assert (sheet["columns"], sheet["count"], sheet["step"]) == (3, 6, 16)
    images = np.stack([pixels(png) for png in single["images"]])[..., None]
    np.testing.assert_array_equal(pixels(sheet["png"]), np.asarray(grid(images, 3)))


def test_the_same_noise_gives_the_same_image_and_another_seed_another(ask, trained):
    noise = np.linspace(-1, 1, 100)[None].tolist()
    once = ask("sample", trained, noise=noise, format="each")["images"]
    assert once == ask("sample", trained, noise=noise, format="each")["images"]
    assert ask("sample", trained, count=1, seed=1)["png"] != ask("sample", trained, count=1, seed=2)["png"]


def test_images_of_any_size_are_judged_in_the_size_of_the_model(ask, trained):
    own = ask("sample", trained, count=2, seed=3, format="each")["images"]
    large = io.BytesIO()
    Image.new("RGB", (100, 50), "white").save(large, "PNG")
    verdict = ask("discriminate", trained, images=[*own, large.getvalue()])
    assert len(verdict["score"]) == len(verdict["probability_real"]) == 3
    expected = 1 / (1 + np.exp(-np.array(verdict["score"])))
    np.testing.assert_allclose(verdict["probability_real"], expected, rtol=1e-6)
    assert verdict["calibration"] == "sigmoid"


def test_sequences_are_drawn_told_as_numbers_and_judged(ask, fleet):
    job = fleet.wait(fleet.submit(wave_spec()), "succeeded").id
    told = ask("sample", job, labels=[2], count=3, seed=1, format="each")["sequences"]
    waves = np.array(told, np.float32)
    assert waves.shape == (3, 8, 2)
    drawn = ask("sample", job, labels=[2], count=3, seed=1, columns=3)["png"]
    np.testing.assert_array_equal(pixels(drawn), np.asarray(grid(waves, 3)))
    verdict = ask("discriminate", job, sequences=told, labels=[2, 2, 2])
    assert len(verdict["score"]) == 3
    with fleet.storage.open(job, "samples/2.png") as file, Image.open(file) as sheet:
        assert sheet.width == 4 * 192 + 1  # a column for each class


def test_what_is_no_image_is_named_by_its_place(ask, trained):
    own = ask("sample", trained, count=1, format="each")["images"]
    with pytest.raises(InteractiveError) as raised:
        ask("discriminate", trained, images=[*own, b"no image"])
    assert (raised.value.code, raised.value.pointer) == ("bad_image", "/images/1")


def test_what_the_driver_refuses_comes_back_in_its_words(ask, trained):
    with pytest.raises(InteractiveError, match=r"\(N, 100\)") as raised:
        ask("sample", trained, noise=[[1.0, 2.0]])
    assert raised.value.code == "bad_noise"


def test_a_job_without_weights_says_so(ask, fleet):
    queued = fleet.store.submit(small_spec())
    with pytest.raises(InteractiveError) as raised:
        ask("sample", queued.id)
    assert raised.value.code == "no_weights_yet"


def test_a_model_is_used_while_it_trains_and_its_newest_weights_are(ask, fleet):
    job_id = fleet.submit(small_spec(epochs=2000))
    wait_for("the first weights", lambda: fleet.storage.exists(job_id, "weights.safetensors"))
    early = ask("sample", job_id, count=4, format="each")
    fleet.ask(job_id, "pause")
    fleet.wait(job_id, "paused")
    late = ask("sample", job_id, count=4, format="each")
    assert late["step"] > early["step"]
    assert late["step"] == fleet.last_step(job_id)
    assert late["images"] != early["images"]
    fleet.ask(job_id, "stop")
    fleet.wait(job_id, "stopped")


def test_the_model_process_is_replaced_when_it_was_killed(ask, fleet, trained):
    before = ask("sample", trained, count=1)["png"]
    (pool_child,) = children(fleet.processes[1].pid)
    (model_process,) = children(pool_child)
    os.kill(model_process, signal.SIGKILL)

    excuses = set()

    def answered():
        try:
            return ask("sample", trained, count=1)["png"]
        except InteractiveError as error:
            excuses.add(error.code)
            return None

    assert wait_for("a new one to answer", answered) == before
    assert excuses <= {"model_process_died"}


def test_without_a_worker_the_caller_is_told_in_time(tmp_path):
    with broker.running(tmp_path / "broker") as url, pytest.raises(InteractiveUnavailable) as raised:
        call("sample", "some-job", {}, 0.3, settings=Settings(redis_url=url))
    assert raised.value.code == "timeout"


def test_without_a_broker_the_caller_is_told():
    settings = Settings(redis_url="redis://127.0.0.1:1/0")
    with pytest.raises(InteractiveUnavailable) as raised:
        call("sample", "some-job", {}, 5.0, settings=settings)
    assert raised.value.code == "broker_unavailable"
