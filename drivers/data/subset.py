"""A part of a data set: some classes, some samples."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.errors import DataError

SEED = 0


def subset(data: Dataset, include_classes: Sequence[int] | None, count: int | None) -> Dataset:
    """The samples of some classes, and at most ``count`` of them.

    Labels keep their numbers: of the classes 3 and 7, sevens are still asked for as 7. The choice is the same each
    time, as many of each class as there are, and keeps the order of the data. ``count`` beyond what there is takes all.

    Raises:
        DataError: `no_class`: classes asked of data without labels, or that have no sample.
    """
    chosen = np.arange(len(data))
    if include_classes is not None:
        if data.labels is None:
            raise DataError(
                "no_class", "The data has no labels to choose classes by; leave it empty.", "/data/include_classes"
            )
        for position, number in enumerate(include_classes):
            if not (data.labels == number).any():
                names = ", ".join(f"{index} ({name})" for index, name in enumerate(data.class_names or []))
                raise DataError(
                    "no_class",
                    f"There is nothing of class {number}; the classes are {names}.",
                    f"/data/include_classes/{position}",
                )
        chosen = np.flatnonzero(np.isin(data.labels, include_classes))
    if count is not None and count < len(chosen):
        chosen = _balanced(chosen, data.labels, count)
    if len(chosen) == len(data):
        return data
    labels = None if data.labels is None else data.labels[chosen]
    return Dataset(data.samples[chosen], labels, data.class_names)


def _balanced(chosen: np.ndarray, labels: np.ndarray | None, count: int) -> np.ndarray:
    """``count`` of the indices: shuffled, then dealt out one of each class in turn."""
    shuffled = np.random.default_rng(SEED).permutation(chosen)
    if labels is None:
        return np.sort(shuffled[:count])
    classes = labels[shuffled]
    turn = np.empty(len(shuffled), np.int64)  # how many of its class come before each sample
    for number in np.unique(classes):
        members = classes == number
        turn[members] = np.arange(members.sum())
    return np.sort(shuffled[np.lexsort((classes, turn))[:count]])
