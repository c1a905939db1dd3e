"""Where the samples come from. The names at the top stand for those of the program."""

import numpy as np
from PIL import Image


def to_grey(images):
    """Red, green and blue to one channel, by the weights of ITU-R BT.601."""
    red, green, blue = np.moveaxis(images.astype(np.uint32), 3, 0)
    grey = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    return grey.astype(np.uint8)[..., None]


def resize(images, size):
    """Square images (N, S, S, C) to (N, size, size, C), by Pillow's bicubic filter."""
    unit = Image.fromarray(np.eye(images.shape[1], dtype=np.float32))
    filter = np.asarray(unit.resize((unit.width, size), Image.Resampling.BICUBIC))
    resized = np.einsum("ai,nijc,bj->nabc", filter, images, filter, optimize=True)
    return np.rint(resized).clip(0, 255).astype(np.uint8)


def choose(labels, count):
    """Where ``count`` images are, as many of each class as can be, always the same."""
    order = np.random.default_rng(0).permutation(len(labels))
    turn = np.empty(len(order), np.int64)  # how many of its class come before each
    for number in np.unique(labels):
        members = labels[order] == number
        turn[members] = np.arange(members.sum())
    return np.sort(order[np.lexsort((labels[order], turn))[:count]])


def make_waves(shape, forms, frequency, amplitude, phase, noise, seed):
    """Waves (N, steps, channels) in -1 to 1, each of its own numbers, and their forms.

    The forms are 0 sine, 1 square, 2 triangle and 3 sawtooth; the phase is in degrees.
    """
    count, length, channels = shape
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.resize(forms, count)).astype(np.int64)
    each = (count, 1, channels)
    turns = rng.uniform(*frequency, each) * (np.arange(length)[:, None] / length)
    height = rng.uniform(*amplitude, each)
    turns += rng.uniform(*phase, each) / 360.0
    of_form = labels[:, None, None]
    waves = np.select(
        [of_form == 0, of_form == 1, of_form == 2, of_form == 3],
        [
            np.sin(2.0 * np.pi * turns),
            np.where(turns % 1.0 < 0.5, 1.0, -1.0),
            1.0 - 4.0 * np.abs((turns + 0.25) % 1.0 - 0.5),
            2.0 * ((turns + 0.5) % 1.0) - 1.0,
        ],
    )
    waves = (height * waves).astype(np.float32)
    if noise:
        waves += np.float32(noise) * rng.standard_normal(waves.shape, np.float32)
    return waves.clip(-1.0, 1.0), labels
