"""Inception V3 as the Fréchet Inception Distance knows it: the network of 2015, whose features most papers compare.

The architecture is that of Szegedy et al. 2016 (https://arxiv.org/abs/1512.00567), with what TensorFlow's frozen graph
of December 2015 does otherwise: 1008 classes, an average pooling that does not count padding, and a maximum in the last
block's pooling branch. Tensors are named as in the weight file that PyTorch programs share,
``pt_inception-2015-12-05-6726825d.pth``, so that it is loaded as it is.
"""

from __future__ import annotations

import hashlib
import logging
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from drivers import weights
from drivers.errors import WeightsError
from drivers.evaluation.extractors import Extractor, Progress
from drivers.evaluation.inception import OFFICIAL, weights_file

if TYPE_CHECKING:
    from drivers.data import DataSettings

log = logging.getLogger(__name__)

SIDE = 299
CLASSES = 1008
EPSILON = 0.001
FEATURES = 2048
BATCH = 50


class Conv(NamedTuple):
    """A convolution without bias, batch normalization, and ReLU."""

    name: str
    filters: int
    kernel: tuple[int, int] | int
    stride: int = 1
    padding: tuple[int, int] | int = 0


class Branch(NamedTuple):
    """A way through a block: a pooling, convolutions one after another, and at its end some side by side."""

    convolutions: Sequence[Conv] = ()
    fork: Sequence[Conv] = ()
    pool: str | None = None


def _a(pooled: int) -> list[Branch]:
    return [
        Branch([Conv("branch1x1", 64, 1)]),
        Branch([Conv("branch5x5_1", 48, 1), Conv("branch5x5_2", 64, 5, padding=2)]),
        Branch(
            [
                Conv("branch3x3dbl_1", 64, 1),
                Conv("branch3x3dbl_2", 96, 3, padding=1),
                Conv("branch3x3dbl_3", 96, 3, padding=1),
            ]
        ),
        Branch([Conv("branch_pool", pooled, 1)], pool="average"),
    ]


def _b() -> list[Branch]:
    return [
        Branch([Conv("branch3x3", 384, 3, 2)]),
        Branch(
            [
                Conv("branch3x3dbl_1", 64, 1),
                Conv("branch3x3dbl_2", 96, 3, padding=1),
                Conv("branch3x3dbl_3", 96, 3, 2),
            ]
        ),
        Branch(pool="halving"),
    ]


def _c(narrow: int) -> list[Branch]:
    def wide(name: str, filters: int) -> Conv:
        return Conv(name, filters, (1, 7), padding=(0, 3))

    def tall(name: str, filters: int) -> Conv:
        return Conv(name, filters, (7, 1), padding=(3, 0))

    return [
        Branch([Conv("branch1x1", 192, 1)]),
        Branch(
            [
                Conv("branch7x7_1", narrow, 1),
                wide("branch7x7_2", narrow),
                tall("branch7x7_3", 192),
            ]
        ),
        Branch(
            [
                Conv("branch7x7dbl_1", narrow, 1),
                tall("branch7x7dbl_2", narrow),
                wide("branch7x7dbl_3", narrow),
                tall("branch7x7dbl_4", narrow),
                wide("branch7x7dbl_5", 192),
            ]
        ),
        Branch([Conv("branch_pool", 192, 1)], pool="average"),
    ]


def _d() -> list[Branch]:
    return [
        Branch([Conv("branch3x3_1", 192, 1), Conv("branch3x3_2", 320, 3, 2)]),
        Branch(
            [
                Conv("branch7x7x3_1", 192, 1),
                Conv("branch7x7x3_2", 192, (1, 7), padding=(0, 3)),
                Conv("branch7x7x3_3", 192, (7, 1), padding=(3, 0)),
                Conv("branch7x7x3_4", 192, 3, 2),
            ]
        ),
        Branch(pool="halving"),
    ]


def _e(pool: str) -> list[Branch]:
    def fork(name: str) -> list[Conv]:
        return [
            Conv(f"{name}a", 384, (1, 3), padding=(0, 1)),
            Conv(f"{name}b", 384, (3, 1), padding=(1, 0)),
        ]

    return [
        Branch([Conv("branch1x1", 320, 1)]),
        Branch([Conv("branch3x3_1", 384, 1)], fork("branch3x3_2")),
        Branch([Conv("branch3x3dbl_1", 448, 1), Conv("branch3x3dbl_2", 384, 3, padding=1)], fork("branch3x3dbl_3")),
        Branch([Conv("branch_pool", 192, 1)], pool=pool),
    ]


STEM: list[Conv | str] = [
    Conv("Conv2d_1a_3x3", 32, 3, 2),
    Conv("Conv2d_2a_3x3", 32, 3),
    Conv("Conv2d_2b_3x3", 64, 3, padding=1),
    "halving",
    Conv("Conv2d_3b_1x1", 80, 1),
    Conv("Conv2d_4a_3x3", 192, 3),
    "halving",
]
BLOCKS = {
    "Mixed_5b": _a(32),
    "Mixed_5c": _a(64),
    "Mixed_5d": _a(64),
    "Mixed_6a": _b(),
    "Mixed_6b": _c(128),
    "Mixed_6c": _c(160),
    "Mixed_6d": _c(160),
    "Mixed_6e": _c(192),
    "Mixed_7a": _d(),
    "Mixed_7b": _e("average"),
    "Mixed_7c": _e("largest"),
}


def _pool(kind: str, x: Tensor) -> Tensor:
    if kind == "halving":
        return F.max_pool2d(x, 3, 2)
    if kind == "largest":
        return F.max_pool2d(x, 3, 1, 1)
    return F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class _Convolution(nn.Module):
    def __init__(self, channels: int, told: Conv) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, told.filters, told.kernel, told.stride, told.padding, bias=False)
        self.bn = nn.BatchNorm2d(told.filters, eps=EPSILON)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)))


class _Block(nn.Module):
    """Branches side by side, their channels one after another."""

    def __init__(self, channels: int, branches: Sequence[Branch]) -> None:
        super().__init__()
        self._branches = branches
        self.filters = 0
        for branch in branches:
            width = channels
            for told in branch.convolutions:
                self.add_module(told.name, _Convolution(width, told))
                width = told.filters
            for told in branch.fork:
                self.add_module(told.name, _Convolution(width, told))
            self.filters += sum(told.filters for told in branch.fork) or width

    def forward(self, x: Tensor) -> Tensor:
        found = []
        for branch in self._branches:
            y = x if branch.pool is None else _pool(branch.pool, x)
            for told in branch.convolutions:
                y = self.get_submodule(told.name)(y)
            found += [self.get_submodule(told.name)(y) for told in branch.fork] or [y]
        return torch.cat(found, 1)


class InceptionV3(nn.Module):
    """Images (N, 3, 299, 299) from -1 to 1 to features (N, 2048) and logits (N, 1008) without their bias.

    Without, because the Inception score has been computed so since its first program.
    """

    def __init__(self) -> None:
        super().__init__()
        channels = 3
        for told in STEM:
            if isinstance(told, Conv):
                self.add_module(told.name, _Convolution(channels, told))
                channels = told.filters
        for name, branches in BLOCKS.items():
            block = _Block(channels, branches)
            self.add_module(name, block)
            channels = block.filters
        self.fc = nn.Linear(channels, CLASSES)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for told in STEM:
            x = _pool(told, x) if isinstance(told, str) else self.get_submodule(told.name)(x)
        for name in BLOCKS:
            x = self.get_submodule(name)(x)
        features = x.mean((2, 3))
        return features, features @ self.fc.weight.T


def resized(images: Tensor, side: int = SIDE) -> Tensor:
    """Images (N, C, H, W) to (N, C, side, side), bilinearly as TensorFlow 1 does it.

    Pixel i of the result lies at i·H / side of the original: corners are put on corners, without the half pixel that
    later programs add. Features of images resized otherwise are another metric (Parmar et al. 2022).
    """
    height, width = images.shape[2:]
    top, bottom, down = (part.to(images.device) for part in _places(height, side))
    left, right, along = (part.to(images.device) for part in _places(width, side))
    upper, lower = images[:, :, top], images[:, :, bottom]

    def mixed(rows: Tensor) -> Tensor:
        return rows[..., left] + (rows[..., right] - rows[..., left]) * along

    upper, lower = mixed(upper), mixed(lower)
    return upper + (lower - upper) * down[:, None]


def _places(length: int, side: int) -> tuple[Tensor, Tensor, Tensor]:
    """For each of ``side`` pixels the two it lies between, and how far it is on its way from the one to the other."""
    at = torch.arange(side, dtype=torch.float32) * (torch.tensor(length, dtype=torch.float32) / side)
    before = at.long()
    return before, (before + 1).clamp(max=length - 1), at - before


class Inception(Extractor):
    """Features of Inception V3, of any images; grey ones are shown as three equal channels.

    Its id names the standard weights by their date, others by the hash of their file.
    """

    def __init__(self, network: InceptionV3, id_: str) -> None:
        self.id = id_
        self._device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self._network = network.to(self._device).eval()

    def features(self, images: np.ndarray) -> np.ndarray:
        return self._run(images)[0]

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Of ImageNet's classes: what the Inception score is made of."""
        return torch.from_numpy(self._run(images)[1]).softmax(1).numpy()

    def _run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = []
        with torch.inference_mode():
            for start in range(0, len(images), BATCH):
                some = torch.from_numpy(images[start : start + BATCH]).to(self._device)
                x = some.permute(0, 3, 1, 2).float().expand(-1, 3, -1, -1)
                parts.append([found.cpu() for found in self._network((resized(x) - 128) / 128)])
        features, logits = (torch.cat(found).numpy() for found in zip(*parts, strict=True))
        return features, logits


def open_inception(settings: DataSettings, progress: Progress) -> Inception:
    """Inception V3 with the weights that ``AUTHORGAN_INCEPTION_WEIGHTS`` names.

    Raises:
        DriverError: they are not there; the message says how to get them.
        WeightsError: the file is not what it should be.
    """
    path = weights_file(settings, progress)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    network = InceptionV3()
    stored = _read(path, digest)
    own = network.state_dict()
    wanted = {name: value for name, value in own.items() if not name.endswith("num_batches_tracked")}
    stored = {name: value for name, value in stored.items() if not name.endswith("num_batches_tracked")}
    weights.check(path, {name: value.float().numpy() for name, value in stored.items()}, wanted)
    network.load_state_dict(stored, strict=False)
    official = digest.startswith(OFFICIAL)
    return Inception(network, "inception-2015-12-05" if official else f"inception-{digest[:12]}")


def _read(path: Path, digest: str) -> dict[str, Tensor]:
    """The tensors of a file: of safetensors, which are no more than that, or of the one pickle whose hash is known."""
    if path.suffix == ".safetensors":
        try:
            return load_file(path)
        except SafetensorError as error:
            raise WeightsError(path, [f"it cannot be read: {error}"]) from error
    if not digest.startswith(OFFICIAL):
        problem = (
            f"its SHA-256 begins with {digest[:8]}, which is not that of the standard file ({OFFICIAL}), and no other "
            "is read as a pickle; save other weights as .safetensors, under the same names"
        )
        raise WeightsError(path, [problem])
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise WeightsError(path, [f"it cannot be read: {error}"]) from error
