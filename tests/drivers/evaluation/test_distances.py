"""Distances come out right whatever the size of the blocks."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.evaluation import distances
from drivers.evaluation.distances import distances_among, nearest, squared_distances


@pytest.fixture(params=[1, 200, 2**26])
def block_bytes(request, monkeypatch):
    monkeypatch.setattr(distances, "BLOCK_BYTES", request.param)


def plain(x, y):
    return ((x[:, None].astype(float) - y[None].astype(float)) ** 2).sum(2)


def test_a_right_triangle():
    ((rows, block),) = squared_distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert (rows, block.tolist()) == (slice(0, 1), [[25.0, 0.0]])


def test_blocks_together_are_all_distances(block_bytes):
    random = np.random.default_rng(0)
    x, y = random.normal(size=(17, 3)), random.normal(size=(11, 3))
    found = np.concatenate([block for _, block in squared_distances(x, y)])
    np.testing.assert_allclose(found, plain(x, y), atol=1e-12)
    among = np.concatenate([block for _, block in distances_among(x)])
    np.testing.assert_allclose(among, plain(x, x) + np.diag(np.full(17, np.inf)), atol=1e-12)


def test_points_far_from_the_origin_keep_their_small_distances():
    x = np.array([[1e6, 1e6], [1e6 + 1e-3, 1e6]])
    ((_, block),) = distances_among(x)
    assert block[0, 1] == pytest.approx(1e-6, rel=1e-6)


def test_nearest_finds_neighbours_and_where_they_are(block_bytes):
    random = np.random.default_rng(1)
    x, y = random.integers(0, 256, (2, 9, 4, 4, 1), np.uint8)
    y = np.concatenate([y, random.integers(0, 256, (20, 4, 4, 1), np.uint8)])
    squared, at = nearest(x, y, 3)
    expected = plain(x.reshape(9, -1), y.reshape(29, -1))
    np.testing.assert_array_equal(at, expected.argsort(1)[:, :3])
    np.testing.assert_allclose(squared, np.sort(expected, 1)[:, :3])


def test_a_point_is_not_its_own_neighbour(block_bytes):
    y = np.array([[0.0], [1.0], [3.0], [7.0]])
    squared, at = nearest(y[[2, 0]], y, 2, itself=np.array([2, 0]))
    assert at.tolist() == [[1, 0], [1, 2]]
    assert squared.tolist() == [[4.0, 9.0], [1.0, 9.0]]


@pytest.mark.parametrize(("x", "y"), [((2, 3), (2, 4)), ((2, 3, 1), (2, 3, 1))])
def test_points_of_different_spaces_are_refused(x, y):
    with pytest.raises(ValueError, match="points must be"):
        next(squared_distances(np.zeros(x), np.zeros(y)))


def test_more_neighbours_than_points_are_refused():
    with pytest.raises(ValueError, match="3 neighbours need more than 3 points, got 3"):
        nearest(np.zeros((1, 2)), np.zeros((3, 2)), 3)
