"""A training cut in two gives bit for bit the numbers of one that was not."""

from __future__ import annotations

import json

import pytest
import torch
from safetensors.numpy import load_file, save_file

import drivers
from drivers import checkpoint
from drivers.errors import DivergedError, DriverError, WeightsError

# Layers that draw random numbers or change with every use.
DRAWN = [
    {"id": "image", "type": "Input", "source": "image", "inputs": []},
    {"id": "noise", "type": "GaussianNoise", "stddev": 0.1, "inputs": ["image"]},
    {"id": "rows", "type": "Reshape", "target_shape": [8, 8], "inputs": ["noise"]},
    {"id": "look", "type": "MultiHeadAttention", "num_heads": 2, "key_dim": 4, "dropout": 0.2, "inputs": ["rows"]},
    {
        "id": "read",
        "type": "Bidirectional",
        "layer": {"type": "LSTM", "units": 8, "dropout": 0.2, "recurrent_dropout": 0.2},
        "inputs": ["look"],
    },
    {"id": "held", "type": "SpectralNormalization", "layer": {"type": "Dense", "units": 8}, "inputs": ["read"]},
    {"id": "spread", "type": "MinibatchStdDev", "inputs": ["held"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["spread"]},
]
# Every feature that has a state of its own.
FEATURES = {
    "dense": ("gan", {}),
    "batch normalization, dropout": ("dcgan", {}),
    "labels": ("cgan", {}),
    "weight clipping, rmsprop": ("wgan", {}),
    "gradient penalty, several steps": ("wgan_gp", {}),
    "r1": ("dcgan", {"loss": {"choice": "non_saturating", "regularizers": [{"choice": "r1"}]}}),
    "average": ("dcgan", {"training": {"ema_decay": 0.9}}),
    "schedule": ("gan", {"training": {"learning_rate_schedule": {"choice": "cosine"}}}),
    "rmsprop with momentum": ("gan", {"optimizer": {"choice": "rmsprop", "momentum": 0.5}}),
    "sgd with momentum": ("gan", {"optimizer": {"choice": "sgd", "momentum": 0.5}}),
    **{choice: ("gan", {"optimizer": {"choice": choice}}) for choice in ("adamw", "adagrad", "adadelta")},
    **{choice: ("gan", {"optimizer": {"choice": choice}}) for choice in ("adamax", "nadam", "lion")},
    "layers with a memory": ("gan", {"discriminator": {"choice": "custom", "layers": DRAWN}}),
    "bfloat16": ("dcgan", {"precision": "bfloat16"}),
}
# 160 images in batches of 16: the cut lies within a pass, the end in a later one.
BEFORE, AFTER = 7, 8


def train(session, steps):
    for _ in range(steps):
        session.train_step()
    return session.read_losses()


@pytest.mark.parametrize(("family", "modules"), FEATURES.values(), ids=FEATURES)
def test_resumed_training_is_the_same_bit_for_bit(open_small, tmp_path, family, modules):
    whole = open_small(family, **modules)
    first_half = train(whole, BEFORE)
    cut = open_small(family, **modules)
    assert train(cut, BEFORE) == first_half
    cut.save_checkpoint(tmp_path)
    second_half = train(whole, AFTER)

    resumed = open_small(family, **modules)
    train(resumed, 2)  # whatever it did before is forgotten
    resumed.load_checkpoint(tmp_path)
    assert resumed.step == BEFORE
    assert train(resumed, AFTER) == second_half
    assert (resumed.sample(8) == whole.sample(8)).all()


def test_saving_does_not_disturb_the_training(open_small, tmp_path):
    saved, alone = open_small("wgan_gp"), open_small("wgan_gp")
    for _ in range(4):
        saved.train_step()
        saved.save_checkpoint(tmp_path)
        alone.train_step()
    assert saved.read_losses() == alone.read_losses()


def test_changes_during_the_training_are_kept(open_small, tmp_path):
    session = open_small()
    session.change({"learning_rate": {"generator": 0.123}, "discriminator_steps": 2})
    train(session, 2)
    session.save_checkpoint(tmp_path)
    resumed = open_small()
    resumed.load_checkpoint(tmp_path)
    assert train(resumed, 3) == train(session, 3)


def test_a_calibration_is_kept(open_small, tmp_path, digits):
    session = open_small("wgan_gp")
    train(session, 3)
    session.save_checkpoint(tmp_path)
    stored = json.loads((tmp_path / "checkpoint.json").read_text())["calibration"]
    assert stored["method"] == "logistic"


def test_a_checkpoint_is_json_and_safetensors_and_replaces_the_one_before(open_small, tmp_path):
    session = open_small()
    for _ in range(3):
        session.train_step()
        session.save_checkpoint(tmp_path)
    assert sorted(file.suffix for file in tmp_path.iterdir()) == [".json", ".safetensors"]
    assert json.loads((tmp_path / "checkpoint.json").read_text())["step"] == 3


def test_a_crash_while_saving_leaves_the_old_checkpoint(open_small, tmp_path, monkeypatch):
    """At the worst moment: the new tensors are written, the file that says they count is not."""
    session = open_small()
    train(session, 3)
    session.save_checkpoint(tmp_path)
    expected = train(session, 2)

    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "_write_text", crash)
    with pytest.raises(KeyboardInterrupt):
        session.save_checkpoint(tmp_path)
    monkeypatch.undo()
    resumed = open_small()
    resumed.load_checkpoint(tmp_path)
    assert resumed.step == 3
    assert train(resumed, 2) == expected
    resumed.save_checkpoint(tmp_path)
    assert len(list(tmp_path.iterdir())) == 2


def test_no_checkpoint(open_small, tmp_path):
    with pytest.raises(DriverError, match="There is no checkpoint") as told:
        open_small().load_checkpoint(tmp_path)
    assert told.value.code == "no_checkpoint"


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda folder: (folder / "checkpoint.json").write_text("{"), "is not JSON"),
        (lambda folder: (folder / "checkpoint.json").write_text('{"format": 99}'), "has format 99; this version reads"),
        (lambda folder: edit(folder, "step"), "lacks step"),
        (lambda folder: tensors(folder).unlink(), "tensors of .* cannot be read"),
        (lambda folder: tensors(folder).write_bytes(tensors(folder).read_bytes()[:-100]), "cannot be read"),
    ],
    ids=["not json", "other format", "incomplete", "no tensors", "truncated"],
)
def test_damage_is_told_and_nothing_is_loaded(open_small, tmp_path, damage, message):
    trained = open_small()
    train(trained, 3)
    trained.save_checkpoint(tmp_path)
    damage(tmp_path)
    session, untouched = open_small(), open_small()
    with pytest.raises(DriverError, match=message):
        session.load_checkpoint(tmp_path)
    assert session.step == 0
    assert train(session, 2) == train(untouched, 2)


def test_a_checkpoint_of_another_model_is_told_and_nothing_is_loaded(open_small, tmp_path):
    open_small("cgan").save_checkpoint(tmp_path)
    session, untouched = open_small(), open_small()
    with pytest.raises(WeightsError, match="belongs to nothing in this model"):
        session.load_checkpoint(tmp_path)
    assert train(session, 2) == train(untouched, 2)


def test_a_checkpoint_with_other_data_is_told_and_nothing_is_loaded(open_small, tmp_path):
    open_small(data={"count": 100}).save_checkpoint(tmp_path)
    session, untouched = open_small(), open_small()
    with pytest.raises(DriverError, match="trained on 100 samples, but the data now has 160"):
        session.load_checkpoint(tmp_path)
    assert train(session, 2) == train(untouched, 2)


def test_a_training_needs_its_data_to_go_on(open_small, make_spec, tmp_path):
    open_small().save_checkpoint(tmp_path)
    session = drivers.open_session(make_spec(), None)
    for use in (session.load_checkpoint, session.save_checkpoint):
        with pytest.raises(DriverError, match="opened without data"):
            use(tmp_path)


def test_weights_that_are_not_finite_are_not_taken_up(open_small, tmp_path):
    open_small().save_checkpoint(tmp_path)
    stored = load_file(tensors(tmp_path))
    stored["networks/generator/dense_1/bias"][0] = float("inf")
    save_file(stored, tensors(tmp_path))
    with pytest.raises(WeightsError, match="'networks/generator/dense_1/bias' holds NaN or infinite numbers"):
        open_small().load_checkpoint(tmp_path)


def test_a_diverged_model_does_not_replace_a_good_checkpoint(open_small, tmp_path):
    """Its last loss may still be a number, when the update that follows from it is not."""
    session = open_small(optimizer={"choice": "sgd"})
    train(session, 3)
    session.save_checkpoint(tmp_path)
    with torch.no_grad():
        next(session._state.networks["generator"].parameters()).fill_(float("inf"))
    for save in (session.save_checkpoint, lambda folder: session.save_weights(folder / "weights")):
        with pytest.raises(DivergedError, match="weights are not finite, first '"):
            save(tmp_path)
    again = open_small(optimizer={"choice": "sgd"})
    again.load_checkpoint(tmp_path)
    assert again.step == 3
    assert not (tmp_path / "weights").exists()


def tensors(folder):
    return next(folder.glob("*.safetensors"))


def edit(folder, without):
    path = folder / "checkpoint.json"
    manifest = json.loads(path.read_text())
    del manifest[without]
    path.write_text(json.dumps(manifest))
