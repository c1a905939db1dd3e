"""Adversarial losses: each a pair of formulas over `drivers.ops`.

Both sides of every loss are functions of the discriminator's raw scores, never of probabilities:

    discriminator(ops, real, fake, *, label_smoothing) -> scalar, minimised by the discriminator
    generator(ops, fake, real) -> scalar, minimised by the generator

``real`` and ``fake`` are the scores of real and generated samples, of any shape (N, …); a patch discriminator's
map is averaged like a batch. In the equations r and f are these scores, σ the sigmoid, E the mean over the batch,
and -log σ(x) is written softplus(-x), which does not overflow.

The generator's formula also receives ``real``, for losses that compare the two (relativistic ones); the losses
here do not look at it, and `Loss.generator_needs_real` spares the driver the forward pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from drivers.ops import Ops, Tensor


@dataclass(frozen=True)
class Loss:
    """An adversarial objective.

    Attributes:
        name: the catalogue's name.
        discriminator: what the discriminator minimises.
        generator: what the generator minimises.
        score_is_logit: the optimal discriminator's score is the log-odds of "real", so σ(score) is a probability.
        smooths_labels: one-sided label smoothing has a meaning: the target of reals is 1 - s instead of 1.
        generator_needs_real: the generator's formula looks at the scores of real samples.
    """

    name: str
    discriminator: Callable[..., Tensor]
    generator: Callable[..., Tensor]
    score_is_logit: bool = False
    smooths_labels: bool = False
    generator_needs_real: bool = False


def cross_entropy_discriminator(ops: Ops, real: Tensor, fake: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """E softplus(-r) + E softplus(f) + s·E r.

    Goodfellow et al. 2014, "Generative Adversarial Nets", eq. 1, negated. With label smoothing s the target of
    reals is 1 - s (Salimans et al. 2016, section 3.4): (1-s)·softplus(-r) + s·softplus(r) = softplus(-r) + s·r.
    """
    loss = ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))
    return loss + label_smoothing * ops.mean(real) if label_smoothing else loss


def minimax_generator(ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """-E softplus(f), which is E log(1 - σ(f)). Goodfellow et al. 2014, eq. 1."""
    return -ops.mean(ops.softplus(fake))


def non_saturating_generator(ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """E softplus(-f), which is -E log σ(f). Goodfellow et al. 2014, end of section 3."""
    return ops.mean(ops.softplus(-fake))


def least_squares_discriminator(ops: Ops, real: Tensor, fake: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """½ E(r - b)² + ½ E(f - a)² with a = 0 and b = 1 - s.

    Mao et al. 2017, "Least Squares Generative Adversarial Networks", eq. 2, with the 0-1 coding of eq. 9.
    """
    return 0.5 * ops.mean(ops.square(real - (1.0 - label_smoothing))) + 0.5 * ops.mean(ops.square(fake))


def least_squares_generator(ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """½ E(f - c)² with c = 1. Mao et al. 2017, eq. 9."""
    return 0.5 * ops.mean(ops.square(fake - 1.0))


def hinge_discriminator(ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 - r) + E max(0, 1 + f). Lim & Ye 2017, "Geometric GAN"; Miyato et al. 2018, eq. 16, negated."""
    return ops.mean(ops.relu(1.0 - real)) + ops.mean(ops.relu(1.0 + fake))


def wasserstein_discriminator(ops: Ops, real: Tensor, fake: Tensor) -> Tensor:
    """E f - E r, the negative of the distance that the critic estimates.

    Arjovsky et al. 2017, "Wasserstein GAN", eq. 2. It means something only for a critic that is held Lipschitz,
    by weight clipping or a gradient penalty.
    """
    return ops.mean(fake) - ops.mean(real)


def critic_generator(ops: Ops, fake: Tensor, real: Tensor | None = None) -> Tensor:
    """-E f. Arjovsky et al. 2017, Algorithm 1, line 10; Miyato et al. 2018, eq. 17."""
    return -ops.mean(fake)


LOSSES: dict[str, Loss] = {
    loss.name: loss
    for loss in (
        Loss("minimax", cross_entropy_discriminator, minimax_generator, score_is_logit=True, smooths_labels=True),
        Loss(
            "non_saturating",
            cross_entropy_discriminator,
            non_saturating_generator,
            score_is_logit=True,
            smooths_labels=True,
        ),
        Loss("least_squares", least_squares_discriminator, least_squares_generator, smooths_labels=True),
        Loss("hinge", hinge_discriminator, critic_generator),
        Loss("wasserstein", wasserstein_discriminator, critic_generator),
    )
}
