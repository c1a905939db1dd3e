"""A number with the interval in which it lies, and the ways to find that interval.

All intervals are 95 % confidence intervals of the value at this number of samples. They tell how far the value would
move if other samples were drawn; what an estimator is off on average at a given count (its bias) is not in them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Z = 1.959963984540054
"""Standard errors to either side of a normal 95 % interval."""


@dataclass(frozen=True)
class Estimate:
    """What a metric found.

    Attributes:
        value: the score.
        low, high: bounds of the 95 % confidence interval; NaN where there is none.
        interval: how they were found, e.g. ``"bootstrap over images, 50 resamples"``.
        details: further numbers for whoever looks closer; plain JSON.
    """

    value: float
    low: float
    high: float
    interval: str
    details: dict[str, Any] = field(default_factory=dict)


def proportion(hits: np.ndarray, **details: Any) -> Estimate:
    """The share of True in ``hits`` (N,), with Wilson's interval (1927), which holds at 0 and 1 too."""
    count, share = len(hits), float(np.mean(hits))
    centre = (share + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z * math.sqrt(share * (1 - share) / count + Z**2 / (4 * count**2)) / (1 + Z**2 / count)
    # At the ends the bound is the value itself but for rounding.
    low, high = min(centre - half, share), max(centre + half, share)
    return Estimate(share, max(0.0, low), min(1.0, high), f"Wilson, {count} images", details)


def mean(values: np.ndarray, what: str = "images", **details: Any) -> Estimate:
    """The mean of ``values`` (N,), N >= 2, give or take 1.96 standard errors."""
    value, error = float(np.mean(values)), float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return Estimate(value, value - Z * error, value + Z * error, f"standard error over {len(values)} {what}", details)


def mean_over_subsets(values: np.ndarray, subset_size: int, count: int, **details: Any) -> Estimate:
    """The mean of a score over random subsets of the samples.

    Subsets overlap, so their spread divided by the root of their number would promise too much. A score of all
    ``count`` samples varies like one of a subset, times √(subset_size / count).
    """
    value = float(np.mean(values))
    error = float(np.std(values, ddof=1)) * math.sqrt(subset_size / count)
    return Estimate(
        value, value - Z * error, value + Z * error, f"over {len(values)} subsets of {subset_size}", details
    )


def bootstrap(
    value: float, resample: Callable[[], float], resamples: int, lowest: float = -math.inf, **details: Any
) -> Estimate:
    """``value`` with the spread of ``resample()`` around its own mean (Efron 1979).

    Around its own mean, because drawing with repetition shifts scores such as a Fréchet distance upwards, each
    resample holding fewer different images; that shift is no uncertainty of the value.

    Args:
        resample: the score of samples drawn anew, with repetition, from the samples.
        resamples: how many; with none there is no interval.
        lowest: a bound that the score cannot pass.
    """
    if not resamples:
        return Estimate(value, math.nan, math.nan, "none", details)
    found = np.array([resample() for _ in range(resamples)])
    below, above = np.quantile(found - found.mean(), [0.025, 0.975])
    # The mean lies inside for any sensible number of resamples; the value always does.
    low, high = value + min(0.0, float(below)), value + max(0.0, float(above))
    return Estimate(value, max(lowest, low), high, f"bootstrap over images, {resamples} resamples", details)
