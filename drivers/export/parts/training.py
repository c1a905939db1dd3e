"""Batches, noise and pictures; the names at the top are the program's."""

import numpy as np
from PIL import Image

BATCH_SIZE = LATENT_DIM = 0
noise_rng = shuffle_rng = np.random.default_rng(0)


def batches(samples):
    """Shuffled batches of the data without end; only whole ones."""
    while True:
        order = shuffle_rng.permutation(len(samples))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            yield samples[order[start : start + BATCH_SIZE]]


def labelled_batches(samples, labels):
    """Shuffled batches of the data with labels, without end; only whole ones."""
    while True:
        order = shuffle_rng.permutation(len(samples))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            yield samples[chosen], labels[chosen]


def draw_labels(labels):
    """Labels for a batch of fakes, drawn as often as the data has them."""
    return labels[noise_rng.integers(len(labels), size=BATCH_SIZE)]


def latent(rng, count):
    """What generated samples are made from, (N, Z)."""
    return rng.standard_normal((count, LATENT_DIM), dtype=np.float32)


def save_sheet(images, columns, path):
    """Images (N, H, W, C) in -1 to 1 on one sheet."""
    rows = images.reshape(-1, columns, *images.shape[1:])  # (R, S, H, W, C)
    sheet = np.concatenate(np.concatenate(rows, axis=1), axis=1)  # (R·H, S·W, C)
    pixels = np.rint((sheet + 1.0) * 127.5).clip(0, 255).astype(np.uint8)
    Image.fromarray(pixels.squeeze(2) if pixels.shape[2] == 1 else pixels).save(path)
