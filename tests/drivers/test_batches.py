"""The data in batches: the same order for every driver."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.batches import to_pixels, to_unit_range
from drivers.data import Dataset
from drivers.errors import DriverError
from drivers.pytorch.batches import DeviceBatches

CPU = torch.device("cpu")


def dataset(count, labels=True):
    """Image i is i everywhere, and its label is i mod 10."""
    images = np.arange(count, dtype=np.uint8).reshape(-1, 1, 1, 1).repeat(2, 1).repeat(2, 2)
    return Dataset(images, np.arange(count) % 10 if labels else None)


def batches(count=23, batch_size=5, seed=0, labels=True):
    return DeviceBatches(dataset(count, labels), batch_size, np.random.default_rng(seed), CPU)


def numbers(images):
    return to_pixels(images.numpy())[:, 0, 0, 0].tolist()


def test_pixels_run_from_minus_one_to_one_and_back():
    pixels = np.arange(256, dtype=np.uint8)
    unit = to_unit_range(pixels)
    assert (unit[0], unit[255]) == (-1.0, pytest.approx(1.0, abs=1e-6))
    np.testing.assert_array_equal(to_pixels(unit), pixels)
    assert to_pixels(np.array([-1.2, 0.0, 1.2])).tolist() == [0, 128, 255]
    data = DeviceBatches(Dataset(pixels.reshape(256, 1, 1, 1)), 256, np.random.default_rng(0), CPU)
    np.testing.assert_array_equal(np.sort(data.next()[0].numpy(), axis=None), unit)


def test_a_pass_reads_no_image_twice_and_skips_what_does_not_fill_a_batch():
    data = batches()
    assert data.per_pass == 4
    first = [number for _ in range(4) for number in numbers(data.next()[0])]
    second = [number for _ in range(4) for number in numbers(data.next()[0])]
    assert len(set(first)) == len(set(second)) == 20
    assert first != second


def test_every_image_is_read_in_time():
    data = batches()
    assert {number for _ in range(60) for number in numbers(data.next()[0])} == set(range(23))


def test_labels_stay_with_their_images():
    images, labels = batches().next()
    assert [number % 10 for number in numbers(images)] == labels.tolist()


def test_data_smaller_than_a_batch_are_one_batch():
    data = batches(count=3, batch_size=64)
    assert (data.batch_size, data.per_pass) == (3, 1)
    assert sorted(numbers(data.next()[0])) == [0, 1, 2]


def test_labels_for_fakes_are_drawn_as_often_as_the_data_has_them():
    labelled = Dataset(np.zeros((100, 1, 1, 1), np.uint8), np.repeat([3, 7], [90, 10]))
    data = DeviceBatches(labelled, 100, np.random.default_rng(0), CPU)
    drawn = torch.cat([data.some_labels(np.random.default_rng(seed)) for seed in range(20)])
    assert set(drawn.tolist()) == {3, 7}
    assert (drawn == 3).float().mean().item() == pytest.approx(0.9, abs=0.03)


def test_without_labels_there_are_none():
    data = batches(labels=False)
    assert data.next()[1] is None
    assert data.some_labels(np.random.default_rng(0)) is None


@pytest.mark.parametrize("read", [0, 3, 4, 5])
def test_the_position_in_the_data_can_be_taken_up_again(read):
    first = batches()
    for _ in range(read):
        first.next()
    state = first.state()
    wanted = [numbers(first.next()[0]) for _ in range(8)]
    second = batches(seed=99)
    second.load_state(state)
    assert [numbers(second.next()[0]) for _ in range(8)] == wanted


def test_other_data_are_refused():
    with pytest.raises(DriverError, match="trained on 23 samples, but the data now has 24"):
        batches(count=24).load_state(batches(count=23).state())
