"""Sequences as pictures: where a curve runs, its colour, what is left out."""

import numpy as np
import pytest

from drivers.data import Dataset, grid, preview
from drivers.data.curves import CELL_WIDTHS, COLOURS, MARGIN, PAPER

WIDTH, HEIGHT = 384, 256  # of the only cell of a sheet


def level(value, channels=1, steps=16):
    return np.full((1, steps, channels), value, np.float32)


def where(picture, colour):
    """Rows and columns of the pixels of a colour."""
    return np.nonzero((np.asarray(picture) == colour).all(axis=2))


@pytest.mark.parametrize("value", [-1.0, -0.5, 0.25, 1.0])
def test_a_level_lies_at_its_height(value):
    rows, columns = where(grid(level(value), 1), COLOURS[0])
    # The top of the cell is 1 and a margin, the bottom -1 and a margin.
    assert rows.mean() == pytest.approx(HEIGHT * (0.5 - value * (0.5 - MARGIN)) - 0.5, abs=1)
    assert columns.min() == pytest.approx(MARGIN * WIDTH, abs=4)
    assert columns.max() == pytest.approx((1 - MARGIN) * WIDTH, abs=4)


def test_what_is_beyond_runs_along_the_edge():
    np.testing.assert_array_equal(np.asarray(grid(level(7.0), 1)), np.asarray(grid(level(1.0), 1)))


def test_time_runs_to_the_right():
    step = np.repeat(np.float32([-0.5, 0.5]), 8).reshape(1, 16, 1)
    rows, columns = where(grid(step, 1), COLOURS[0])
    assert rows[columns < WIDTH * 0.4].min() > HEIGHT / 2 > rows[columns > WIDTH * 0.6].max()


def test_each_channel_has_a_colour():
    two = np.concatenate([level(0.5), level(-0.5)], axis=2)
    picture = grid(two, 1)
    assert where(picture, COLOURS[0])[0].max() < HEIGHT / 2 < where(picture, COLOURS[1])[0].min()


def test_what_is_no_number_leaves_a_gap():
    gap = level(0.5)
    gap[0, 5:11] = np.nan
    _, columns = where(grid(gap, 1), COLOURS[0])
    middle = (columns > WIDTH * 0.4) & (columns < WIDTH * 0.6)
    assert not middle.any()
    assert columns.size
    assert where(grid(level(np.nan), 1), COLOURS[0])[0].size == 0


def test_a_sheet_is_filled_row_by_row():
    sheet = grid(np.concatenate([level(0.5)] * 3), 2)
    rows, columns = where(sheet, COLOURS[0])
    assert set(zip((rows // HEIGHT).tolist(), (columns // WIDTH).tolist(), strict=True)) == {(0, 0), (0, 1), (1, 0)}
    assert sheet.size == (2 * WIDTH + 1, 2 * HEIGHT + 1)


def test_cells_shrink_with_their_number_to_a_least():
    assert grid(np.concatenate([level(0.0)] * 16), 4).width == 768 + 1
    assert grid(np.concatenate([level(0.0)] * 16), 16).width == 16 * CELL_WIDTHS[0] + 1


@pytest.mark.parametrize(("steps", "channels"), [(1, 1), (4096, 1), (2, 64)])
def test_any_length_and_number_of_channels_can_be_drawn(steps, channels):
    picture = np.asarray(grid(np.zeros((2, steps, channels), np.float32), 2))
    assert (picture != PAPER).any()


def test_a_preview_by_class_has_a_row_for_each():
    data = Dataset(np.concatenate([level(0.5)] * 5), np.array([0, 0, 0, 2, 2]), ["a", "b", "c"])
    rows, columns = where(preview(data, columns=4, per_class=True), COLOURS[0])
    found = set(zip((rows // 128).tolist(), (columns // 192).tolist(), strict=True))
    assert found == {(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)}


@pytest.mark.parametrize(
    ("sequences", "columns"),
    [(np.zeros((0, 4, 1), np.float32), 1), (np.zeros((1, 4, 1)), 1), (np.zeros((1, 4, 1), np.float32), 0)],
)
def test_what_makes_no_sheet(sequences, columns):
    with pytest.raises(ValueError, match="must be"):
        grid(sequences, columns)
