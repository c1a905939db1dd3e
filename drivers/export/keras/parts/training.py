"""Averages, and networks at rest; the name at the top is the program's."""

EMA_DECAY = 0.0


def update_average(average, network):
    """kept <- decay·kept + (1 - decay)·live; moving statistics are copied."""
    for kept, live in zip(average.weights, network.weights, strict=True):
        moved = kept + (1.0 - EMA_DECAY) * (live - kept)
        kept.assign(moved if live.trainable else live)


def resting(network, inputs):
    """The network's output, with its spectral normalizations left as they are."""
    norms = [layer for layer in network.layers if getattr(layer, "update", False)]
    for norm in norms:
        norm.update = False
    try:
        return network(inputs, training=True)
    finally:
        for norm in norms:
            norm.update = True
