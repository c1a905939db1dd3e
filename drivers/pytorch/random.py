"""The random numbers of a training, in streams of their own.

Nothing in this driver uses PyTorch's global generator, so two sessions in one process do not disturb each other, and
a checkpoint that holds these streams resumes exactly.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

# A stream's index is its seed's; new streams go to the end, so that old seeds keep their numbers.
STREAMS = ("weights", "shuffle", "noise", "dropout", "penalty")
# Weights and shuffling are drawn on the processor, so that they do not depend on the device.
ON_PROCESSOR = ("weights", "shuffle")


class Random:
    """Independent generators that follow from one seed.

    Attributes:
        weights, shuffle, noise, dropout, penalty: a `torch.Generator` for what its name says.
    """

    weights: torch.Generator
    shuffle: torch.Generator
    noise: torch.Generator
    dropout: torch.Generator
    penalty: torch.Generator

    def __init__(self, seed: int, device: torch.device) -> None:
        seeds = np.random.SeedSequence(seed).generate_state(len(STREAMS), np.uint64)
        for stream, stream_seed in zip(STREAMS, seeds, strict=True):
            generator = torch.Generator("cpu" if stream in ON_PROCESSOR else device)
            # manual_seed takes a signed 64-bit number
            generator.manual_seed(int(stream_seed) >> 1)
            setattr(self, stream, generator)

    def state(self) -> dict[str, torch.Tensor]:
        """Every stream's state, uint8 tensors on the processor."""
        return {stream: getattr(self, stream).get_state() for stream in STREAMS}

    def load_state(self, state: Mapping[str, torch.Tensor]) -> None:
        """Takes back what `state` returned."""
        for stream in STREAMS:
            getattr(self, stream).set_state(state[stream])


def latent(count: int, latent_dim: int, seed: int) -> torch.Tensor:
    """Standard normal latent vectors (N, Z) of a seed, the same on every device."""
    return torch.randn(count, latent_dim, generator=torch.Generator().manual_seed(seed))
