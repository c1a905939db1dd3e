"""A session in use: samples, judgements, changes, weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import drivers
import spec
from drivers.data import Dataset
from drivers.errors import DriverError, WeightsError
from drivers.pytorch.device import choose_device, use_threads


def train(session, steps=3):
    for _ in range(steps):
        session.train_step()
    return session.read_losses()


# --- samples ---------------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_samples(open_small):
    session = open_small()
    train(session)
    images = session.sample(12, seed=7)
    assert images.shape == (12, 8, 8, 1)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(session.sample(12, seed=7), images)
    assert (session.sample(12, seed=8) != images).any()


def test_a_seed_is_standard_normal_noise(open_small):
    session = open_small()
    noise = np.random.default_rng(3).standard_normal((5, 8), dtype=np.float32)
    np.testing.assert_array_equal(session.sample(5, seed=3), session.sample(noise=noise))


def test_more_samples_begin_with_the_same_ones_and_may_be_many(open_small):
    session = open_small()
    many = session.sample(600, seed=1)
    assert len(many) == 600
    np.testing.assert_array_equal(session.sample(600, seed=1)[:300], many[:300])


def test_sampling_does_not_disturb_the_training(open_small):
    watched, alone = open_small("dcgan"), open_small("dcgan")
    for _ in range(3):
        watched.train_step()
        watched.sample(4)
        watched.discriminate(watched.sample(4))
        alone.train_step()
    assert watched.read_losses() == alone.read_losses()


def test_labels_choose_classes_and_are_repeated(open_small):
    session = open_small("cgan")
    noise = np.repeat(np.random.default_rng(0).normal(size=(1, 8)), 20, axis=0)
    by_default = session.sample(noise=noise)
    np.testing.assert_array_equal(by_default[:10], by_default[10:])
    assert (by_default[3] != by_default[7]).any()
    np.testing.assert_array_equal(session.sample(noise=noise, labels=np.array([3, 7]))[:2], by_default[[3, 7]])
    assert session.sample(labels=np.array([4, 4, 4])).shape[0] == 3
    assert session.sample(5, labels=np.array([4])).shape[0] == 5


@pytest.mark.parametrize(
    ("family", "arguments", "message"),
    [
        ("gan", {"noise": np.zeros((3, 9))}, r"noise must be finite numbers \(N, 8\); got \(3, 9\)"),
        ("gan", {"noise": np.full((3, 8), np.nan)}, "finite"),
        ("gan", {"count": 0}, "count must be 1 or more; got 0"),
        ("gan", {"noise": np.zeros((0, 8))}, r"noise must be finite numbers \(N, 8\); got \(0, 8\)"),
        ("gan", {"labels": np.array([1])}, "does not look at labels"),
        ("cgan", {"labels": np.array([10])}, "labels run from 0 to 9; got 10 to 10"),
        ("cgan", {"labels": np.array([-1])}, "labels run from 0 to 9"),
        ("cgan", {"labels": np.array([0.5])}, "list of whole numbers"),
        ("cgan", {"labels": np.array([], int)}, "list of whole numbers"),
    ],
)
def test_samples_that_cannot_be(open_small, family, arguments, message):
    with pytest.raises(DriverError, match=message):
        open_small(family).sample(**arguments)


# --- judgements ------------------------------------------------------------------------------------------------------


def test_a_logit_is_judged_by_its_sigmoid(open_small, digits):
    session = open_small()
    found = session.discriminate(digits(session.spec).images[:5])
    assert found["calibration"] == "sigmoid"
    np.testing.assert_allclose(found["probability_real"], 1 / (1 + np.exp(-found["score"])), rtol=1e-5)


@pytest.mark.parametrize("loss", ["least_squares", "hinge", "wasserstein"])
def test_other_scores_are_calibrated_on_reals_and_fakes(open_small, digits, loss):
    session = open_small("wgan_gp", loss={"choice": loss}, optimizer={"choice": "adam", "learning_rate": 0.01})
    for _ in range(60):
        session.train_step(["discriminator"])
    reals = session.discriminate(digits(session.spec).images)
    fakes = session.discriminate(session.sample(160, seed=5))
    assert reals["calibration"] == fakes["calibration"] == "logistic"
    assert reals["probability_real"].mean() > 0.8
    assert fakes["probability_real"].mean() < 0.2


def test_the_calibration_follows_the_training(open_small, digits):
    session = open_small("wgan_gp")
    images = digits(session.spec).images[:4]
    before = session.discriminate(images)
    train(session, 5)
    after = session.discriminate(images)
    slope = [np.polyfit(found["score"], found["probability_real"], 1)[0] for found in (before, after)]
    assert slope[0] != pytest.approx(slope[1], rel=1e-3)


def test_a_conditional_discriminator_judges_an_image_by_its_label(open_small, digits):
    session = open_small("cgan")
    images = digits(session.spec).images[:4]
    scores = [session.discriminate(images, np.full(4, label))["score"] for label in (2, 5)]
    assert (scores[0] != scores[1]).all()
    with pytest.raises(DriverError, match="judges a sample by its label; give one each"):
        session.discriminate(images)


@pytest.mark.parametrize(
    "images",
    [
        np.zeros((0, 8, 8, 1), np.uint8),
        np.zeros((2, 9, 8, 1), np.uint8),
        np.zeros((2, 8, 8, 3), np.uint8),
        np.zeros((2, 8, 8, 1), np.float32),
    ],
)
def test_images_that_do_not_fit_are_told(open_small, images):
    with pytest.raises(DriverError, match=r"images must be uint8 \(N, 8, 8, 1\); got"):
        open_small().discriminate(images)


# --- changes ---------------------------------------------------------------------------------------------------------


def test_learning_rates_change_for_one_network_or_for_all(open_small):
    session = open_small(optimizer={"choice": "sgd", "learning_rate": 0.1})
    session.change({"learning_rate": {"generator": 0.0}})
    before = session.sample(4)
    train(session)
    changed_by_statistics_only = session._state.networks["generator"].weights()
    fresh = open_small(optimizer={"choice": "sgd", "learning_rate": 0.1})._state.networks["generator"].weights()
    for name, value in changed_by_statistics_only.items():
        assert torch.equal(value, fresh[name]) or "moving" in name
    session.change({"learning_rate": 0.2})
    train(session)
    assert (session.sample(4) != before).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch_size": 3}, "'batch_size' cannot be changed during a training"),
        ({"learning_rate": {"critic": 0.1}}, "'critic' is not trained here; there is generator, discriminator"),
        ({"learning_rate": -1}, "learning_rate must be a number from 0 to 10; got -1"),
        ({"learning_rate": float("nan")}, "learning_rate must be a number from 0 to 10; got nan"),
        ({"learning_rate": "fast"}, "learning_rate must be a number from 0 to 10; got 'fast'"),
        ({"discriminator_steps": 0}, "discriminator_steps must be a whole number from 1 to 100; got 0"),
        ({"discriminator_steps": 1.5}, "discriminator_steps must be a whole number from 1 to 100; got 1.5"),
        ({"discriminator_steps": 2, "batch_size": 3}, "'batch_size' cannot be changed"),
    ],
)
def test_changes_that_cannot_be_are_told_and_nothing_is_changed(open_small, changes, message):
    session, untouched = open_small(), open_small()
    with pytest.raises(DriverError, match=message):
        session.change(changes)
    assert train(session) == train(untouched)


@pytest.mark.parametrize("update", [["critic"], ["generator", "critic"], []])
def test_a_step_of_an_unknown_network_is_told(open_small, update):
    session = open_small()
    with pytest.raises(DriverError, match=r"updates some of generator, discriminator; got (critic|none)"):
        session.train_step(update)
    assert session.step == 0


def test_a_step_of_one_network_reports_no_loss_of_the_other(open_small):
    session = open_small()
    session.train_step(["discriminator"])
    session.train_step(["generator"])
    first, second = session.read_losses()
    assert (first["step"], first["generator"], second["step"], second["discriminator"]) == (1, None, 2, None)
    assert first["discriminator"] > 0
    assert second["generator"] > 0
    assert session.read_losses() == []


# --- weights ---------------------------------------------------------------------------------------------------------


def test_weights_are_named_and_shaped_as_the_spec_says(open_small, tmp_path):
    session = open_small("dcgan")
    session.save_weights(tmp_path / "weights.safetensors")
    found = {name: value.shape for name, value in load_file(tmp_path / "weights.safetensors").items()}
    expected = spec.weights(session.spec, "generator") + spec.weights(session.spec, "discriminator")
    assert found == {name: tuple(shape) for name, shape, _ in expected}


@pytest.mark.parametrize("family", ["cgan", "dcgan", "wgan_gp"])
def test_a_model_lives_on_in_its_weights_alone(open_small, tmp_path, family):
    session = open_small(family, training={"ema_decay": 0.9})
    train(session)
    images = session.sample(9, seed=4)
    labels = np.arange(9) if family == "cgan" else None
    judged = session.discriminate(images, labels)
    session.save_weights(tmp_path / "weights")

    again = drivers.open_session(session.spec, None)
    again.load_weights(tmp_path / "weights")
    np.testing.assert_array_equal(again.sample(9, seed=4), images)
    judged_again = again.discriminate(images, labels)
    for key in ("score", "probability_real"):
        np.testing.assert_allclose(judged_again[key], judged[key], rtol=1e-5)
    assert judged_again["calibration"] == judged["calibration"]


def test_without_data_nothing_trains(make_spec):
    session = drivers.open_session(make_spec(), None)
    with pytest.raises(DriverError, match="opened without data: it can sample and judge, not train"):
        session.train_step()
    with pytest.raises(DriverError, match="'wasserstein' score becomes a probability by comparison with real images"):
        drivers.open_session(make_spec("wgan"), None).discriminate(np.zeros((1, 8, 8, 1), np.uint8))


def broken_weights(path, change):
    weights = load_file(path)
    change(weights)
    save_file(weights, path)


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda w: w.pop("generator/dense_1/bias"), "'generator/dense_1/bias' is missing"),
        (lambda w: w.update({"critic/x": np.ones(2)}), "'critic/x' belongs to nothing in this model"),
        (
            lambda w: w.update({"generator/dense_1/kernel": np.ones((16, 8), np.float32)}),
            "'generator/dense_1/kernel' has shape 16x8 instead of 8x16",
        ),
        (
            lambda w: w.update({"generator/dense_1/bias": np.full(16, np.nan, np.float32)}),
            "'generator/dense_1/bias' holds NaN or infinite numbers",
        ),
    ],
)
def test_weights_that_do_not_fit_are_told_and_nothing_is_loaded(open_small, tmp_path, change, problem):
    other = open_small(training={"seed": 1})
    other.save_weights(tmp_path / "weights")
    broken_weights(tmp_path / "weights", change)
    session = open_small()
    before = session.sample(4)
    with pytest.raises(WeightsError) as told:
        session.load_weights(tmp_path / "weights")
    assert told.value.problems == [problem]
    assert problem in told.value.message
    np.testing.assert_array_equal(session.sample(4), before)


def test_all_problems_of_weights_are_told_at_once(open_small, tmp_path):
    open_small("dcgan").save_weights(tmp_path / "weights")
    with pytest.raises(WeightsError, match=r"is missing; .* and \d+ more") as told:
        open_small("gan").load_weights(tmp_path / "weights")
    assert len(told.value.problems) > 10


def test_files_that_are_no_weights_are_told(open_small, tmp_path):
    (tmp_path / "text").write_text("not weights at all")
    with pytest.raises(DriverError, match="is not a safetensors file"):
        open_small().load_weights(tmp_path / "text")
    with pytest.raises(DriverError, match="There is no file"):
        open_small().load_weights(tmp_path / "nowhere")


def test_the_weights_remember_their_step(open_small, tmp_path):
    session = open_small()
    train(session)
    session.save_weights(tmp_path / "weights")
    with safe_open(tmp_path / "weights", "np") as file:
        assert file.metadata()["step"] == "3"


# --- opening ---------------------------------------------------------------------------------------------------------


def test_data_of_another_shape_are_told(make_spec):
    data = Dataset(np.zeros((4, 9, 9, 1), np.uint8))
    with pytest.raises(DriverError, match=r"makes images \(8, 8, 1\), but the data are \(4, 9, 9, 1\)") as told:
        drivers.open_session(make_spec(), data)
    assert told.value.pointer == "/data"


def test_a_conditional_gan_needs_labels(make_spec):
    with pytest.raises(DriverError, match="conditional GAN needs labels"):
        drivers.open_session(make_spec("cgan"), Dataset(np.zeros((4, 8, 8, 1), np.uint8)))
    strange = Dataset(np.zeros((4, 8, 8, 1), np.uint8), np.array([3, 12, 4, 5]))
    with pytest.raises(DriverError, match="must run from 0 to 9; those of the data run from 3 to 12"):
        drivers.open_session(make_spec("cgan"), strange)


def test_devices_that_are_not_there_are_told():
    with pytest.raises(DriverError, match="'tpu' is not a device; use auto, cpu, cuda or cuda:1"):
        choose_device("tpu")
    with pytest.raises(DriverError, match=r"'cuda:99' was asked for, but PyTorch sees \d+ CUDA devices"):
        choose_device("cuda:99")
    assert choose_device("cpu").type == "cpu"


@pytest.mark.parametrize(
    ("threads", "work", "expected"), [(None, 99_999_999, 1), (None, 100_000_000, 2), (None, 10**12, 2), (3, 1, 3)]
)
def test_threads_follow_the_work_and_the_processors(monkeypatch, threads, work, expected):
    before = torch.get_num_threads()
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 1, 2})
    try:
        use_threads(threads, work)
        assert torch.get_num_threads() == expected
    finally:
        torch.set_num_threads(before)


def test_the_environment_is_recorded(open_small):
    environment = open_small().environment
    assert environment["driver"] == "pytorch"
    assert environment["device"] == "cpu"
    assert environment["precision"] == "float32"
    assert environment["threads"] == 1
    assert environment["versions"]["torch"] == torch.__version__
