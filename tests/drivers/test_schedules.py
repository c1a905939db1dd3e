"""Learning-rate schedules against values computed by hand."""

from __future__ import annotations

import pytest

from drivers.schedules import factor


@pytest.mark.parametrize(
    ("module", "steps", "expected"),
    [
        ({"choice": "constant"}, 70, 1.0),
        ({"choice": "linear", "start": 0.5, "end_factor": 0.2}, 50, 1.0),
        ({"choice": "linear", "start": 0.5, "end_factor": 0.2}, 75, 0.6),
        ({"choice": "linear", "start": 0.5, "end_factor": 0.2}, 100, 0.2),
        ({"choice": "cosine", "end_factor": 0.0}, 0, 1.0),
        ({"choice": "cosine", "end_factor": 0.0}, 50, 0.5),
        ({"choice": "cosine", "end_factor": 0.1}, 100, 0.1),
        # 100 steps are 10 epochs of 10
        ({"choice": "exponential", "decay_rate": 0.25, "every_epochs": 2}, 10, 0.5),
        ({"choice": "exponential", "decay_rate": 0.25, "every_epochs": 2}, 15, 0.25**0.75),
        ({"choice": "step", "decay_rate": 0.5, "every_epochs": 3}, 29, 1.0),
        ({"choice": "step", "decay_rate": 0.5, "every_epochs": 3}, 30, 0.5),
        ({"choice": "step", "decay_rate": 0.5, "every_epochs": 3}, 60, 0.25),
    ],
)
def test_factor(module, steps, expected):
    assert factor(module, steps, total_steps=100, steps_per_epoch=10) == pytest.approx(expected)


def test_a_training_that_runs_past_its_end_keeps_the_last_factor():
    module = {"choice": "linear", "start": 0.0, "end_factor": 0.1}
    assert factor(module, 150, total_steps=100, steps_per_epoch=10) == pytest.approx(0.1)
