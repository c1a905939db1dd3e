"""Feature maps as pictures, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from drivers import DriverError
from drivers.data import grid
from drivers.latent.maps import feature_maps

VALUES = np.array([[[0.0, 5.0], [1.0, 5.0]], [[2.0, 5.0], [4.0, 5.0]]])  # 2 x 2 places, 2 units


def test_each_map_has_its_own_range():
    found = feature_maps(VALUES)
    np.testing.assert_array_equal(found[0, :, :, 0], [[0, 64], [128, 255]])
    np.testing.assert_array_equal(found[1], 0)  # the same everywhere


def test_or_all_have_that_of_the_layer():
    found = feature_maps(VALUES, "layer")
    np.testing.assert_array_equal(found[0, :, :, 0], [[0, 51], [102, 204]])
    np.testing.assert_array_equal(found[1], 255)


def test_units_over_time_are_curves():
    found = feature_maps(np.array([[0.0, 1.0], [3.0, 2.0], [1.5, 1.0]]))
    np.testing.assert_allclose(found[..., 0], [[-1, 1, 0], [-1, 1, -1]])
    assert grid(found, 2).width > 100


def test_units_without_places_are_the_pixels_of_one_picture():
    found = feature_maps(np.array([0.0, 1.0, 2.0, 3.0, 4.0]))
    np.testing.assert_array_equal(found[0, :, :, 0], [[0, 64, 128], [191, 255, 0]])


def test_what_cannot_be_drawn_is_told():
    with pytest.raises(DriverError, match="Values of 4 axes"):
        feature_maps(np.zeros((2, 2, 2, 2)))
