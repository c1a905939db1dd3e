"""What the grids of samples say."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

import numpy as np

from service.reading.finding import Finding, NotJudgedError, short
from service.reading.look import Look
from service.reading.training import Training

CORRELATION_SHARE = 0.5
REAL_CORRELATION = 0.25
"""Real images with less than this are too much like noise themselves to tell noise by."""
VARIATION_SHARE = 0.5
BLANK_SHARE = 0.25
LAST_GRIDS = 2
COLLAPSE_SHARE = 0.5


def noise(training: Training) -> Finding | None:
    """The last two grids of samples are nearer to noise than to the data: in their images without the mean image,
    neighbouring pixels correlate by less than half as much as in as many real images, while they vary by half as much
    or more. Real images whose own correlation is below 0.25 are not judged by."""
    drawn, real = _newest(training)
    if not real.correlation >= REAL_CORRELATION:
        raise NotJudgedError(f"Neighbouring pixels of real images hardly correlate ({short(real.correlation)}) either.")

    def is_noise(look: Look) -> bool:
        varies = look.variation >= VARIATION_SHARE * real.variation
        return varies and look.correlation < CORRELATION_SHARE * real.correlation

    since = _since(training, is_noise)
    if since is None:
        return None
    return Finding(
        f"The samples look like noise: neighbouring pixels correlate by {drawn.correlation:.2f}, those of real "
        f"images by {real.correlation:.2f}. Whatever the losses say, the generator has not learned what images show.",
        {"correlation": drawn.correlation, "correlation_real": real.correlation},
        (
            "Train for longer, if the samples were noisier before.",
            "Take a generator of convolutions (dcgan), to which neighbouring pixels are neighbours; a fully connected "
            "one has to learn that.",
            "Raise the generator's learning rate.",
            "Look at the real samples: data whose pixels were shuffled or scaled wrongly teach nothing else.",
        ),
        since,
    )


def blank(training: Training) -> Finding | None:
    """The last two grids of samples are nearly of one colour: their contrast, the standard deviation of all pixels, is
    below a quarter of that of as many real images."""
    drawn, real = _newest(training)
    since = _since(training, lambda look: look.contrast < BLANK_SHARE * real.contrast)
    if since is None:
        return None
    return Finding(
        f"The samples are nearly blank: their contrast is {short(drawn.contrast)}, that of real images "
        f"{short(real.contrast)}.",
        {"contrast": drawn.contrast, "contrast_real": real.contrast},
        (
            "Train for longer, if the contrast has risen.",
            "Raise the generator's learning rate.",
            "Check the generator's last layer: tanh reaches from black to white, and must not be frozen or saturated.",
        ),
        since,
    )


def _newest(training: Training) -> tuple[Look, Look]:
    """The newest grid of samples that a training drew, and one of real images."""
    drawn = [look for step, look in training.looks if step > 0]
    if len(drawn) < LAST_GRIDS:
        raise NotJudgedError(f"{len(drawn)} grids with several images; it takes {LAST_GRIDS}.")
    if training.real is None:
        raise NotJudgedError("There are no real images to compare with: the data are not on this machine.")
    return drawn[-1], training.real


def _since(training: Training, is_so: Callable[[Look], bool]) -> int | None:
    """The first step from which it is so of all grids; None where it is not of the last ``LAST_GRIDS``."""
    steps = [step for step, _ in takewhile(lambda grid: is_so(grid[1]), reversed(training.looks))]
    return steps[-1] if len(steps) >= LAST_GRIDS else None


def mode_collapse(training: Training) -> Finding | None:
    """The diversity of the samples, the root mean square distance between two images of a grid, has fallen to half of
    its highest value since the first step or below, in the last two grids. Highest means a median of three grids."""
    grids = [(step, value) for step, value in training.diversity if step > 0 and np.isfinite(value)]
    if len(grids) < 5:
        raise NotJudgedError(f"{len(grids)} grids of samples with several images; it takes 5.")
    values = np.array([value for _, value in grids])
    smooth = np.median(np.lib.stride_tricks.sliding_window_view(values, 3), axis=1)
    peak, now = float(smooth.max()), float(values[-2:].max())
    if now > COLLAPSE_SHARE * peak:
        return None
    high = np.flatnonzero(values > COLLAPSE_SHARE * peak)[-1]
    return Finding(
        f"The samples have become alike: their diversity fell from {short(peak)} to {short(now)}. The generator may "
        "have collapsed onto a few modes.",
        {"diversity": now, "diversity_peak": peak},
        (
            "Go back to a checkpoint or step before it, and lower both learning rates.",
            "Let the discriminator see whole batches: MinibatchStdDev or MinibatchDiscrimination.",
            "Use a Wasserstein loss with gradient penalty.",
            "Use a larger batch.",
        ),
        int(grids[high + 1][0]),
    )
