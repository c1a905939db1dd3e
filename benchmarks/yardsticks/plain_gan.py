"""GAN training as the well-known scripts write it: what the PyTorch driver is measured against.

Contiguous NCHW, float32, one PIL image at a time through a DataLoader, binary cross entropy against tensors of ones
and zeros, and ``.item()`` at every step. The networks are those that the families `dcgan` and `gan` unfold to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

SLOPE = 0.2
DROPOUT = 0.25


class ImageDataset(Dataset):
    """uint8 images (N, H, W, 1) as PIL images, resized and normalized one at a time."""

    def __init__(self, images: np.ndarray, size: int) -> None:
        self.images = images
        self.size = size

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> Tensor:
        image = Image.fromarray(self.images[index, :, :, 0])
        image = image.resize((self.size, self.size), Image.Resampling.BILINEAR)
        pixels = torch.from_numpy(np.array(image, np.float32)).div(255)
        return pixels.unsqueeze(0).sub(0.5).div(0.5)


def batches_without_end(dataset: Dataset, batch_size: int) -> Iterator[Tensor]:
    """Shuffled batches, epoch after epoch."""
    loader = DataLoader(dataset, batch_size=batch_size, shuffle=True, drop_last=True)
    while True:
        yield from loader


def dcgan(size: int, *, dropout: float = DROPOUT, latent_dim: int = 100, filters: int = 32) -> tuple[nn.Module, ...]:
    """Generator and discriminator of the family `dcgan`, for square grey images of 8, 16, 32 … pixels."""
    doublings = (size // 4).bit_length() - 1
    widths = [filters * 2**step for step in range(doublings, -1, -1)]
    layers: list[nn.Module] = [
        nn.Linear(latent_dim, 16 * widths[0]),
        nn.Unflatten(1, (widths[0], 4, 4)),
        nn.BatchNorm2d(widths[0], 1e-3),
        nn.LeakyReLU(SLOPE, inplace=True),
    ]
    for before, width in pairwise(widths):
        layers += [
            nn.Upsample(scale_factor=2),
            nn.Conv2d(before, width, 3, padding=1),
            nn.BatchNorm2d(width, 1e-3),
            nn.LeakyReLU(SLOPE, inplace=True),
        ]
    generator = nn.Sequential(*layers, nn.Conv2d(widths[-1], 1, 3, padding=1), nn.Tanh())

    layers, before = [], 1
    for step, width in enumerate(widths[:0:-1]):
        layers.append(nn.Conv2d(before, width, 4, stride=2, padding=1))
        if step:
            layers.append(nn.BatchNorm2d(width, 1e-3))
        layers += [nn.LeakyReLU(SLOPE, inplace=True), nn.Dropout(dropout)]
        before = width
    return generator, nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * before, 1))


def gan(size: int, *, latent_dim: int = 100) -> tuple[nn.Module, ...]:
    """Generator and discriminator of the family `gan`, for square grey images."""
    layers: list[nn.Module] = []
    before = latent_dim
    for index, width in enumerate((128, 256, 512, 1024)):
        layers.append(nn.Linear(before, width))
        if index:
            layers.append(nn.BatchNorm1d(width, 1e-3))
        layers.append(nn.LeakyReLU(SLOPE, inplace=True))
        before = width
    generator = nn.Sequential(*layers, nn.Linear(before, size * size), nn.Tanh(), nn.Unflatten(1, (1, size, size)))
    discriminator = nn.Sequential(
        nn.Flatten(),
        nn.Linear(size * size, 512),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Linear(512, 256),
        nn.LeakyReLU(SLOPE, inplace=True),
        nn.Linear(256, 1),
    )
    return generator, discriminator


def adam(parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
    """The optimizer that these scripts use."""
    return torch.optim.Adam(parameters, lr=0.0002, betas=(0.5, 0.999))


def train(
    generator: nn.Module,
    discriminator: nn.Module,
    batches: Iterable[Tensor],
    *,
    noise: Callable[[int], Tensor],
    optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer] = adam,
) -> Iterator[tuple[float, float]]:
    """Trains as long as it is asked for the next (generator loss, discriminator loss).

    Args:
        batches: reals (B, C, H, W) in [-1, 1].
        noise: B -> latent vectors (B, Z).
        optimizer: a network's parameters -> its optimizer.
    """
    criterion = nn.BCEWithLogitsLoss()
    optimizer_g, optimizer_d = optimizer(generator.parameters()), optimizer(discriminator.parameters())
    for reals in batches:
        valid = torch.ones(len(reals), 1)
        fake = torch.zeros(len(reals), 1)

        optimizer_d.zero_grad()
        fakes = generator(noise(len(reals)))
        d_loss = criterion(discriminator(reals), valid) + criterion(discriminator(fakes.detach()), fake)
        d_loss.backward()
        optimizer_d.step()

        optimizer_g.zero_grad()
        g_loss = criterion(discriminator(fakes), valid)
        g_loss.backward()
        optimizer_g.step()
        yield g_loss.item(), d_loss.item()
