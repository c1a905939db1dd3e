"""Averages, and networks at rest; the name at the top is the program's."""

import torch

EMA_DECAY = 0.0


@torch.no_grad()
def update_average(average, network):
    """kept <- decay·kept + (1 - decay)·live; moving statistics are copied."""
    for kept, live in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(live, 1.0 - EMA_DECAY)
    for kept, live in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(live)


def resting(network, *inputs, **labels):
    """The network's output, with its spectral normalizations left as they are."""
    norms = [each for each in network.modules() if getattr(each, "update", False)]
    for norm in norms:
        norm.update = False
    try:
        return network(*inputs, **labels)
    finally:
        for norm in norms:
            norm.update = True
