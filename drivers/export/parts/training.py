"""Batches of the data; the names at the top are the program's."""

import numpy as np

BATCH_SIZE = 0
shuffle_rng = np.random.default_rng(0)


def batches(samples):
    """Shuffled batches without end; what does not fill one is left out."""
    while True:
        order = shuffle_rng.permutation(len(samples))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            yield samples[order[start : start + BATCH_SIZE]]


def labelled_batches(samples, labels):
    """Shuffled batches and their labels, without end; only whole ones."""
    while True:
        order = shuffle_rng.permutation(len(samples))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            yield samples[chosen], labels[chosen]
