"""Losses, regularizers and families: ten steps from one seed lead to the same weights on all four runtimes."""

from __future__ import annotations

import os
from itertools import combinations
from typing import Any

import pytest

from tests.drivers.conftest import small_spec
from tests.drivers.keras.children import BACKENDS
from tests.drivers.keras.workers import answers
from tests.drivers.trainings import PYTORCH, Outcome, Training, compare, smooth, train_all, ways

STEPS = 10
FAMILIES = ("gan", "cgan", "dcgan", "wgan", "wgan_gp")
LOSSES: tuple[dict[str, Any], ...] = (
    {"choice": "non_saturating"},
    {"choice": "minimax", "label_smoothing": 0.1, "label_noise": 0.2},
    {"choice": "least_squares", "fake_target": -1.0, "real_target": 1.0, "generator_target": 0.0},
    {"choice": "hinge"},
    {"choice": "wasserstein"},
)
PENALTIES = ({"choice": "gradient_penalty", "weight": 3.0}, {"choice": "r1", "weight": 2.0})
# It cuts off about a third of the weights at the start.
CLIPPING = {"choice": "weight_clipping", "limit": 0.1}
ALL = (*PENALTIES, CLIPPING)
# None, each alone, and all together.
SQUARE = ((), *((each,) for each in ALL), ALL)
# Every combination of every loss with every set of regularizers on every family: some minutes, as before a release.
EVERYTHING = "AUTHORGAN_EVERY_OBJECTIVE" in os.environ
# As fast as it may be without leaving the range in which rounding stays rounding.
RATE = 0.02

Case = tuple[str, dict[str, Any], tuple[dict[str, Any], ...]]


def cases() -> list[Case]:
    """A Latin square: each family, loss and set of regularizers meets each of the others once."""
    if EVERYTHING:
        sets = [chosen for count in range(len(ALL) + 1) for chosen in combinations(ALL, count)]
        return [(family, loss, chosen) for family in FAMILIES for loss in LOSSES for chosen in sets]
    return [
        (FAMILIES[(row + column) % len(FAMILIES)], loss, chosen)
        for row, loss in enumerate(LOSSES)
        for column, chosen in enumerate(SQUARE)
    ]


def name(case: Case) -> str:
    family, loss, chosen = case
    return "-".join((family, loss["choice"], *(module["choice"] for module in chosen)))


def training(family: str, loss: dict[str, Any], chosen: tuple[dict[str, Any], ...]) -> Training:
    resolved = small_spec(
        family,
        loss={**loss, "regularizers": list(chosen)},
        optimizer={"choice": "sgd", "learning_rate": RATE},
        training={"discriminator_steps": 1},
    )
    return Training(smooth(resolved), [None] * STEPS)


@pytest.fixture(scope="module")
def found(ask) -> dict[str, dict[str, Outcome]]:
    """By runtime and name what every training leads to."""
    trainings = {name(case): training(*case) for case in cases()}
    asked = ask(train_all, trainings)
    return {PYTORCH: train_all(PYTORCH, trainings), **answers(asked)}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("case", cases(), ids=name)
def test_ten_steps_lead_to_the_same_weights(found, case, backend):
    compare(found[backend][name(case)], found[PYTORCH][name(case)])


@pytest.mark.parametrize("case", cases(), ids=name)
def test_both_networks_have_gone_far_enough_to_differ(found, case):
    gone = ways(found[PYTORCH][name(case)])
    for network in ("generator", "discriminator"):
        assert max(way for layer, way in gone.items() if layer.startswith(network)) > 10 * 1e-3
