"""Prepared data sets are kept, and never the wrong ones."""

import os

import numpy as np
import pytest

from drivers.data import Dataset, cache, load


@pytest.fixture
def data():
    pixels = np.random.default_rng(0).integers(0, 256, (10, 8, 8, 1), np.uint8)
    return Dataset(pixels, np.arange(10), [f"class {number}" for number in range(10)])


def kept(settings):
    folder = settings.cache / "prepared"
    return sorted(folder.iterdir()) if folder.exists() else []


def same(first, second):
    np.testing.assert_array_equal(first.images, second.images)
    np.testing.assert_array_equal(first.labels, second.labels)
    assert first.class_names == second.class_names


def test_what_is_kept_comes_back(settings, data):
    assert cache.read("key", settings) is None
    cache.write("key", data, settings)
    same(cache.read("key", settings), data)


def test_without_labels(settings, data):
    cache.write("key", Dataset(data.images), settings)
    back = cache.read("key", settings)
    assert back.labels is back.class_names is None


def test_a_damaged_entry_is_made_anew(settings, data, caplog):
    cache.write("key", data, settings)
    (path,) = kept(settings)
    path.write_bytes(path.read_bytes()[:100])
    assert cache.read("key", settings) is None
    assert kept(settings) == []
    assert "damaged" in caplog.text


def test_the_longest_unused_goes_first(settings, change, data):
    for last_used, key in enumerate(("a", "b", "c"), 1000):
        cache.write(key, data, settings)
        os.utime(settings.cache / "prepared" / f"{key}.npz", (last_used, last_used))
    cache.read("a", settings)
    two_and_a_half = kept(settings)[0].stat().st_size * 5 // 2
    cache.write("d", data, change(cache_bytes=two_and_a_half))
    assert [path.stem for path in kept(settings)] == ["a", "d"]


def test_what_is_too_large_is_not_kept(change, data):
    settings = change(cache_bytes=100)
    cache.write("key", data, settings)
    assert kept(settings) == []


def test_a_full_disk_is_no_error(settings, data, caplog):
    settings.cache.mkdir(parents=True)
    (settings.cache / "prepared").write_text("in the way")
    cache.write("key", data, settings)
    assert "cannot be kept" in caplog.text


def test_a_change_of_the_file_is_noticed(settings, data):
    spec = {"choice": "npz", "path": "a.npy", "image_size": 8, "channels": 1, "classes": None}
    np.save(settings.data / "a.npy", data.images)
    first = load(spec, settings=settings)
    np.save(settings.data / "a.npy", data.images[::-1])
    second = load(spec, settings=settings)
    np.testing.assert_array_equal(second.images, first.images[::-1])
    assert len(kept(settings)) == 2


def test_a_change_in_a_folder_is_noticed(settings, png):
    folder = settings.data / "faces"
    folder.mkdir()
    spec = {"choice": "images", "path": "faces", "image_size": 8, "channels": 3, "classes": None}
    (folder / "1.png").write_bytes(png())
    assert len(load(spec, settings=settings)) == 1
    (folder / "2.png").write_bytes(png())
    assert len(load(spec, settings=settings)) == 2


def test_size_and_channels_are_part_of_the_key(settings, data):
    np.save(settings.data / "a.npy", data.images)
    for size, channels in ((8, 1), (16, 1), (8, 3)):
        spec = {"choice": "npz", "path": "a.npy", "image_size": size, "channels": channels, "classes": None}
        assert load(spec, settings=settings).images.shape == (10, size, size, channels)
        assert load(spec, settings=settings).images.shape == (10, size, size, channels)
