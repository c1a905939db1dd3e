"""What the newest scores say."""

from __future__ import annotations

from service.reading.finding import Finding, NotJudgedError, short
from service.reading.training import Training

PRECISION_SHARE = 0.5
MISSING_SHARE = 0.5
COPIES = 2.0
NEAR_BY_CHANCE = 0.01
"""The share of new real images that the score `copying` calls near, by its default."""


def low_precision(training: Training) -> Finding | None:
    """By the newest score `precision`, few samples lie among the real ones: the upper end of its interval is below half
    of what real data reaches (the floor)."""
    score = training.newest("precision")
    if score is None:
        raise NotJudgedError("Needs the score precision (evaluation.metrics).")
    if score.high >= PRECISION_SHARE * score.floor:
        return None
    return Finding(
        f"Few samples look real: precision is {short(score.value)} (95 % interval {short(score.low)} to "
        f"{short(score.high)}), where real data reaches {short(score.floor)}.",
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
        f"{name} is {short(score.value)} (real data: {short(score.floor)})" for name, score in missing.items()
    )
    return Finding(
        f"Much of the data is never drawn: {told}, at a precision of {short(precision.value)}. The generator draws a "
        "few things well.",
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
