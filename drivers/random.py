"""The random numbers of a training, in streams of their own.

They are drawn by NumPy on the processor, whatever library and device train: one seed gives the same initial weights,
order of the data, noise and labels everywhere, and a checkpoint that holds these streams resumes exactly. A batch of
latent vectors costs some tens of microseconds that way. Only dropout and noise layers, which draw a number for every
activation, draw in their library and on its device, from `Random.layer_seed`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

# A stream's place, after that of the layers, is its seed's; new ones go to the end, so old seeds keep their numbers.
STREAMS = ("weights", "shuffle", "noise", "penalty")


class Random:
    """Independent generators that follow from one seed.

    Attributes:
        weights, shuffle, noise, penalty: a `numpy.random.Generator` for what its name says.
        layer_seed: what the generator of layers that draw, such as dropout, starts from; a number of 31 bits.
    """

    weights: np.random.Generator
    shuffle: np.random.Generator
    noise: np.random.Generator
    penalty: np.random.Generator

    def __init__(self, seed: int) -> None:
        layers, *sequences = np.random.SeedSequence(seed).spawn(1 + len(STREAMS))
        self.layer_seed = int(layers.generate_state(1)[0]) >> 1
        for stream, sequence in zip(STREAMS, sequences, strict=True):
            setattr(self, stream, np.random.default_rng(sequence))

    def state(self) -> dict[str, Any]:
        """Every stream's state, as JSON can hold it."""
        return {stream: getattr(self, stream).bit_generator.state for stream in STREAMS}

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Takes back what `state` returned."""
        for stream in STREAMS:
            getattr(self, stream).bit_generator.state = state[stream]


def latent(count: int, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Standard normal latent vectors float32 (N, *shape) of a seed, the same for every driver and device."""
    return np.random.default_rng(seed).standard_normal((count, *shape), dtype=np.float32)
