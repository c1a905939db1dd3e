"""What a step of the alternating process looks at, hook by hook: the same on all four runtimes.

Each training goes by a script of its own: updates of one network alone, changes on the way, and every hook that a loss,
a regularizer, a schedule, an optimizer or a network has for the step.
"""

from __future__ import annotations

from typing import Any

import pytest

import spec
from tests.drivers.conftest import small_spec
from tests.drivers.keras.children import BACKENDS
from tests.drivers.keras.workers import answers
from tests.drivers.trainings import PYTORCH, Outcome, Script, Training, compare, smooth, train_all

SGD = {"choice": "sgd", "learning_rate": 0.02}
ALONE: Script = [None, ["discriminator"], ["generator"], None]


def scripted(script: Script, *families: str, loss: dict[str, Any], **modules: Any) -> Training:
    training = {"discriminator_steps": 1, **modules.pop("training", {})}
    resolved = small_spec(*families, **{"optimizer": SGD, **modules}, training=training)
    # The loss may be one that the catalogue does not have.
    return Training({**smooth(resolved), "loss": {"regularizers": [], **loss}}, script)


def with_layers(discriminator: list[dict[str, Any]], loss: dict[str, Any], **training: Any) -> Training:
    resolved = spec.resolve(
        {
            "data": {"choice": "digits", "image_size": 8, "count": 160},
            "generator": {"choice": "gan", "latent_dim": 8, "widths": [16]},
            "discriminator": {"choice": "custom", "layers": discriminator},
            "loss": loss,
            "optimizer": {**SGD, "momentum": 0.5, "nesterov": True},
            "training": {"epochs": 2, "batch_size": 16, **training},
            "device": "cpu",
            "precision": "float32",
        }
    )
    return Training(smooth(resolved), ALONE)


# The frozen layers keep what they have, however far it lies beyond what clipping allows.
FROZEN = [
    {"id": "image", "type": "Input", "source": "image"},
    {"id": "flat", "type": "Flatten", "inputs": ["image"]},
    {"id": "frozen", "type": "Dense", "units": 16, "activation": "tanh", "inputs": ["flat"], "trainable": False},
    {"id": "rests", "type": "BatchNormalization", "inputs": ["frozen"], "trainable": False},
    {"id": "held", "type": "SpectralNormalization", "layer": {"type": "Dense", "units": 8}, "inputs": ["rests"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["held"]},
]
# A sample's score depends on its batch, so reals and fakes are judged apart.
MIXING = [
    {"id": "image", "type": "Input", "source": "image"},
    {"id": "flat", "type": "Flatten", "inputs": ["image"]},
    {"id": "hidden", "type": "Dense", "units": 8, "activation": "tanh", "inputs": ["flat"]},
    {"id": "normal", "type": "BatchNormalization", "inputs": ["hidden"]},
    {"id": "crowd", "type": "MinibatchDiscrimination", "num_kernels": 3, "kernel_dim": 2, "inputs": ["normal"]},
    {"id": "spread", "type": "MinibatchStdDev", "inputs": ["crowd"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["spread"]},
]

TRAININGS: dict[str, Training] = {
    "draws of a loss and of two penalties, an average, changes on the way": scripted(
        [
            *ALONE,
            {"discriminator_steps": 3, "learning_rate": {"generator": 0.03}},
            None,
            ["discriminator"],
            {"discriminator_steps": 1, "learning_rate": 0.01},
            None,
        ],
        "gan",
        loss={"choice": "non_saturating", "label_smoothing": 0.1, "label_noise": 0.2}
        | {"regularizers": [{"choice": "gradient_penalty", "weight": weight} for weight in (1.0, 2.0)]},
        training={"ema_decay": 0.9, "learning_rate_schedule": {"choice": "linear", "start": 0.1, "end_factor": 0.2}},
    ),
    "reals for the generator too": scripted(
        ALONE, "cgan", loss={"choice": "relativistic"}, training={"discriminator_steps": 2}
    ),
    "labels for the generator alone": scripted(
        ALONE,
        "cgan",
        "gan",
        loss={"choice": "least_squares", "fake_target": 0.0, "real_target": 1.0, "generator_target": 1.0},
        training={"learning_rate_schedule": {"choice": "exponential", "decay_rate": 0.5, "every_epochs": 1}},
    ),
    "labels for the discriminator alone": scripted(
        ALONE,
        "gan",
        "cgan",
        loss={"choice": "hinge"},
        training={"epochs": 5, "learning_rate_schedule": {"choice": "step", "decay_rate": 0.5, "every_epochs": 1}},
        data={"count": 20},  # a step is an epoch, in which four samples are left out
    ),
    "fewer samples than a batch": scripted(ALONE, "gan", loss={"choice": "minimax"}, data={"count": 11}),
    "layers at rest, a clipped critic": with_layers(
        FROZEN,
        {"choice": "wasserstein", "regularizers": [{"choice": "weight_clipping", "limit": 0.05}]},
        discriminator_steps=2,
    ),
    "a critic of batches, penalized": with_layers(
        MIXING,
        {"choice": "wasserstein", "regularizers": [{"choice": "r1", "weight": 1.0}]},
        discriminator_steps=1,
        ema_decay=0.5,
        learning_rate_schedule={"choice": "cosine"},
    ),
}


@pytest.fixture(scope="module")
def found(ask) -> dict[str, dict[str, Outcome]]:
    """By runtime and name what every training leads to."""
    asked = ask(train_all, TRAININGS)
    return {PYTORCH: train_all(PYTORCH, TRAININGS), **answers(asked)}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("name", TRAININGS)
def test_a_step_is_the_same(found, name, backend):
    compare(found[backend][name], found[PYTORCH][name])
