"""The embedded digits."""

import subprocess
import sys

import numpy as np
from sklearn.datasets import load_digits

from drivers.data import load, locate

DATA = {"choice": "digits", "image_size": 8, "channels": 1, "classes": 10, "include_classes": None, "count": None}


def test_they_are_scikit_learns(settings):
    data = load(DATA, settings=settings)
    reference = load_digits()
    assert data.images.dtype == np.uint8
    np.testing.assert_array_equal(data.images[..., 0], np.rint(reference.images * (255 / 16)))
    np.testing.assert_array_equal(data.labels, reference.target)
    assert data.class_names == list("0123456789")


def test_they_are_always_here(settings):
    location = locate(DATA, settings=settings)
    assert (location.here, location.notes) == (True, [])


def test_they_come_in_every_size_and_colour(settings):
    data = load({**DATA, "image_size": 32, "channels": 3, "include_classes": [7], "count": 50}, settings=settings)
    assert data.images.shape == (50, 32, 32, 3)
    assert set(data.labels) == {7}


def test_scikit_learn_is_not_imported_for_them():
    program = f"import sys; from drivers.data import load; load({DATA}); print('sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
