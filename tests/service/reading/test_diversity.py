"""How different images are from each other."""

import numpy as np
import pytest

from drivers.data import grid
from service.reading.diversity import diversity, tiles


def test_a_grid_is_taken_apart_again():
    images = np.random.default_rng(0).integers(0, 256, (7, 5, 6, 3), dtype=np.uint8)
    np.testing.assert_allclose(tiles(grid(images, 3), 3, 7), images / 255, atol=1e-6)
    grey = images[..., :1]
    np.testing.assert_allclose(tiles(grid(grey, 4), 4, 7), grey / 255, atol=1e-6)


def test_it_is_the_root_mean_square_distance_of_all_pairs():
    images = np.random.default_rng(1).random((6, 4, 4, 1))
    pairs = [np.mean((a - b) ** 2) for i, a in enumerate(images) for b in images[:i]]
    assert diversity(images) == pytest.approx(np.sqrt(np.mean(pairs)))


def test_the_same_image_again_and_again_has_none():
    assert diversity(np.full((9, 4, 4, 1), 0.3)) == pytest.approx(0)
    assert np.isnan(diversity(np.zeros((1, 4, 4, 1))))


def test_classes_do_not_hide_a_collapse():
    """Two classes that differ, each drawn in one way only, in turn."""
    collapsed = np.tile(np.stack([np.zeros((4, 4, 1)), np.ones((4, 4, 1))]), (5, 1, 1, 1))
    assert diversity(collapsed) > 0.7
    assert diversity(collapsed, groups=2) == 0
