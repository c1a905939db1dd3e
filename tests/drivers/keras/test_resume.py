"""On every runtime a training cut in two ends, bit for bit, where one ends that was never interrupted.

Whatever a training keeps is in one of these: a state that a checkpoint forgets changes what follows. The DCGAN, also in
bfloat16, is in `tests.drivers.keras.test_training`, and the PyTorch driver is held to it feature by feature in
`tests.drivers.pytorch.test_checkpoint`.
"""

from __future__ import annotations

from typing import Any

import pytest

import spec
from drivers.pytorch.optimizers import OPTIMIZERS
from drivers.schedules import SCHEDULES
from tests.drivers.conftest import small_spec
from tests.drivers.keras.children import BACKENDS
from tests.drivers.keras.workers import answers
from tests.drivers.trainings import PYTORCH, Cut, Script, Training, cut_all

RUNTIMES = (PYTORCH, *BACKENDS)
# 160 samples in batches of 16, in one training two for a step: the cut lies within a pass, the end in a later one.
BEFORE: Script = [None] * 3
AFTER: Script = [None] * 4
ALONE: Script = [["discriminator"], ["generator"], None]
# Layers that draw while training.
DRAWING: dict[str, Any] = {
    "data": {"choice": "sine", "length": 4, "count": 160},
    "generator": {
        "choice": "custom",
        "layers": [
            {"id": "noise", "type": "Input", "source": "noise", "shape": [4]},
            {"id": "steps", "type": "RepeatVector", "n": 4, "inputs": ["noise"]},
            {"id": "memory", "type": "Dense", "units": 4, "inputs": ["steps"]},
            {"id": "wave", "type": "Dense", "units": 1, "activation": "tanh", "inputs": ["memory"]},
        ],
    },
    "discriminator": {
        "choice": "custom",
        "layers": [
            {"id": "wave", "type": "Input", "source": "sequence"},
            {"id": "noise", "type": "GaussianNoise", "stddev": 0.1, "inputs": ["wave"]},
            {"id": "look", "type": "MultiHeadAttention", "num_heads": 2, "key_dim": 3, "dropout": 0.2}
            | {"inputs": ["noise"]},
            {"id": "channels", "type": "SpatialDropout1D", "rate": 0.3, "inputs": ["look"]},
            {"id": "memory", "type": "LSTM", "units": 4, "dropout": 0.2, "recurrent_dropout": 0.2}
            | {"inputs": ["channels"]},
            {"id": "units", "type": "Dropout", "rate": 0.3, "inputs": ["memory"]},
            {"id": "score", "type": "Dense", "units": 1, "inputs": ["units"]},
        ],
    },
    "training": {"epochs": 2, "batch_size": 16},
    "device": "cpu",
    "precision": "float32",
}
# Layers that keep something beside their weights or look at a whole batch, some of them frozen, and labels.
GENERATOR = [
    {"id": "noise", "type": "Input", "source": "noise", "shape": [6]},
    {"id": "label", "type": "Input", "source": "label"},
    {"id": "in", "type": "Dense", "units": 16, "inputs": ["noise"], "trainable": False},
    {"id": "by_class", "type": "ConditionalBatchNormalization", "num_classes": 10, "inputs": ["in", "label"]},
    {"id": "held", "type": "SpectralNormalization", "layer": {"type": "Dense", "units": 16}, "inputs": ["by_class"]},
    {"id": "normal", "type": "BatchNormalization", "inputs": ["held"]},
    {"id": "out", "type": "Dense", "units": 64, "activation": "tanh", "inputs": ["normal"]},
    {"id": "image", "type": "Reshape", "target_shape": [8, 8, 1], "inputs": ["out"]},
]
CRITIC = [
    {"id": "image", "type": "Input", "source": "image"},
    {"id": "held", "type": "SpectralNormalization", "power_iterations": 2, "inputs": ["image"]}
    | {"layer": {"type": "Conv2D", "filters": 4, "kernel_size": 3, "strides": 2, "activation": "tanh"}},
    {"id": "normal", "type": "BatchNormalization", "inputs": ["held"]},
    {"id": "frozen", "type": "BatchNormalization", "inputs": ["normal"], "trainable": False},
    {"id": "flat", "type": "Flatten", "inputs": ["frozen"]},
    {"id": "crowd", "type": "MinibatchDiscrimination", "num_kernels": 3, "kernel_dim": 2, "inputs": ["flat"]},
    {"id": "spread", "type": "MinibatchStdDev", "inputs": ["crowd"]},
    {"id": "units", "type": "Dropout", "rate": 0.3, "inputs": ["spread"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["units"]},
]
# Two optimizers a training, none of them without its memory, and with each pair another schedule.
SCHEDULED: tuple[tuple[dict[str, Any], dict[str, Any], dict[str, Any]], ...] = (
    ({"choice": "linear", "start": 0.1}, {"choice": "sgd", "momentum": 0.5, "nesterov": True}, {"choice": "adagrad"}),
    ({"choice": "exponential"}, {"choice": "rmsprop", "momentum": 0.5}, {"choice": "adadelta", "learning_rate": 1.0}),
    ({"choice": "step", "every_epochs": 1}, {"choice": "adamw"}, {"choice": "adamax"}),
    ({"choice": "cosine"}, {"choice": "nadam"}, {"choice": "lion", "weight_decay": 0.1}),
)


def keeping() -> Training:
    """Layers that keep, an average, targets that are smoothed and noisy, a penalty that draws; changed on the way."""
    resolved = spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 8, "count": 160},
            "generator": {"choice": "custom", "layers": GENERATOR},
            "discriminator": {"choice": "custom", "layers": CRITIC},
            "loss": {"choice": "non_saturating", "label_smoothing": 0.1, "label_noise": 0.1}
            | {"regularizers": ["gradient_penalty", {"choice": "weight_clipping", "limit": 0.2}]},
            "training": {"epochs": 2, "batch_size": 16, "ema_decay": 0.9},
            "device": "cpu",
            "precision": "float32",
        }
    )
    change = {"learning_rate": {"generator": 1e-4}, "discriminator_steps": 2}
    return Training(dict(resolved), [None, change, *BEFORE])


def scheduled(schedule: dict[str, Any], generator: dict[str, Any], discriminator: dict[str, Any]) -> Training:
    optimizer = {"generator": generator, "discriminator": discriminator}
    resolved = small_spec("gan", optimizer=optimizer, training={"learning_rate_schedule": schedule})
    return Training(dict(resolved), [None] * 8)


def extra() -> Training:
    """A loss whose generator reads reals of its own, which no loss of the catalogue does."""
    resolved = dict(small_spec("cgan"))
    return Training({**resolved, "loss": {"choice": "relativistic", "regularizers": []}}, BEFORE)


CUTS: dict[str, tuple[Training, Script]] = {
    "layers that draw, sequences": (Training(dict(spec.resolve(DRAWING)), BEFORE), AFTER),
    "layers that keep": (keeping(), AFTER),
    "reals for the generator, labels": (extra(), ALONE),
    **{
        f"{schedule['choice']}, {generator['choice']}, {discriminator['choice']}": (
            scheduled(schedule, generator, discriminator),
            AFTER,
        )
        for schedule, generator, discriminator in SCHEDULED
    },
}


@pytest.fixture(scope="module")
def cuts(ask) -> dict[str, dict[str, Cut]]:
    """By runtime what became of every training that was cut in two."""
    asked = ask(cut_all, CUTS)
    return {PYTORCH: cut_all(PYTORCH, CUTS), **answers(asked)}


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("name", CUTS)
def test_a_resumed_training_is_the_same_bit_for_bit(cuts, name, runtime):
    found = cuts[runtime][name]
    assert found.differing == []
    assert len(found.losses) == len([act for act in CUTS[name][1] if not isinstance(act, dict)])


def test_every_optimizer_and_schedule_is_cut():
    chosen = [module for parts in SCHEDULED for module in parts]
    assert {module["choice"] for module in chosen} | {"adam", "constant"} == OPTIMIZERS.keys() | SCHEDULES.keys()
