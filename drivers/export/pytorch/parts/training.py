"""Batches, averages and pictures; the names at the top are the program's."""

import numpy as np
import torch
from PIL import Image

BATCH_SIZE = LATENT_DIM = CLASSES = SEED = 0
EMA_DECAY = 0.0
DEVICE = "cpu"
noise_rng = shuffle_rng = np.random.default_rng(0)


def batches(images):
    """Shuffled batches (N, C, H, W) in -1 to 1 without end; only whole ones."""
    while True:
        order = shuffle_rng.permutation(len(images))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            chosen = images[order[start : start + BATCH_SIZE]]
            yield torch.from_numpy(chosen).to(DEVICE).permute(0, 3, 1, 2) / 127.5 - 1.0


def labelled_batches(images, labels):
    """Shuffled batches (N, C, H, W) in -1 to 1 with labels; only whole ones."""
    while True:
        order = shuffle_rng.permutation(len(images))
        for start in range(0, len(order) - BATCH_SIZE + 1, BATCH_SIZE):
            chosen = order[start : start + BATCH_SIZE]
            real = torch.from_numpy(images[chosen]).to(DEVICE).permute(0, 3, 1, 2)
            yield real / 127.5 - 1.0, torch.from_numpy(labels[chosen]).to(DEVICE)


def draw_labels(labels):
    """Labels for a batch of fakes, drawn as often as the data has them."""
    chosen = noise_rng.integers(len(labels), size=BATCH_SIZE)
    return torch.from_numpy(labels[chosen]).to(DEVICE)


def latent(rng, count):
    """What generated images are made from, (N, Z)."""
    noise = rng.standard_normal((count, LATENT_DIM), dtype=np.float32)
    return torch.from_numpy(noise).to(DEVICE)


@torch.no_grad()
def update_average(average, network):
    """kept <- decay·kept + (1 - decay)·live; moving statistics are copied."""
    for kept, live in zip(average.parameters(), network.parameters(), strict=True):
        kept.lerp_(live, 1.0 - EMA_DECAY)
    for kept, live in zip(average.buffers(), network.buffers(), strict=True):
        kept.copy_(live)


def resting(network):
    """The network with its spectral normalizations left as they are."""

    def critic(*inputs):
        norms = [
            module for module in network.modules() if getattr(module, "update", False)
        ]
        for norm in norms:
            norm.update = False
        try:
            return network(*inputs)
        finally:
            for norm in norms:
                norm.update = True

    return critic


def save_sheet(network, inputs, columns, path):
    """A sheet of images by the network in use: no dropout, moving statistics."""
    images = network.eval()(*inputs).detach().unflatten(0, (-1, columns))
    sheet = images.permute(0, 3, 1, 4, 2).flatten(0, 1).flatten(1, 2)  # (H, W, C)
    pixels = sheet.add(1.0).mul(127.5).round().clamp(0, 255).to("cpu", torch.uint8)
    Image.fromarray(pixels.squeeze(2).numpy()).save(path)
