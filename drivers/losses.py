"""Adversarial losses: each a pair of formulas over `drivers.ops`.

Both sides are functions of the discriminator's raw scores, never of probabilities. ``real`` and ``fake`` are the
scores of real and of generated samples, of any shape (N, …); the map of a patch discriminator is averaged like a
batch. In the equations r and f are these scores, E is the mean over the batch, sp is softplus, and -log σ(x) is
written sp(-x), which does not overflow.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from drivers.modules import parameters
from drivers.ops import Ops, Tensor


class Loss(ABC):
    """An adversarial objective; its fields are the catalogue's parameters.

    Attributes:
        score_is_logit: the optimal discriminator's score is the log-odds of "real", so σ(score) is a probability.
        boundary: the score above which the discriminator takes a sample for real; None for a critic, whose scores only
            have meaning beside each other.
        generator_needs_real: the generator's formula looks at the scores of real samples, as relativistic ones do.
    """

    score_is_logit: ClassVar[bool] = False
    generator_needs_real: ClassVar[bool] = False

    @property
    def draws(self) -> int:
        """How often `discriminator` asks for `drivers.ops.Ops.uniform_per_sample`, as a penalty's `draws`."""
        return 0

    @property
    def boundary(self) -> float | None:
        return 0.0

    @abstractmethod
    def discriminator(self, ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
        """The scalar that the discriminator minimises."""

    @abstractmethod
    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """The scalar that the generator minimises; ``real`` is given if `generator_needs_real`."""


@dataclass(frozen=True, kw_only=True)
class Minimax(Loss):
    """The original game. Goodfellow et al. 2014, "Generative Adversarial Nets", eq. 1.

    Attributes:
        label_smoothing: s; the target of reals is 1 - s, that of fakes stays 0 (Salimans et al. 2016, section 3.4).
        label_noise: n; the targets are lowered by n·u more, u ~ U[0, 1) for each sample ("noisy labels"). Where a
            program takes fakes for the class 1, its labels are raised by as much.
    """

    label_smoothing: float = 0.0
    label_noise: float = 0.0
    score_is_logit: ClassVar[bool] = True

    @property
    def draws(self) -> int:
        return 2 if self.label_noise else 0

    def discriminator(self, ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
        """E sp(-r) + s·E r + E sp(f) + n·(E u·r + E u'·f), because (1-s)·sp(-r) + s·sp(r) = sp(-r) + s·r."""
        loss = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
        if self.label_smoothing:
            loss = loss + self.label_smoothing * ops.mean(real)
        if self.label_noise:
            noise = [ops.mean(ops.uniform_per_sample(scores) * scores) for scores in (real, fake)]
            loss = loss + self.label_noise * (noise[0] + noise[1])
        return loss

    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-E sp(f), which is E log(1 - σ(f))."""
        return -ops.mean(ops.softplus(fake))


@dataclass(frozen=True, kw_only=True)
class NonSaturating(Minimax):
    """The same discriminator; a generator whose gradient does not vanish. Goodfellow et al. 2014, section 3."""

    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """E sp(-f), which is -E log σ(f)."""
        return ops.mean(ops.softplus(-fake))


@dataclass(frozen=True, kw_only=True)
class LeastSquares(Loss):
    """Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 2.

    Attributes:
        fake_target, real_target, generator_target: the paper's a, b and c; 0, 1, 1 is eq. 9, -1, 1, 0 is eq. 8.
    """

    fake_target: float = 0.0
    real_target: float = 1.0
    generator_target: float = 1.0

    @property
    def boundary(self) -> float:
        return (self.fake_target + self.real_target) / 2

    def discriminator(self, ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
        """½ E(r - b)² + ½ E(f - a)²."""
        return 0.5 * ops.mean(ops.square(real - self.real_target)) + 0.5 * ops.mean(ops.square(fake - self.fake_target))

    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """½ E(f - c)²."""
        return 0.5 * ops.mean(ops.square(fake - self.generator_target))


@dataclass(frozen=True, kw_only=True)
class Hinge(Loss):
    """Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, "Spectral Normalization", eq. 16 and 17, negated."""

    def discriminator(self, ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
        """E max(0, 1 - r) + E max(0, 1 + f)."""
        return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))

    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-E f."""
        return -ops.mean(fake)


@dataclass(frozen=True, kw_only=True)
class Wasserstein(Loss):
    """Arjovsky et al. 2017, "Wasserstein GAN", eq. 2 and Algorithm 1.

    The discriminator is a critic: the negative of its loss estimates the distance of the two distributions, as far
    as weight clipping or a gradient penalty holds it Lipschitz.
    """

    @property
    def boundary(self) -> None:
        return None

    def discriminator(self, ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
        """E f - E r."""
        return ops.mean(fake) - ops.mean(real)

    def generator(self, ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
        """-E f."""
        return -ops.mean(fake)


LOSSES: dict[str, type[Loss]] = {
    "minimax": Minimax,
    "non_saturating": NonSaturating,
    "least_squares": LeastSquares,
    "hinge": Hinge,
    "wasserstein": Wasserstein,
}


def build(module: dict[str, Any]) -> Loss:
    """The loss of a resolved spec's ``loss`` module."""
    return LOSSES[module["choice"]](**parameters(module))
