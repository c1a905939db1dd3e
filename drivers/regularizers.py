"""Regularizers of the discriminator: formulas over `drivers.ops`, chosen independently of the loss."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.modules import parameters
from drivers.ops import Ops, Tensor

Critic = Callable[[Tensor], Tensor]

# Keeps the derivative of √x finite where a gradient vanishes; far below the norms near 1 that matter.
NORM_EPSILON = 1e-12


class Penalty(ABC):
    """A term of the discriminator's loss; its fields are the catalogue's parameters.

    Attributes:
        draws: how often it asks for `drivers.ops.Ops.uniform_per_sample`; a compiled step has the numbers ready.
    """

    draws: ClassVar[int] = 0

    @abstractmethod
    def __call__(self, ops: Ops, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """The scalar to add.

        Args:
            critic: samples (N, …) -> scores (N, …), with the labels of the reals bound.
            real, fake: samples, both (N, …) and constant.
        """


class Constraint(ABC):
    """What happens to each of the discriminator's trained weights after each of its updates."""

    @abstractmethod
    def __call__(self, ops: Ops, weight: Tensor) -> Tensor:
        """The weight that replaces ``weight``, of the same shape."""


@dataclass(frozen=True, kw_only=True)
class GradientPenalty(Penalty):
    """Gulrajani et al. 2017, "Improved Training of Wasserstein GANs", eq. 3.

    Attributes:
        weight: λ.
    """

    weight: float = 10.0
    draws: ClassVar[int] = 1

    def __call__(self, ops: Ops, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """λ·E(‖∇D(x̂)‖₂ - 1)² at x̂ = ε·x + (1-ε)·x̃, with one ε ~ U[0, 1) a sample.

        The norm is that of a sample's whole flattened gradient.
        """
        mix = ops.uniform_per_sample(real)
        gradient = ops.gradient(critic, mix * real + (1.0 - mix) * fake)
        norm = ops.sqrt(ops.sum_per_sample(ops.square(gradient)) + NORM_EPSILON)
        return self.weight * ops.mean(ops.square(norm - 1.0))


@dataclass(frozen=True, kw_only=True)
class R1(Penalty):
    """Mescheder et al. 2018, "Which Training Methods for GANs do actually Converge?", eq. 9.

    Attributes:
        weight: γ.
    """

    weight: float = 10.0

    def __call__(self, ops: Ops, critic: Critic, real: Tensor, fake: Tensor) -> Tensor:
        """γ/2·E‖∇D(x)‖₂² at real samples x."""
        gradient = ops.gradient(critic, real)
        return 0.5 * self.weight * ops.mean(ops.sum_per_sample(ops.square(gradient)))


@dataclass(frozen=True, kw_only=True)
class WeightClipping(Constraint):
    """Arjovsky et al. 2017, "Wasserstein GAN", Algorithm 1, line 7.

    Attributes:
        limit: c.
    """

    limit: float = 0.01

    def __call__(self, ops: Ops, weight: Tensor) -> Tensor:
        """w <- clip(w, -c, c)."""
        return ops.clip(weight, -self.limit, self.limit)


REGULARIZERS: dict[str, type[Penalty] | type[Constraint]] = {
    "gradient_penalty": GradientPenalty,
    "r1": R1,
    "weight_clipping": WeightClipping,
}


def build(module: dict[str, Any]) -> Penalty | Constraint:
    """The regularizer of one entry of a resolved spec's ``loss.regularizers``."""
    return REGULARIZERS[module["choice"]](**parameters(module))
