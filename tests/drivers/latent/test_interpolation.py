"""Ways between latent vectors, by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from drivers.latent.interpolation import linear, path, shares, spherical, surface, surface_shares

X, Y = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])


def test_a_third_of_a_right_angle_is_thirty_degrees():
    found = spherical(X, Y, np.array([1 / 3]))
    np.testing.assert_allclose(found, [[math.cos(math.pi / 6), math.sin(math.pi / 6)]])


def test_the_straight_line_is_shorter():
    np.testing.assert_allclose(linear(X, Y, np.array([0.5])), [[0.5, 0.5]])


def test_lengths_go_evenly_from_one_to_the_other():
    np.testing.assert_allclose(np.linalg.norm(spherical(X, 3 * Y, np.array([0.5])), axis=1), [2.0])


def test_the_ends_are_the_vectors_themselves_also_where_they_are_parallel():
    first, second = np.random.default_rng(0).normal(size=(2, 5, 7))
    np.testing.assert_allclose(spherical(first, second, np.zeros(5)), first)
    np.testing.assert_allclose(spherical(first, second, np.ones(5)), second)
    np.testing.assert_allclose(spherical(first, 3 * first, np.full(5, 0.5)), 2 * first)


@pytest.mark.parametrize("other", [-X, 0 * X])
def test_where_there_is_no_great_circle_it_is_the_straight_line(other):
    t = np.array([0.25])
    np.testing.assert_allclose(spherical(X, other, t), linear(X, other, t), atol=1e-12)
    np.testing.assert_allclose(spherical(other, X, t), linear(other, X, t), atol=1e-12)


def test_points_between_are_as_long_as_the_ends():
    """Straight interpolation passes near the origin, where no noise is."""
    first, second = np.random.default_rng(1).normal(size=(2, 100, 200))
    lengths = np.linalg.norm(spherical(first, second, np.full(100, 0.5)), axis=1)
    assert lengths == pytest.approx(np.full(100, math.sqrt(200)), rel=0.15)


def test_a_path_passes_each_point_once():
    points = np.array([[0.0], [10.0], [20.0]])
    np.testing.assert_allclose(path(points, 3, "linear")[:, 0], [0, 5, 10, 15, 20])
    np.testing.assert_allclose(path(points, 3, "linear", loop=True)[:, 0], [0, 5, 10, 15, 20, 10])


def test_the_shares_of_the_points_make_the_straight_path():
    points = np.random.default_rng(2).normal(size=(3, 4))
    found = shares(3, 4, loop=True)
    np.testing.assert_allclose(found.sum(1), 1)
    np.testing.assert_allclose(found @ points, path(points, 4, "linear", loop=True), rtol=1e-5, atol=1e-6)


def test_a_surface_has_its_points_at_the_corners():
    corners = np.array([[0.0], [2.0], [4.0], [6.0]])
    np.testing.assert_allclose(surface(corners, 2, 3, "linear")[:, 0], [0, 1, 2, 4, 5, 6])
    np.testing.assert_allclose(surface_shares(2, 3) @ corners, surface(corners, 2, 3, "linear"))


def test_a_spherical_surface_stays_on_the_sphere():
    corners = np.random.default_rng(3).normal(size=(4, 6))
    corners /= np.linalg.norm(corners, axis=1, keepdims=True)
    found = surface(corners, 5, 5, "spherical")
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(found[[0, 4, 20, 24]], corners, rtol=1e-6)
