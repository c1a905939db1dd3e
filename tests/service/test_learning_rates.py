"""The learning rate at every step, from the spec and from what was changed."""

import pytest

from service.learning_rates import learning_rates


def spec(**schedule):
    return {
        "training": {"learning_rate_schedule": {"choice": "constant", **schedule}},
        "optimizer": {"generator": {"learning_rate": 0.1}, "discriminator": {"learning_rate": 0.4}},
    }


def changed(step, rate):
    return {"kind": "changed", "step": step, "changes": {"learning_rate": rate}}


def test_a_constant_rate_is_two_points():
    rates = learning_rates(spec(), [], [1, 5, 9], 10, 5)
    assert rates == {"generator": [[1, 0.1], [9, 0.1]], "discriminator": [[1, 0.4], [9, 0.4]]}


def test_a_change_holds_from_the_next_step_on():
    markers = [changed(4, {"generator": 0.2}), {"kind": "paused", "step": 5}, changed(6, 0.3)]
    rates = learning_rates(spec(), markers, list(range(1, 9)), 8, 1)
    assert rates["generator"] == [[1, 0.1], [5, 0.2], [7, 0.3], [8, 0.3]]
    assert rates["discriminator"] == [[1, 0.4], [7, 0.3], [8, 0.3]]


def test_what_was_changed_after_the_checkpoint_is_lost_with_the_worker():
    markers = [changed(2, 0.2), changed(6, 0.9), {"kind": "continued", "step": 4}, changed(5, 0.3)]
    rates = learning_rates(spec(), markers, list(range(1, 9)), 8, 1)
    assert rates["generator"] == [[1, 0.1], [3, 0.2], [6, 0.3], [8, 0.3]]


def test_a_schedule_goes_by_epochs():
    """Halved after each epoch of four steps."""
    rates = learning_rates(
        spec(choice="step", decay_rate=0.5, every_epochs=1), [changed(6, 0.8)], list(range(1, 13)), 12, 3
    )
    assert rates["generator"] == [[1, 0.1], [5, 0.05], [7, pytest.approx(0.4)], [9, pytest.approx(0.2)], [12, 0.2]]
