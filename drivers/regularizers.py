"""Regularizers of the discriminator: formulas over `drivers.ops`, chosen independently of the loss.

A *penalty* is a term added to the discriminator's loss; ``critic`` maps samples (N, …) to scores (N, …), with
labels and mode already bound:

    penalty(ops, critic, real, fake, **parameters) -> scalar

A *constraint* is applied to the discriminator's trainable weights after each of its updates:

    constraint(ops, weight, **parameters) -> weight
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.ops import Ops, Tensor

# Keeps the derivative of √x finite where a gradient vanishes; far below the norms near 1 that matter.
NORM_EPSILON = 1e-12


@dataclass(frozen=True)
class Regularizer:
    """A regularizer: exactly one of `penalty` and `constraint` is set."""

    name: str
    penalty: Callable[..., Tensor] | None = None
    constraint: Callable[..., Tensor] | None = None


def gradient_penalty(
    ops: Ops,
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
) -> Tensor:
    """λ·E(‖∇D(x̂)‖₂ - 1)² at x̂ = ε·x + (1-ε)·x̃, one ε ~ U[0, 1) a sample.

    Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3. The norm is that of a sample's whole
    flattened gradient.

    Args:
        real, fake: samples x and x̃, both (N, …).
        weight: λ.
    """
    mix = ops.uniform_per_sample(real)
    gradient = ops.gradient(critic, ops.detach(mix * real + (1.0 - mix) * fake))
    norm = ops.sqrt(ops.sum_per_sample(ops.square(gradient)) + NORM_EPSILON)
    return weight * ops.mean(ops.square(norm - 1.0))


def r1(
    ops: Ops,
    critic: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    *,
    weight: float = 10.0,
) -> Tensor:
    """γ/2·E‖∇D(x)‖₂² at real samples x (N, …).

    Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9.

    Args:
        weight: γ.
    """
    gradient = ops.gradient(critic, ops.detach(real))
    return 0.5 * weight * ops.mean(ops.sum_per_sample(ops.square(gradient)))


def weight_clipping(ops: Ops, weight: Tensor, *, clip_value: float = 0.01) -> Tensor:
    """w <- clip(w, -c, c). Arjovsky et al. 2017, "Wasserstein GAN", Algorithm 1, line 7."""
    return ops.clip(weight, -clip_value, clip_value)


REGULARIZERS: dict[str, Regularizer] = {
    regularizer.name: regularizer
    for regularizer in (
        Regularizer("gradient_penalty", penalty=gradient_penalty),
        Regularizer("r1", penalty=r1),
        Regularizer("weight_clipping", constraint=weight_clipping),
    )
}
