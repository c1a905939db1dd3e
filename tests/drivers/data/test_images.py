"""Arrays of every usual form become uint8 (N, H, W, C) of one size."""

import numpy as np
import pytest
from PIL import Image

from drivers.data import DataError
from drivers.data.images import as_images, resize, square, with_channels

RANDOM = np.random.default_rng(0)


# -- forms ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((5, 8, 9), (5, 8, 9, 1)),
        ((5, 8, 9, 1), (5, 8, 9, 1)),
        ((5, 8, 9, 3), (5, 8, 9, 3)),
        ((5, 3, 8, 9), (5, 8, 9, 3)),
        ((5, 1, 8, 9), (5, 8, 9, 1)),
        ((5, 784), (5, 28, 28, 1)),
        ((5, 3072), (5, 32, 32, 3)),
    ],
)
def test_shapes(shape, expected):
    assert as_images(np.zeros(shape, np.uint8), "x").shape == expected


def test_planes_become_channels():
    """CIFAR's layout: the red plane, then the green, then the blue."""
    flat = np.concatenate([np.full(4, 10), np.full(4, 20), np.full(4, 30)]).astype(np.uint8)[None]
    assert as_images(flat, "x")[0, 1, 1].tolist() == [10, 20, 30]


@pytest.mark.parametrize("shape", [(5,), (5, 7), (5, 8, 9, 4), (5, 8, 9, 3, 1), ()])
def test_shapes_that_are_no_images(shape):
    with pytest.raises(DataError) as caught:
        as_images(np.ones(shape, np.uint8), "x.npz")
    assert caught.value.code == "wrong_shape"
    assert "x.npz" in caught.value.message


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([0, 128, 255], np.uint8), [0, 128, 255]),
        (np.array([0, 128, 255], np.int64), [0, 128, 255]),
        (np.array([False, True, True]), [0, 255, 255]),
        (np.array([0.0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([-1.0, 0.0, 1.0]), [0, 128, 255]),
        (np.array([0.0, 127.6, 255.0], np.float32), [0, 128, 255]),
        (np.array([-0.5, 0.0, 0.5], np.float16), [64, 128, 191]),
        (np.array([0, 1, 1], np.int32), [0, 1, 1]),
    ],
)
def test_ranges(values, expected):
    assert as_images(values.reshape(1, 1, 3), "x").ravel().tolist() == expected


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (np.array([0.0, np.nan]), "not_finite"),
        (np.array([0.0, np.inf]), "not_finite"),
        (np.array([-np.inf, 0.0]), "not_finite"),
        (np.array([0, 256]), "out_of_range"),
        (np.array([-1, 255]), "out_of_range"),
        (np.array([-2.0, 1.0]), "out_of_range"),
        (np.array([0j, 1j]), "wrong_dtype"),
        (np.array(["a", "b"]), "wrong_dtype"),
        (np.array([]), "empty"),
    ],
)
def test_values_that_are_no_pixels(values, code):
    with pytest.raises(DataError) as caught:
        as_images(values.reshape(1, 1, -1), "x")
    assert caught.value.code == code


def test_long_arrays_are_converted_in_pieces():
    values = RANDOM.random((10_000, 2, 2), np.float32)
    np.testing.assert_array_equal(as_images(values, "x")[..., 0], np.rint(values * np.float32(255)))


# -- channels ------------------------------------------------------------------------------------------------------


def test_colour_becomes_grey_as_pillow_does_it():
    colour = RANDOM.integers(0, 256, (7, 5, 6, 3), np.uint8)
    expected = [np.asarray(Image.fromarray(image).convert("L")) for image in colour]
    np.testing.assert_array_equal(with_channels(colour, 1)[..., 0], expected)


def test_grey_becomes_three_equal_channels():
    grey = RANDOM.integers(0, 256, (2, 3, 3, 1), np.uint8)
    colour = with_channels(grey, 3)
    assert colour.shape == (2, 3, 3, 3)
    assert (colour == grey).all()


# -- size ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [4, 8, 20, 28, 32, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_resizing_is_pillows_bicubic_filter(size, channels):
    images = RANDOM.integers(0, 256, (3, 28, 28, channels), np.uint8)
    resized = resize(images, size)
    assert resized.shape == (3, size, size, channels)
    for image, found in zip(images, resized, strict=True):
        for channel in range(channels):
            plane = Image.fromarray(image[..., channel].astype(np.float32))
            expected = np.asarray(plane.resize((size, size), Image.Resampling.BICUBIC))
            np.testing.assert_allclose(found[..., channel], expected.clip(0, 255), atol=0.501)


def test_even_grey_stays_even():
    assert (resize(np.full((2, 8, 8, 1), 77, np.uint8), 32) == 77).all()


def test_the_middle_square_is_kept():
    wide = np.arange(6, dtype=np.uint8).reshape(1, 1, 6, 1).repeat(2, axis=1)
    assert square(wide)[0, 0, :, 0].tolist() == [2, 3]
    tall = wide.transpose(0, 2, 1, 3)
    assert square(tall)[0, :, 0, 0].tolist() == [2, 3]


def test_many_images_are_resized_in_pieces():
    images = RANDOM.integers(0, 256, (9_000, 4, 4, 1), np.uint8)
    np.testing.assert_array_equal(resize(images, 8)[[0, 4095, 4096, 8999]], resize(images[[0, 4095, 4096, 8999]], 8))
