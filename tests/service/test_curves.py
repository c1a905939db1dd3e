"""Thinning: what must stay, stays."""

import numpy as np
import pytest

from service.curves import bands, buckets, keep_extremes


def curve_of(points):
    """Points (step, generator, discriminator) as a curve; a step takes half a second."""
    table = np.array(points, float)
    return np.column_stack([table, table[:, 0] / 2])


def test_points_fall_into_ranges_of_equal_length():
    assert buckets(np.array([0.0, 1.0, 4.9, 5.0, 9.0, 10.0]), 2).tolist() == [0, 0, 0, 1, 1, 1]
    assert buckets(np.array([3.0, 3.0]), 4).tolist() == [0, 0]


def test_thinning_keeps_the_extremes():
    points = [(step, float(step % 10), 0.0) for step in range(1, 1001)]
    points[499] = (500, 99.0, -7.0)
    points[700] = (701, -50.0, 0.0)
    curve = curve_of(points)
    thinned = keep_extremes(curve, curve[:, 0], 42)
    assert len(thinned) <= 42
    assert (thinned[0].tolist(), thinned[-1].tolist()) == (curve[0].tolist(), curve[-1].tolist())
    assert [500, 99.0, -7.0, 250.0] in thinned.tolist()
    assert [701, -50.0, 0.0, 350.5] in thinned.tolist()
    assert (np.diff(thinned[:, 0]) > 0).all()


def test_thinning_by_hand():
    """Seven points into one range: first, last, least and greatest of both columns."""
    points = [(1, 5, 5), (2, 1, 5), (3, 5, None), (4, 9, 5), (5, 5, 8), (6, 5, 6), (7, 5, 6)]
    curve = curve_of(points)
    assert keep_extremes(curve, curve[:, 0], 6)[:, 0].tolist() == [1, 2, 4, 5, 7]


@pytest.mark.parametrize("seed", range(20))
def test_no_extreme_is_lost_whatever_the_curve(seed):
    draw = np.random.default_rng(seed)
    count, most = int(draw.integers(7, 400)), int(draw.integers(6, 60))
    losses = draw.normal(size=(count, 2))
    losses[draw.random((count, 2)) < 0.2] = np.nan
    steps = np.cumsum(draw.integers(1, 30, count))
    curve = np.column_stack([steps, losses, steps / 7])
    thinned = keep_extremes(curve, curve[:, 0], most)
    shown = bands(curve, curve[:, 0], most)
    assert len(thinned) <= most
    assert len(shown) <= most
    for column, low, high in ((1, 4, 5), (2, 6, 7)):
        least, greatest = np.nanmin(curve[:, column]), np.nanmax(curve[:, column])
        assert (np.nanmin(thinned[:, column]), np.nanmax(thinned[:, column])) == (least, greatest)
        assert (np.nanmin(shown[:, low]), np.nanmax(shown[:, high])) == (least, greatest)
    assert {tuple(row) for row in np.nan_to_num(thinned)} <= {tuple(row) for row in np.nan_to_num(curve)}


def test_thinning_survives_a_curve_of_nothing():
    nothing = curve_of([(step, None, None) for step in range(1, 101)])
    thinned = keep_extremes(nothing, nothing[:, 0], 10)
    assert (thinned[0, 0], thinned[-1, 0]) == (1, 100)
    assert len(thinned) <= 10
    assert np.isnan(bands(nothing, nothing[:, 0], 10)[:, 1:3]).all()
    empty = np.empty((0, 4))
    assert keep_extremes(empty, empty[:, 0], 10).shape == (0, 4)
    assert bands(empty, empty[:, 0], 10).shape == (0, 8)


def test_bands_by_hand():
    """Two ranges of three points: the middle one's step and time, means, extremes; what is not known does not count."""
    curve = curve_of([(1, 1, 10), (2, 2, None), (3, 6, 30), (4, None, 1), (5, None, 1), (6, None, 4)])
    shown = bands(curve, curve[:, 0], 2)
    assert shown[0].tolist() == [2, 3.0, 20.0, 1.0, 1.0, 6.0, 10.0, 30.0]
    np.testing.assert_array_equal(shown[1], [5, np.nan, 2.0, 2.5, np.nan, np.nan, 1.0, 4.0])


def test_bands_of_a_short_curve_are_its_points():
    curve = curve_of([(1, 1, 10), (5, 2, 20)])
    assert bands(curve, curve[:, 0], 10).tolist() == [[1, 1, 10, 0.5, 1, 1, 10, 10], [5, 2, 20, 2.5, 2, 2, 20, 20]]
