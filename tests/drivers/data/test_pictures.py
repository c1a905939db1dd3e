"""Images side by side."""

import numpy as np
import pytest

from drivers.data import Dataset, grid, preview
from drivers.data.pictures import GAP


def test_a_grid_is_filled_row_by_row():
    images = np.arange(1, 6, dtype=np.uint8).reshape(5, 1, 1, 1)
    assert np.asarray(grid(images, 3, gap=0)).tolist() == [[1, 2, 3], [4, 5, 0]]


def test_lines_part_the_images_and_no_line_runs_around_them():
    images = np.arange(1, 4, dtype=np.uint8).reshape(3, 1, 1, 1)
    assert np.asarray(grid(images, 2, gap=1)).tolist() == [[1, 64, 2], [64, 64, 64], [3, 64, 0]]


def test_images_stay_whole():
    images = np.arange(2 * 2 * 3 * 3, dtype=np.uint8).reshape(2, 2, 3, 3)
    picture = np.asarray(grid(images, 2, gap=0))
    assert picture.shape == (2, 6, 3)
    np.testing.assert_array_equal(picture[:, :3], images[0])
    np.testing.assert_array_equal(picture[:, 3:], images[1])


def test_modes():
    assert grid(np.zeros((1, 2, 2, 1), np.uint8), 1).mode == "L"
    assert grid(np.zeros((1, 2, 2, 3), np.uint8), 1).mode == "RGB"


@pytest.mark.parametrize(
    ("images", "columns"),
    [
        (np.zeros((1, 2, 2, 2), np.uint8), 1),
        (np.zeros((2, 2, 1), np.uint8), 1),
        (np.zeros((1, 2, 2, 1)), 1),
        (np.zeros((0, 2, 2, 1), np.uint8), 1),
        (np.zeros((1, 2, 2, 1), np.uint8), 0),
    ],
)
def test_what_makes_no_grid(images, columns):
    with pytest.raises(ValueError, match="must be"):
        grid(images, columns)


@pytest.fixture
def data():
    return Dataset(np.arange(1, 31, dtype=np.uint8).reshape(30, 1, 1, 1), np.repeat([0, 4], [20, 10]))


def test_a_preview_is_the_same_for_the_same_seed(data):
    first, again, other = (np.asarray(preview(data, count=8, columns=4, seed=seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first.shape == (2 * 1 + GAP, 4 * 1 + 3 * GAP)


def test_a_preview_in_turn_has_one_class_after_the_other(data):
    picture = np.asarray(preview(data, count=6, columns=2, in_turn=True))
    cells = picture[:: 1 + GAP, :: 1 + GAP]
    assert cells.shape == (3, 2)
    assert (cells[:, 0] <= 20).all()
    assert (cells[:, 1] > 20).all()
    assert len({int(shade) for shade in cells.ravel()}) == 6  # none twice while there are others


def test_a_preview_by_class_has_a_row_for_each(data):
    picture = np.asarray(preview(data, columns=12, per_class=True))
    cells = picture[:: 1 + GAP, :: 1 + GAP]
    assert cells.shape == (2, 12)
    assert (cells[0] <= 20).all()
    assert (cells[1, :10] > 20).all()
    assert (cells[1, 10:] == 0).all()  # there are only ten
