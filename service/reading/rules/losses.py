"""What the curves of the losses say, and those of the scores over time."""

from __future__ import annotations

import numpy as np

from service.reading.finding import Finding, NotJudgedError, short
from service.reading.training import Training, Windows

UNDECIDED = {"minimax": 2 * np.log(2), "non_saturating": 2 * np.log(2), "hinge": 2.0, "least_squares": 0.25}
"""The discriminator's loss when it cannot tell at all. A critic has no such level: its loss has no lowest value."""
WON_SHARE = 0.1
WON_ACCURACY = 0.99
RISE_SHARE = 0.5
GROWTH = 10.0
SWING_ERRORS = 5.0
SWING_SHARE = 0.1
LOBE = 0.3
STILL_ERRORS = 2.0
STILL_SHARE = 0.05


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
                f"The {network}'s loss grows without end: {short(fifths[1])} in the second fifth, {short(fifths[4])} "
                "in the last.",
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
        f"The discriminator has won: its loss is {short(lost)}, where {short(level)} is undecided{told}, and the "
        f"generator's loss has risen from {short(lowest)} to {short(now)}. The generator hardly learns "
        "from it any more.",
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
            f"The {network}'s loss swings up and down, about every {steps:,} steps, by ±{short(swing * np.sqrt(2))}: "
            "the networks chase each other without meeting.",
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
