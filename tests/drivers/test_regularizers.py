"""Regularizers against gradients known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.pytorch.ops import TorchOps
from drivers.regularizers import build


@pytest.fixture
def ops():
    return TorchOps(np.random.default_rng(0))


def linear_critic(slope):
    """D(x) = ⟨a, x⟩: its gradient is a everywhere."""
    return lambda x: (x * slope).flatten(1).sum(1)


# Four numbers along every axis of an image 2x1x2: ‖a‖₂ = √(9 + 16 + 0 + 144) = 13.
SLOPE = torch.tensor([3.0, 4.0, 0.0, 12.0]).reshape(1, 2, 1, 2)
IMAGES = torch.arange(12.0).reshape(3, 2, 1, 2)


def test_gradient_penalty_takes_the_norm_of_the_whole_gradient_of_a_sample(ops):
    penalty = build({"choice": "gradient_penalty", "weight": 10.0})
    assert penalty(ops, linear_critic(SLOPE), IMAGES, -IMAGES).item() == pytest.approx(10 * (13 - 1) ** 2)


def test_r1_is_half_gamma_times_the_squared_norm(ops):
    penalty = build({"choice": "r1", "weight": 10.0})
    assert penalty(ops, linear_critic(SLOPE), IMAGES, -IMAGES).item() == pytest.approx(5 * 13**2)


def test_r1_looks_at_reals_only(ops):
    # D(x) = ½‖x‖²: its gradient is x.
    penalty = build({"choice": "r1", "weight": 2.0})
    reals = torch.tensor([[3.0, 4.0], [0.0, 1.0]])
    assert penalty(ops, lambda x: 0.5 * (x * x).sum(1), reals, 100 * reals).item() == pytest.approx((25 + 1) / 2)


def test_gradient_penalty_lies_between_reals_and_fakes_by_one_epsilon_a_sample():
    # The gradient of ½‖x‖² is the point itself, so the critic sees where the penalty looks.
    seen = []

    def critic(x):
        seen.append(x.detach())
        return 0.5 * (x * x).flatten(1).sum(1)

    reals, fakes = torch.ones(64, 2, 2, 3), torch.zeros(64, 2, 2, 3)
    build({"choice": "gradient_penalty"})(TorchOps(np.random.default_rng(0)), critic, reals, fakes)
    epsilons = seen[0].flatten(1)
    assert (epsilons == epsilons[:, :1]).all()
    assert epsilons[:, 0].unique().numel() > 50
    assert epsilons.min() >= 0
    assert epsilons.max() < 1


@pytest.mark.parametrize("choice", ["gradient_penalty", "r1"])
def test_the_penalty_can_be_learned_from(choice, ops):
    """A second derivative reaches the critic's weights."""
    slope = SLOPE.clone().requires_grad_()
    build({"choice": choice, "weight": 1.0})(ops, linear_critic(slope), IMAGES, -IMAGES).backward()
    # d(‖a‖-1)²/da = 2(‖a‖-1)·a/‖a‖ and d(½‖a‖²)/da = a
    expected = {"gradient_penalty": 2 * 12 * SLOPE / 13, "r1": SLOPE}[choice]
    assert torch.allclose(slope.grad, expected, rtol=1e-5)


def test_a_flat_critic_has_a_finite_penalty(ops):
    slope = torch.zeros_like(SLOPE).requires_grad_()
    penalty = build({"choice": "gradient_penalty", "weight": 10.0})(ops, linear_critic(slope), IMAGES, -IMAGES)
    penalty.backward()
    assert penalty.item() == pytest.approx(10, rel=1e-4)
    assert torch.isfinite(slope.grad).all()


def test_weight_clipping(ops):
    clip = build({"choice": "weight_clipping", "limit": 0.01})
    assert clip(ops, torch.tensor([-1.0, -0.005, 0.0, 0.01, 0.02])).tolist() == pytest.approx(
        [-0.01, -0.005, 0.0, 0.01, 0.01]
    )
