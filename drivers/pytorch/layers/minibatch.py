"""Layers that let a discriminator compare the samples of a batch, against generators that draw always the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape

# Added to a variance before its root, whose slope at 0 is infinite.
SMALLEST_VARIANCE = 1e-8


class MinibatchStdDev(Layer):
    """(N, …, c) -> (N, …, c + 1): the spread of each group of samples as one more channel.

    Karras et al. 2017, section 3: the standard deviation of every number over the samples of its group, and the mean
    of all these. Sample i is in group i mod ⌈N / group_size⌉; where group_size does not divide N, some groups are
    one smaller.
    """

    MIXES_SAMPLES = True

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.group_size: int | None = parameters["group_size"]

    def forward(self, x: Tensor) -> Tensor:
        numbers = x.to(torch.promote_types(x.dtype, torch.float32)).flatten(1)
        spread = (_spread_anyhow if torch.compiler.is_exporting() else _spread)(numbers, self.group_size)
        channel = spread.to(x.dtype).view(x.shape[0], *(1 for _ in x.shape[1:]))
        return torch.cat([x, channel.expand(*x.shape[:-1], 1)], -1)


def _spread(x: Tensor, group_size: int | None) -> Tensor:
    """(N, a) -> (N,): the mean standard deviation in the group of each sample."""
    count = x.shape[0]
    groups = -(-count // (group_size or count))
    size = -(-count // groups)
    numbers = torch.cat([x, x.new_zeros(size * groups - count, x.shape[1])]).view(size, groups, -1)
    there = torch.arange(size * groups, device=x.device).view(size, groups, 1) < count
    sizes = there.sum(0)  # (groups, 1)
    mean = numbers.sum(0) / sizes  # (groups, a)
    variance = ((numbers - mean).square() * there).sum(0) / sizes
    return (variance + SMALLEST_VARIANCE).sqrt().mean(1).repeat(size)[:count]


def _spread_anyhow(x: Tensor, group_size: int | None) -> Tensor:
    """The same for a graph that takes any batch: there the number of groups is no number, and no size of a tensor."""
    ones = torch.ones_like(x[:, 0], dtype=torch.int64)
    count = ones.sum()
    groups = count // count if group_size is None else (count + group_size - 1) // group_size
    group = (ones.cumsum(0) - 1) % groups
    same = (group.unsqueeze(0) == group.unsqueeze(1)).to(x.dtype)  # (N, N)
    mates = same / same.sum(1, keepdim=True)
    variance = mates @ (x - mates @ x).square()  # (N, a)
    return (variance + SMALLEST_VARIANCE).sqrt().mean(1)


class MinibatchDiscrimination(Layer):
    """(N, a) -> (N, a + b): each sample's nearness to those of the batch, itself among them, in b learned views.

    Salimans et al. 2016, section 3.2: M = x·T with T (a, b, c), and o[i, b] = Σⱼ exp(-‖M[i, b] - M[j, b]‖₁).
    """

    MIXES_SAMPLES = True

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        shape = (*input_shapes[0], parameters["num_kernels"], parameters["kernel_dim"])
        self.add_weight("kernel", shape, parameters["kernel_initializer"], building)

    def forward(self, x: Tensor) -> Tensor:
        views = (x @ self.kernel.flatten(1)).unflatten(1, self.kernel.shape[1:])  # (N, b, c)
        apart = views.unsqueeze(0) - views.unsqueeze(1)
        # |x| as x·sign(x): the second derivative of abs would load PyTorch's compiler, which takes seconds.
        distances = (apart * apart.detach().sign()).sum(-1)  # (N, N, b)
        return torch.cat([x, distances.neg().exp().sum(0).to(x.dtype)], -1)


LAYERS = (MinibatchDiscrimination, MinibatchStdDev)
