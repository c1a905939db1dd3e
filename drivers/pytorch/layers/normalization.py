"""Normalization layers, with Keras's conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor, nn

from drivers.pytorch.layers.base import Building, Layer, Shape


class BatchNormalization(Layer):
    """γ·(x - μ)/√(σ² + ε) + β over the batch, a channel (last axis) at a time. Ioffe & Szegedy 2015, Algorithm 1.

    Keras's conventions, which are not PyTorch's: moving = momentum·moving + (1 - momentum)·batch, and the moving
    variance takes the biased variance (divided by n, not n - 1).
    """

    MIXES_SAMPLES = True

    moving_mean: Tensor
    moving_variance: Tensor

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        channels = input_shapes[0][-1]
        self.momentum = parameters["momentum"]
        self.epsilon = parameters["epsilon"]
        self.gamma = nn.Parameter(torch.ones(channels)) if parameters["scale"] else None
        self.beta = nn.Parameter(torch.zeros(channels)) if parameters["center"] else None
        self.register_buffer("moving_mean", torch.zeros(channels))
        self.register_buffer("moving_variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        channels_first = x.movedim(-1, 1)
        return self._normalize(channels_first).movedim(1, -1)

    def _normalize(self, x: Tensor) -> Tensor:
        if not self.mode.training:
            return self._kernel(x, self.moving_mean, self.moving_variance, training=False)
        if not self.mode.update_statistics:
            return self._kernel(x, None, None, training=True)
        # With momentum 1 PyTorch leaves the batch's own statistics, from which the biased variance follows.
        mean, unbiased = torch.zeros_like(self.moving_mean), torch.zeros_like(self.moving_variance)
        y = self._kernel(x, mean, unbiased, training=True)
        count = x.numel() // x.shape[1]
        kept, new = self.momentum, 1.0 - self.momentum
        self.moving_mean.mul_(kept).add_(mean, alpha=new)
        self.moving_variance.mul_(kept)
        if count > 1:  # a single value has no unbiased variance; its biased one is 0
            self.moving_variance.add_(unbiased, alpha=new * (count - 1) / count)
        return y

    def _kernel(self, x: Tensor, mean: Tensor | None, variance: Tensor | None, *, training: bool) -> Tensor:
        use_cudnn = torch.backends.cudnn.enabled
        return torch.batch_norm(x, self.gamma, self.beta, mean, variance, training, 1.0, self.epsilon, use_cudnn)


class LayerNormalization(Layer):
    """γ·(x - μ)/√(σ² + ε) + β over given axes of each sample. Ba et al. 2016, eq. 4; axis 0 would be the batch."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        rank = len(input_shapes[0]) + 1
        self.axes = tuple(sorted(axis % rank for axis in parameters["axis"]))
        self.last = tuple(range(rank - len(self.axes), rank))
        self.shape = tuple(input_shapes[0][axis - 1] for axis in self.axes)
        self.epsilon = parameters["epsilon"]
        self.gamma = nn.Parameter(torch.ones(self.shape)) if parameters["scale"] else None
        self.beta = nn.Parameter(torch.zeros(self.shape)) if parameters["center"] else None

    def forward(self, x: Tensor) -> Tensor:
        moved = x.movedim(self.axes, self.last)
        return F.layer_norm(moved, self.shape, self.gamma, self.beta, self.epsilon).movedim(self.last, self.axes)


LAYERS = (BatchNormalization, LayerNormalization)
