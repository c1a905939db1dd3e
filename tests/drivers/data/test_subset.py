"""A part of a data set: seeded, balanced, in order, with the labels' own numbers."""

import numpy as np
import pytest

from drivers.data import DataError, Dataset
from drivers.data.subset import subset


@pytest.fixture
def data():
    """30 images whose pixel is their index: 15 of class 0, 10 of class 1, 5 of class 2."""
    labels = np.repeat([0, 1, 2], [15, 10, 5])
    images = np.arange(30, dtype=np.uint8).reshape(30, 1, 1, 1)
    return Dataset(images, labels, ["a", "b", "c"])


def test_nothing_asked_for_is_everything(data):
    assert subset(data, None, None) is data
    assert subset(data, None, 30) is data
    assert subset(data, None, 1000) is data


def test_classes_keep_their_numbers(data):
    some = subset(data, [2, 0], None)
    assert np.unique(some.labels).tolist() == [0, 2]
    assert len(some) == 20
    assert some.class_names == ["a", "b", "c"]


def test_a_count_is_dealt_out_evenly(data):
    some = subset(data, None, 9)
    assert np.bincount(some.labels).tolist() == [3, 3, 3]


def test_a_class_that_runs_out_leaves_its_share_to_the_others(data):
    some = subset(data, None, 21)
    assert np.bincount(some.labels).tolist() == [8, 8, 5]


def test_the_choice_is_the_same_each_time_in_the_order_of_the_data(data):
    first, second = subset(data, None, 12), subset(data, None, 12)
    np.testing.assert_array_equal(first.images, second.images)
    indices = first.images.ravel().tolist()
    assert indices == sorted(set(indices))
    assert indices != list(range(12))
    np.testing.assert_array_equal(first.labels, data.labels[indices])


def test_a_smaller_choice_is_part_of_a_larger_one(data):
    assert set(subset(data, None, 6).images.ravel()) <= set(subset(data, None, 12).images.ravel())


def test_without_labels_it_is_random(data):
    unlabelled = Dataset(data.images)
    some = subset(unlabelled, None, 10)
    assert len(some) == 10
    assert some.labels is None


def test_classes_and_count_together(data):
    some = subset(data, [1, 2], 6)
    assert np.bincount(some.labels).tolist() == [0, 3, 3]


def test_a_class_that_there_is_not(data):
    with pytest.raises(DataError) as caught:
        subset(data, [0, 7], None)
    assert caught.value.pointer == "/data/include_classes/1"
    assert "0 (a), 1 (b), 2 (c)" in caught.value.message


def test_classes_of_data_without_labels(data):
    with pytest.raises(DataError) as caught:
        subset(Dataset(data.images), [0], None)
    assert caught.value.pointer == "/data/include_classes"
