"""Long curves made short, so that no spike gets lost: pure functions of arrays.

A *curve* is an array (N, 4) with the columns step, loss of the generator, loss of the discriminator, seconds trained;
NaN where a number is not known. Its rows are in the order of the steps. ``x`` (N,) is what the curve is drawn over:
non-decreasing, without NaN.
"""

from __future__ import annotations

import numpy as np

LOSSES = (1, 2)
"""The columns whose extremes count."""


def buckets(x: np.ndarray, count: int) -> np.ndarray:
    """Which of ``count`` ranges of equal length each point lies in: (N,) whole numbers from 0."""
    length = (x[-1] - x[0]) / count
    if length <= 0:
        return np.zeros(len(x), np.int64)
    return np.minimum(((x - x[0]) / length).astype(np.int64), count - 1)


def keep_extremes(curve: np.ndarray, x: np.ndarray, max_points: int) -> np.ndarray:
    """At most ``max_points`` (at least 6) rows of the curve: of each range those where a loss is least or greatest.

    The first and the last row stay as well, and one row of a range in which no loss is known.
    """
    if len(curve) <= max_points:
        return curve
    ranges = buckets(x, max(1, (max_points - 2) // (2 * len(LOSSES))))
    starts = _starts(ranges)
    chosen = np.zeros(len(curve), bool)
    for column in LOSSES:
        for least in (True, False):
            chosen[_extremes(curve[:, column], ranges, starts, least=least)] = True
    empty = ~np.logical_or.reduceat(chosen, starts)
    chosen[starts[empty]] = True
    chosen[[0, -1]] = True
    return curve[chosen]


def bands(curve: np.ndarray, x: np.ndarray, max_points: int) -> np.ndarray:
    """The curve in at most ``max_points`` ranges, a row each: (M, 8).

    The columns are those of a curve, with step and seconds of the range's middle point and the mean of each loss, then
    least and greatest loss of the generator, least and greatest of the discriminator.
    """
    if not len(curve):
        return np.empty((0, 8))
    ranges = buckets(x, max_points) if len(curve) > max_points else np.arange(len(curve))
    starts = _starts(ranges)
    ends = np.append(starts[1:], len(curve))
    shown = np.empty((len(starts), 8))
    shown[:, (0, 3)] = curve[(starts + ends - 1) // 2][:, (0, 3)]
    for column in LOSSES:
        values = curve[:, column]
        known = ~np.isnan(values)
        count = np.add.reduceat(known, starts, dtype=np.int64)
        total = np.add.reduceat(np.where(known, values, 0.0), starts)
        shown[:, column] = np.divide(total, count, out=np.full(len(starts), np.nan), where=count > 0)
        shown[:, 2 + 2 * column] = _or_nan(np.minimum.reduceat(np.where(known, values, np.inf), starts), count)
        shown[:, 3 + 2 * column] = _or_nan(np.maximum.reduceat(np.where(known, values, -np.inf), starts), count)
    return shown


def _starts(ranges: np.ndarray) -> np.ndarray:
    """The index of the first point of each range that has one."""
    return np.flatnonzero(np.diff(ranges, prepend=-1))


def _extremes(values: np.ndarray, ranges: np.ndarray, starts: np.ndarray, *, least: bool) -> np.ndarray:
    """The index of the first least (else greatest) value of each range that has a known one."""
    filled = np.where(np.isnan(values), np.inf, values if least else -values)
    extreme = np.minimum.reduceat(filled, starts)
    lengths = np.diff(np.append(starts, len(values)))
    hits = np.flatnonzero((filled == np.repeat(extreme, lengths)) & np.isfinite(filled))
    return hits[np.unique(ranges[hits], return_index=True)[1]]


def _or_nan(values: np.ndarray, count: np.ndarray) -> np.ndarray:
    return np.where(count > 0, values, np.nan)
