"""From whatever an array of labels may look like to int64 (N,)."""

from __future__ import annotations

import numpy as np

from drivers.data.errors import DataError

MAX_CLASSES = 1000


def as_labels(array: np.ndarray, count: int, where: str) -> np.ndarray:
    """Class numbers (N,), from (N,), (N, 1) or one-hot (N, K).

    Raises:
        DataError: `wrong_labels`.
    """
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 2 and ((array == 0) | (array == 1)).all() and (array.sum(axis=1) == 1).all():
        array = array.argmax(axis=1)
    if array.ndim != 1 or array.dtype.kind not in "buif":
        raise DataError(
            "wrong_labels", f"{where}: labels are one whole number an image, not {array.dtype} of shape {array.shape}."
        )
    if len(array) != count:
        raise DataError("wrong_labels", f"{where}: there are {len(array)} labels for {count} images.")
    if array.dtype.kind == "f" and not (np.isfinite(array) & (array == np.rint(array))).all():
        raise DataError("wrong_labels", f"{where}: labels are whole numbers from 0 on.")
    low, high = int(array.min()), int(array.max())
    if low < 0 or high >= MAX_CLASSES:
        raise DataError(
            "wrong_labels", f"{where}: labels run from {low} to {high}; they must lie within 0 and {MAX_CLASSES - 1}."
        )
    return array.astype(np.int64)
