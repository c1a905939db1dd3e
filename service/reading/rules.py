"""The rules. Each looks at one training and returns what it found, or None, or says that it cannot judge.

A rule's docstring is what the reader of a finding is told as the rule behind it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from service.reading.look import Look
from service.reading.training import Training, Windows

Severity = Literal["good", "info", "warning", "bad"]

UNDECIDED = {"minimax": 2 * np.log(2), "non_saturating": 2 * np.log(2), "hinge": 2.0, "least_squares": 0.25}
"""The discriminator's loss when it cannot tell at all. A critic has no such level: its loss has no lowest value."""

WON_SHARE = 0.1
WON_ACCURACY = 0.99
RISE_SHARE = 0.5
COLLAPSE_SHARE = 0.5
MISSING_SHARE = 0.5
CORRELATION_SHARE = 0.5
REAL_CORRELATION = 0.25
"""Real images with less than this are too much like noise themselves to tell noise by."""
VARIATION_SHARE = 0.5
BLANK_SHARE = 0.25
LAST_GRIDS = 2
PRECISION_SHARE = 0.5
COPIES = 2.0
NEAR_BY_CHANCE = 0.01
"""The share of new real images that the score `copying` calls near, by its default."""
GROWTH = 10.0
SWING_ERRORS = 5.0
SWING_SHARE = 0.1
LOBE = 0.3
STILL_ERRORS = 2.0
STILL_SHARE = 0.05


class NotJudgedError(Exception):
    """The rule does not apply to this training, or lacks what it looks at; the message says which."""


@dataclass(frozen=True)
class Finding:
    """What a rule found.

    Attributes:
        message: in words, with the numbers.
        evidence: the numbers.
        advice: what to try, the likeliest first.
        since: the step from which it holds, where that can be said.
    """

    message: str
    evidence: dict[str, float]
    advice: Sequence[str] = ()
    since: int | None = None


@dataclass(frozen=True)
class Rule:
    """One way in which a training may go.

    Attributes:
        code: for programs.
        title: for people.
    """

    code: str
    title: str
    severity: Severity
    judge: Callable[[Training], Finding | None]

    @property
    def text(self) -> str:
        """The rule in words."""
        return " ".join(inspect.cleandoc(self.judge.__doc__ or "").split())


def diverging(training: Training) -> Finding | None:
    """A loss is no finite number any more, or the mean size of a loss over the last fifth of the training is more than
    10 times that over its second fifth and has grown in each of the last three fifths."""
    advice = (
        "Lower the learning rates, to a half or a tenth.",
        "Put spectral normalization or a gradient penalty on the discriminator.",
        "With a Wasserstein loss, check that the critic is bounded: by weight clipping or a gradient penalty.",
    )
    if training.diverged:
        return Finding("A loss became infinite or no number at all; the training ended there.", {}, advice)
    for network in ("generator", "discriminator"):
        sizes = Windows.of(training.steps, np.abs(getattr(training, network))).means
        fifths = [float(np.nanmean(part)) if np.isfinite(part).any() else np.nan for part in np.array_split(sizes, 5)]
        if fifths[4] > GROWTH * max(fifths[1], 1e-3) and fifths[1] < fifths[2] < fifths[3] < fifths[4]:
            return Finding(
                f"The {network}'s loss grows without end: {_n(fifths[1])} in the second fifth, {_n(fifths[4])} in the "
                "last.",
                {"second_fifth": fifths[1], "last_fifth": fifths[4]},
                advice,
            )
    return None


def discriminator_won(training: Training) -> Finding | None:
    """Over the last fifth, the discriminator's loss is below a tenth of what it is when it cannot tell real from drawn
    (2 ln 2 = 1.39 for minimax and non-saturating, 2 for hinge, 0.25 for least squares), or, as penalties may hold its
    loss up, it tells 99 % of the real samples and 99 % of the generated ones right; and the generator's loss has risen
    from its lowest window by half of that level or more."""
    level = UNDECIDED.get(training.loss)
    if level is None:
        raise NotJudgedError(f"The loss of a critic ({training.loss}) has no level that says that it has won.")
    discriminator, generator = training.windows("discriminator"), training.windows("generator")
    lost, now = discriminator.last(0.2).mean, generator.last(0.2).mean
    if not np.isfinite([lost, now]).all():
        raise NotJudgedError("One of the networks was not trained lately.")
    lowest = float(np.nanmin(generator.means))
    accuracy = training.last_accuracy(0.2)
    tells_all = len(accuracy) == 2 and min(accuracy.values()) >= WON_ACCURACY
    if not (lost < WON_SHARE * level or tells_all) or now - lowest < RISE_SHARE * level:
        return None
    told = ""
    if tells_all:
        told = f", it tells {accuracy['real']:.1%} of real and {accuracy['fake']:.1%} of generated samples right"
    above = np.flatnonzero(~(discriminator.means < WON_SHARE * level))
    first = int(above[-1]) + 1 if len(above) else 0  # the windows from here on are all below
    since = int(discriminator.steps[first]) if first < len(discriminator.steps) else None
    return Finding(
        f"The discriminator has won: its loss is {_n(lost)}, where {_n(level)} is undecided{told}, and the generator's "
        f"loss has risen from {_n(lowest)} to {_n(now)}. The generator hardly learns from it any more.",
        {
            "discriminator_loss": lost,
            "undecided": float(level),
            "generator_loss": now,
            "generator_lowest": lowest,
            **{f"accuracy_{kind}": share for kind, share in accuracy.items()},
        },
        (
            "Lower the discriminator's learning rate, or raise the generator's.",
            "Weaken or steady the discriminator: fewer filters, dropout, spectral normalization, an R1 penalty.",
            "Smooth the labels (label_smoothing 0.1).",
            "Use a Wasserstein loss with gradient penalty, which teaches the generator however far behind it is.",
        ),
        since,
    )


def noise(training: Training) -> Finding | None:
    """The last two grids of samples are nearer to noise than to the data: in their images without the mean image,
    neighbouring pixels correlate by less than half as much as in as many real images, while they vary by half as much
    or more. Real images whose own correlation is below 0.25 are not judged by."""
    looks, real = _last_looks(training)
    if not real.correlation >= REAL_CORRELATION:
        raise NotJudgedError(f"Neighbouring pixels of real images hardly correlate ({_n(real.correlation)}) either.")

    def is_noise(look: Look) -> bool:
        varies = look.variation >= VARIATION_SHARE * real.variation
        return varies and look.correlation < CORRELATION_SHARE * real.correlation

    if not all(is_noise(look) for look in looks):
        return None
    return Finding(
        f"The samples look like noise: neighbouring pixels correlate by {looks[-1].correlation:.2f}, those of real "
        f"images by {real.correlation:.2f}. Whatever the losses say, the generator has not learned what images show.",
        {"correlation": looks[-1].correlation, "correlation_real": real.correlation},
        (
            "Train for longer, if the samples were noisier before.",
            "Take a generator of convolutions (dcgan), to which neighbouring pixels are neighbours; a fully connected "
            "one has to learn that.",
            "Raise the generator's learning rate.",
            "Look at the real samples: data whose pixels were shuffled or scaled wrongly teach nothing else.",
        ),
        _since(training, is_noise),
    )


def blank(training: Training) -> Finding | None:
    """The last two grids of samples are nearly of one colour: their contrast, the standard deviation of all pixels, is
    below a quarter of that of as many real images."""
    looks, real = _last_looks(training)

    def is_blank(look: Look) -> bool:
        return look.contrast < BLANK_SHARE * real.contrast

    if not all(is_blank(look) for look in looks):
        return None
    return Finding(
        f"The samples are nearly blank: their contrast is {_n(looks[-1].contrast)}, that of real images "
        f"{_n(real.contrast)}.",
        {"contrast": looks[-1].contrast, "contrast_real": real.contrast},
        (
            "Train for longer, if the contrast has risen.",
            "Raise the generator's learning rate.",
            "Check the generator's last layer: tanh reaches from black to white, and must not be frozen or saturated.",
        ),
        _since(training, is_blank),
    )


def _last_looks(training: Training) -> tuple[list[Look], Look]:
    """Those of the last grids that a training drew, and that of real images."""
    drawn = [look for step, look in training.looks if step > 0]
    if len(drawn) < LAST_GRIDS:
        raise NotJudgedError(f"{len(drawn)} grids with several images; it takes {LAST_GRIDS}.")
    if training.real is None:
        raise NotJudgedError("There are no real images to compare with: the data are not on this machine.")
    return drawn[-LAST_GRIDS:], training.real


def _since(training: Training, is_so: Callable[[Look], bool]) -> int:
    """The first step from which it is so of all grids."""
    since = training.looks[-1][0]
    for step, look in reversed(training.looks):
        if not is_so(look):
            break
        since = step
    return since


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
        f"The samples have become alike: their diversity fell from {_n(peak)} to {_n(now)}. The generator may have "
        "collapsed onto a few modes.",
        {"diversity": now, "diversity_peak": peak},
        (
            "Go back to a checkpoint or step before it, and lower both learning rates.",
            "Let the discriminator see whole batches: MinibatchStdDev or MinibatchDiscrimination.",
            "Use a Wasserstein loss with gradient penalty.",
            "Use a larger batch.",
        ),
        int(grids[high + 1][0]),
    )


def low_precision(training: Training) -> Finding | None:
    """By the newest score `precision`, few samples lie among the real ones: the upper end of its interval is below half
    of what real data reaches (the floor)."""
    score = training.newest("precision")
    if score is None:
        raise NotJudgedError("Needs the score precision (evaluation.metrics).")
    if score.high >= PRECISION_SHARE * score.floor:
        return None
    return Finding(
        f"Few samples look real: precision is {_n(score.value)} (95 % interval {_n(score.low)} to {_n(score.high)}), "
        f"where real data reaches {_n(score.floor)}.",
        {"precision": score.value, "precision_high": score.high, "precision_real": score.floor},
        (
            "Train for longer, if the score still rises.",
            "Give the generator more filters, or take a convolutional one (dcgan).",
            "Sample from an average of the generator's weights (ema_decay 0.999).",
        ),
        score.step,
    )


def missing_modes(training: Training) -> Finding | None:
    """By the newest scores, what is drawn looks real and much of what is real is never drawn: the upper ends of the
    intervals of `recall` or `coverage` lie below half of what real data reaches (the floor), while that of `precision`
    reaches half of its floor. Such a generator may have collapsed before its first grid of samples."""
    known = {name: training.newest(name) for name in ("precision", "recall", "coverage")}
    scores = {name: score for name, score in known.items() if score is not None}
    if "precision" not in scores or len(scores) < 2:
        raise NotJudgedError("Needs the scores precision and recall, or coverage (evaluation.metrics).")
    precision = scores.pop("precision")
    if precision.high < PRECISION_SHARE * precision.floor:
        return None  # it draws badly, which is for `low_precision` to say
    missing = {name: score for name, score in scores.items() if score.high < MISSING_SHARE * score.floor}
    if not missing:
        return None
    told = " and ".join(
        f"{name} is {_n(score.value)} (real data: {_n(score.floor)})" for name, score in missing.items()
    )
    return Finding(
        f"Much of the data is never drawn: {told}, at a precision of {_n(precision.value)}. The generator draws a few "
        "things well.",
        {"precision": precision.value, **{name: score.value for name, score in missing.items()}},
        (
            "Let the discriminator see whole batches: MinibatchStdDev or MinibatchDiscrimination.",
            "Use a Wasserstein loss with gradient penalty.",
            "Use a larger batch, or train for longer.",
        ),
        next(iter(missing.values())).step,
    )


def copying(training: Training) -> Finding | None:
    """By the newest score `copying`, the share of samples that lie nearer to one training image than new real ones do,
    the lower end of its interval is more than twice what new real images reach (the floor, 0.01 at least)."""
    score = training.newest("copying")
    if score is None:
        raise NotJudgedError("Needs the score copying (evaluation.metrics).")
    expected = max(score.floor, NEAR_BY_CHANCE)
    if score.low <= COPIES * expected:
        return None
    return Finding(
        f"The generator repeats its training data: {score.value:.0%} of the samples are copies, or nearly, of one "
        f"training image, where new images would be {expected:.0%}.",
        {"copying": score.value, "expected": expected},
        (
            "Train on more data, or augment it.",
            "Stop earlier: use a checkpoint from before, which the curve of the score shows.",
            "Make the networks smaller, the discriminator first: it learns the images by heart.",
        ),
        score.step,
    )


def oscillation(training: Training) -> Finding | None:
    """Over the last half, a loss swings: the means of its windows, without their straight trend, have a standard
    deviation of more than 5 times their standard error and more than a tenth of their mean size, and their
    autocorrelation falls below -0.3 and rises above 0.3 again at a longer distance."""
    for network in ("discriminator", "generator"):
        half = training.windows(network).last(0.5)
        if not np.isfinite(half.means).all() or not np.isfinite(half.errors).all():
            continue
        place = np.arange(len(half.means))
        rest = half.means - np.polyval(np.polyfit(place, half.means, 1), place)
        swing, error = float(rest.std()), float(np.median(half.errors))
        if swing <= max(SWING_ERRORS * error, SWING_SHARE * float(np.abs(half.means).mean())):
            continue
        correlation = np.array([np.mean(rest[lag:] * rest[: len(rest) - lag]) for lag in range(len(rest) * 3 // 4)])
        correlation /= correlation[0]
        low = np.flatnonzero(correlation < -LOBE)
        if not len(low) or not (correlation[low[0] :] > LOBE).any():
            continue
        period = int(low[0] + np.argmax(correlation[low[0] :]))
        steps = int(period * np.median(np.diff(half.steps)))
        return Finding(
            f"The {network}'s loss swings up and down, about every {steps:,} steps, by ±{_n(swing * np.sqrt(2))}: the "
            "networks chase each other without meeting.",
            {"period_steps": float(steps), "swing": swing * float(np.sqrt(2)), "noise": error},
            (
                "Lower both learning rates, or let them decay (learning_rate_schedule).",
                "Use Adam with beta_1 0 or 0.5 instead of 0.9: momentum feeds the swing.",
                "Add an R1 penalty, which makes the meeting point one that training is drawn to.",
                "Sample from an average of the generator's weights (ema_decay 0.999).",
            ),
        )
    return None


def plateau(training: Training) -> Finding | None:
    """Nothing gets better: of the metrics that were measured six times or more, none had its best value in the last
    third. Without such metrics: the mean of either loss differs between the third and the last quarter by less than 2
    standard errors or by less than a twentieth of its size."""
    measured = {
        name: points for name, points in training.metrics.items() if name in training.better and len(points) >= 6
    }
    advice = (
        "Stop here, and use the checkpoint with the best score.",
        "Let the learning rates decay, to settle into what was found.",
        "If the samples are not good enough, give the generator more filters or the data more variety.",
    )
    if measured:
        bests = {}
        for name, points in measured.items():
            values = np.array([value for _, value in points])
            bests[name] = int(values.argmin() if training.better[name] == "lower" else values.argmax())
            if bests[name] >= len(values) * 2 / 3:
                return None
        steps = {name: float(measured[name][index][0]) for name, index in bests.items()}
        told = ", ".join(f"{name} at step {int(step):,}" for name, step in steps.items())
        return Finding(f"No score has improved for a third of the training; the best were {told}.", steps, advice)
    evidence: dict[str, float] = {}
    for network in ("generator", "discriminator"):
        windows = training.windows(network)
        quarters = np.array_split(windows.means, 4)
        if not all(np.isfinite(part).any() for part in quarters[2:]):
            raise NotJudgedError("One of the networks was not trained lately.")
        before, after = (float(np.nanmean(part)) for part in quarters[2:])
        error = float(np.nanmean(windows.last(0.5).errors)) / np.sqrt(len(quarters[3]) / 2)
        still = abs(after - before) < max(STILL_ERRORS * error, STILL_SHARE * abs(before))
        if not still:
            return None
        evidence |= {f"{network}_before": before, f"{network}_now": after}
    return Finding(
        "Neither loss has moved over the last half of the training. In a game that is what balance looks like: whether "
        "the samples still get better, only looking at them or a score can say.",
        evidence,
        ("Have a score taken every few epochs (evaluation.metrics), which says what losses cannot.", *advice),
    )


RULES = (
    Rule("diverging", "Diverging", "bad", diverging),
    Rule("discriminator_won", "The discriminator has won", "bad", discriminator_won),
    Rule("noise", "The samples are noise", "warning", noise),
    Rule("blank", "The samples are blank", "warning", blank),
    Rule("mode_collapse", "Mode collapse suspected", "warning", mode_collapse),
    Rule("low_precision", "Few samples look real", "warning", low_precision),
    Rule("missing_modes", "Much of the data is never drawn", "warning", missing_modes),
    Rule("copying", "The training data is copied", "warning", copying),
    Rule("oscillation", "Oscillation", "warning", oscillation),
    Rule("plateau", "Plateau", "info", plateau),
)
"""In the order in which findings are told."""


def _n(number: float) -> str:
    return f"{number:.3g}"
