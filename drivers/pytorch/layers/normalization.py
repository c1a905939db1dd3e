"""Normalizations of what passes through, with Keras's conventions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

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


class GroupNormalization(Layer):
    """γ·(x - μ)/√(σ² + ε) + β over each group of channels of each sample. Wu & He 2018, eq. 1 and 7."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        channels = input_shapes[0][-1]
        groups = parameters.get("groups", -1)  # InstanceNormalization: every channel is a group
        self.groups = channels if groups == -1 else groups
        self.epsilon = parameters["epsilon"]
        self.gamma = nn.Parameter(torch.ones(channels)) if parameters["scale"] else None
        self.beta = nn.Parameter(torch.zeros(channels)) if parameters["center"] else None

    def forward(self, x: Tensor) -> Tensor:
        y = normalize_groups(x, self.groups, self.epsilon)
        y = y if self.gamma is None else y * self.gamma
        return y if self.beta is None else y + self.beta


class InstanceNormalization(GroupNormalization):
    """γ·(x - μ)/√(σ² + ε) + β over each channel of each sample. Ulyanov et al. 2016, eq. 3."""


class PixelNormalization(Layer):
    """x / √(mean of x² over the channels + ε), a pixel at a time. Karras et al. 2017, section 4.2."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.epsilon = parameters["epsilon"]

    def forward(self, x: Tensor) -> Tensor:
        square = x.to(torch.promote_types(x.dtype, torch.float32)).square().mean(-1, keepdim=True)
        return x * (square + self.epsilon).rsqrt().to(x.dtype)


class ConditionalBatchNormalization(Layer):
    """`BatchNormalization` whose γ and β are the label's rows of two tables. De Vries et al. 2017, section 3."""

    MIXES_SAMPLES = True

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        plain = {**parameters, "scale": False, "center": False}
        self.normalization = BatchNormalization(plain, input_shapes[:1], building)
        table = (parameters["num_classes"], input_shapes[0][-1])
        self.gamma, self.beta = nn.Parameter(torch.ones(table)), nn.Parameter(torch.zeros(table))

    def variables(self) -> dict[str, Tensor]:
        return {**self._parameters, **self.normalization.variables()}

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        rows = label.long()
        scales, shifts = F.embedding(rows, self.gamma), F.embedding(rows, self.beta)
        return scale_and_shift(self.normalization(features), scales, shifts)


class AdaIN(Layer):
    """(1 + s)·(x - μ)/√(σ² + ε) + b over each channel of each sample; s, b = style·kernel + bias.

    Huang & Belongie 2017, eq. 8, with the style's learned affine map of Karras et al. 2018, section 2.
    Keras kernel: (style, 2 · channels); its first half makes the scales.
    """

    KERAS_AXES: ClassVar = {"kernel": (1, 0)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.channels, self.epsilon = input_shapes[0][-1], parameters["epsilon"]
        kernel = (input_shapes[1][0], 2 * self.channels)
        self.add_weight("kernel", kernel, parameters["kernel_initializer"], building)
        self.add_weight("bias", kernel[1:], parameters["bias_initializer"], building)

    def forward(self, features: Tensor, style: Tensor) -> Tensor:
        scales, shifts = F.linear(style, self.kernel, self.bias).chunk(2, 1)
        normalized = normalize_groups(features, self.channels, self.epsilon)
        return scale_and_shift(normalized, 1.0 + scales, shifts)


def normalize_groups(x: Tensor, groups: int, epsilon: float) -> Tensor:
    """(N, …, c) with each group of channels of each sample at mean 0 and variance 1.

    Scale and shift are left to the caller: PyTorch 2.13's kernel for channels-last memory crashes the process when it
    is to compute their gradient and not the one of x, as in the first layer of a network.
    """
    return torch.group_norm(x.movedim(-1, 1), groups, None, None, epsilon, torch.backends.cudnn.enabled).movedim(1, -1)


def scale_and_shift(x: Tensor, scales: Tensor, shifts: Tensor) -> Tensor:
    """x · scales + shifts for (N, …, c) and a row of both for each sample, (N, c)."""
    shape = (x.shape[0], *(1 for _ in x.shape[1:-1]), x.shape[-1])
    return x * scales.view(shape) + shifts.view(shape)


LAYERS = (
    AdaIN,
    BatchNormalization,
    ConditionalBatchNormalization,
    GroupNormalization,
    InstanceNormalization,
    LayerNormalization,
    PixelNormalization,
)
