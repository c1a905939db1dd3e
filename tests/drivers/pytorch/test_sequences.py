"""Sequences (T, C) through the whole driver: training, samples, judgements, checkpoints."""

from __future__ import annotations

import numpy as np
import pytest

import drivers
import spec
from drivers.data import Dataset, load

RECURRENT_GENERATOR = [
    {"id": "noise", "type": "Input", "source": "noise", "shape": [4]},
    {"id": "steps", "type": "RepeatVector", "n": 12, "inputs": ["noise"]},
    {"id": "memory", "type": "LSTM", "units": 8, "return_sequences": True, "inputs": ["steps"]},
    {"id": "wave", "type": "Dense", "units": 2, "activation": "tanh", "inputs": ["memory"]},
]
RECURRENT_DISCRIMINATOR = [
    {"id": "wave", "type": "Input", "source": "sequence"},
    {"id": "memory", "type": "LSTM", "units": 8, "inputs": ["wave"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["memory"]},
]


def opened(generator="custom", discriminator="custom", loss=None, **data):
    networks = {"generator": {"choice": generator}, "discriminator": {"choice": discriminator}}
    for network, layers in (("generator", RECURRENT_GENERATOR), ("discriminator", RECURRENT_DISCRIMINATOR)):
        networks[network] |= {"layers": layers} if networks[network]["choice"] == "custom" else {"widths": [16]}
    resolved = spec.resolve(
        {
            "data": {"choice": "sine", "length": 12, "channels": 2, "count": 64, **data},
            **networks,
            **({"loss": loss} if loss else {}),
            "training": {"epochs": 2, "batch_size": 16, "discriminator_steps": 1},
            "device": "cpu",
        }
    )
    return drivers.open_session(resolved, load(resolved["data"]), threads=1)


@pytest.mark.parametrize(
    "loss",
    [
        {"choice": "non_saturating"},
        {"choice": "wasserstein", "regularizers": ["gradient_penalty"]},
        {"choice": "non_saturating", "regularizers": ["r1"]},
    ],
    ids=lambda loss: "-".join([loss["choice"], *loss.get("regularizers", [])]),
)
def test_a_recurrent_gan_trains(loss):
    session = opened(loss=loss)
    assert (session.steps_per_epoch, session.images_per_step) == (4, 16)
    before = session.sample(3)
    for _ in range(4):
        session.train_step()
    assert len(session.read_losses()) == 4
    after = session.sample(3)
    assert (after.dtype, after.shape) == (np.float32, (3, 12, 2))
    assert np.abs(after - before).max() > 1e-4
    assert np.abs(after).max() <= 1


def test_samples_are_the_generators_numbers_unrounded():
    wave = opened().sample(50)
    assert np.unique(wave).size > 1000


def test_real_and_generated_sequences_are_judged():
    session = opened()
    found = session.discriminate(load(session.spec["data"]).samples[:5])
    assert found["score"].shape == (5,)
    np.testing.assert_allclose(found["probability_real"], 1 / (1 + np.exp(-found["score"])), rtol=1e-5)
    assert session.discriminate(session.sample(4))["score"].shape == (4,)


def test_scores_of_a_critic_are_calibrated_on_sequences():
    session = opened(loss={"choice": "wasserstein", "regularizers": ["gradient_penalty"]})
    assert session.discriminate(session.sample(4))["calibration"] == "logistic"


def test_a_conditional_gan_makes_the_waveform_it_is_asked_for():
    session = opened("cgan", "cgan", classes=4)
    session.train_step()
    noise = np.zeros((4, 100))
    waves = session.sample(noise=noise)
    assert waves.shape == (4, 12, 2)
    assert (waves[0] != waves[1]).any()
    assert session.discriminate(waves, np.arange(4))["score"].shape == (4,)


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.zeros((3, 12, 2), np.uint8), r"sequences must be finite float32 \(N, 12, 2\); got uint8 \(3, 12, 2\)"),
        (np.zeros((3, 11, 2), np.float32), r"got float32 \(3, 11, 2\)"),
        (np.full((3, 12, 2), np.nan, np.float32), "some numbers are NaN or infinite"),
    ],
)
def test_what_is_no_sequence_of_the_data_is_not_judged(samples, message):
    with pytest.raises(drivers.DriverError, match=message):
        opened().discriminate(samples)


def test_data_of_another_shape_are_refused():
    resolved = opened().spec
    with pytest.raises(drivers.DriverError, match=r"makes sequences \(12, 2\), but the data are \(4, 9, 2\)"):
        drivers.open_session(resolved, Dataset(np.zeros((4, 9, 2), np.float32)))


def test_a_resumed_training_goes_on_exactly(tmp_path):
    straight, broken = opened(), opened()
    for _ in range(5):
        straight.train_step()
    for _ in range(2):
        broken.train_step()
    broken.save_checkpoint(tmp_path)
    resumed = opened()
    resumed.load_checkpoint(tmp_path)
    for _ in range(3):
        resumed.train_step()
    np.testing.assert_array_equal(resumed.sample(8), straight.sample(8))
