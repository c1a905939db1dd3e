"""Layers in which every place looks at every other."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor, nn

from drivers.pytorch.layers.base import Building, Layer, Mode, Shape
from drivers.pytorch.layers.regularization import scaled_mask


def attend(
    query: Tensor, key: Tensor, value: Tensor, mode: Mode, *, scale: float, causal: bool = False, dropout: float = 0.0
) -> Tensor:
    """softmax(scale · query·keyᵀ)·value: (N, heads, t, d), (N, heads, s, d), (N, heads, s, e) -> (N, heads, t, e).

    Vaswani et al. 2017, eq. 1. ``causal``: place i sees places up to i. ``dropout`` of the weights while training.
    """
    dropping = mode.training and dropout > 0
    if not dropping and not mode.is_penalized:
        return F.scaled_dot_product_attention(query, key, value, is_causal=causal, scale=scale)
    scores = scale * (query @ key.mT)
    if causal:
        hidden = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).triu(1)
        scores = scores.masked_fill(hidden, float("-inf"))
    weights = scores.softmax(-1)
    if dropping:
        weights = weights * scaled_mask(weights.shape, dropout, weights, mode.dropout)
    return weights @ value


class SelfAttention2D(Layer):
    """γ·attention(x) + x over the pixels of (N, h, w, c), γ learned from 0. Zhang et al. 2018, eq. 1 to 3.

    Pixel j blends the values of all pixels i by softmaxᵢ(key(i)·query(j)); the blend comes back to c channels.
    Keras kernels: query, key, value (c, c / channel_reduction), output (c / channel_reduction, c).
    """

    KERAS_AXES: ClassVar = dict.fromkeys(("query_kernel", "key_kernel", "value_kernel", "output_kernel"), (1, 0))

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        channels = input_shapes[0][-1]
        hidden = max(channels // parameters["channel_reduction"], 1)
        for name in ("query_kernel", "key_kernel", "value_kernel"):
            self.add_weight(name, (channels, hidden), parameters["kernel_initializer"], building)
        self.add_weight("output_kernel", (hidden, channels), parameters["kernel_initializer"], building)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        pixels = x.flatten(1, 2).unsqueeze(1)  # (N, 1 head, h·w, c)
        query, key, value = (
            F.linear(pixels, kernel) for kernel in (self.query_kernel, self.key_kernel, self.value_kernel)
        )
        blended = attend(query, key, value, self.mode, scale=1.0)
        return self.gamma * F.linear(blended, self.output_kernel).view(x.shape) + x


class Projection(Layer):
    """x·kernel + bias over the last axes, to or from heads: the parts of `MultiHeadAttention`.

    Keras kernel: (in, heads, d) or (heads, d, out); bias: (heads, d) or (out).
    """

    def __init__(self, parameters: Mapping[str, Any], kernel: Shape, bias: Shape, building: Building) -> None:
        super().__init__({"output_shape": bias}, (), building)
        self.add_weight("kernel", kernel, parameters["kernel_initializer"], building)
        if parameters["use_bias"]:
            self.add_weight("bias", bias, parameters["bias_initializer"], building)
        else:
            self.bias = None

    def forward(self, x: Tensor) -> Tensor:
        """(N, t, numbers) -> (N, t, numbers)."""
        bias = None if self.bias is None else self.bias.flatten()
        matrix = self.kernel.reshape(x.shape[-1], -1)
        return F.linear(x, matrix.mT, bias)


class MultiHeadAttention(Layer):
    """Attention in several projections side by side, brought back to the query's size. Vaswani et al. 2017, sec. 3.2.2.

    query (N, …, q), value (N, …, v) and key (N, …, k), by default the value, which by default is the query.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.heads, key_dim = parameters["num_heads"], parameters["key_dim"]
        value_dim = parameters["value_dim"] or key_dim
        self.scale = 1.0 / math.sqrt(key_dim)
        self.dropout, self.causal = parameters["dropout"], parameters["use_causal_mask"]
        sizes = [shape[-1] for shape in input_shapes]
        query, value, key = sizes[0], sizes[min(1, len(sizes) - 1)], sizes[-1]

        def project(size: int, dim: int) -> Projection:
            return Projection(parameters, (size, self.heads, dim), (self.heads, dim), building)

        self.query, self.key, self.value = project(query, key_dim), project(key, key_dim), project(value, value_dim)
        self.attention_output = Projection(parameters, (self.heads, value_dim, query), (query,), building)

    def forward(self, query: Tensor, *others: Tensor) -> Tensor:
        shape = query.shape
        value, key = (others or (query,))[0], (others or (query,))[-1]
        query, key, value = (
            self._split(part(x.flatten(1, -2)))
            for part, x in ((self.query, query), (self.key, key), (self.value, value))
        )
        blended = attend(query, key, value, self.mode, scale=self.scale, causal=self.causal, dropout=self.dropout)
        return self.attention_output(blended.transpose(1, 2).flatten(2)).view(shape)

    def _split(self, x: Tensor) -> Tensor:
        """(N, t, heads · d) -> (N, heads, t, d)."""
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


LAYERS = (MultiHeadAttention, SelfAttention2D)
