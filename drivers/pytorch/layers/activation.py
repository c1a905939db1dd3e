"""Activations, as layers and as the ``activation`` parameter of others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.base import Building, Layer, Shape


def linear(x: Tensor) -> Tensor:
    """x."""
    return x


def leaky_relu(x: Tensor) -> Tensor:
    """Keras's ``leaky_relu`` by name has slope 0.2; the layer LeakyReLU has its own parameter."""
    return F.leaky_relu(x, 0.2)


def softmax(x: Tensor) -> Tensor:
    """Over the last axis."""
    return F.softmax(x, -1)


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "linear": linear,
    "relu": F.relu,
    "leaky_relu": leaky_relu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "softmax": softmax,
    "elu": F.elu,
    "selu": F.selu,
    "gelu": F.gelu,
    "silu": F.silu,
    "softplus": F.softplus,
}


class ELU(Layer):
    """x from 0 on, α·(eˣ - 1) below. Clevert et al. 2016, eq. 15."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.alpha = parameters["alpha"]

    def forward(self, x: Tensor) -> Tensor:
        return F.elu(x, self.alpha)


class GELU(Layer):
    """x·Φ(x), Φ the normal distribution's function; ``approximate``: by tanh. Hendrycks & Gimpel 2016, section 2."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.approximate = "tanh" if parameters["approximate"] else "none"

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(x, approximate=self.approximate)


class LeakyReLU(Layer):
    """max(x, αx) for a negative slope α in [0, 1]."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.negative_slope = parameters["negative_slope"]

    def forward(self, x: Tensor) -> Tensor:
        return F.leaky_relu(x, self.negative_slope)


class PReLU(Layer):
    """max(x, 0) - α·max(-x, 0) with a learned slope α for every number, or for all along ``shared_axes``.

    He et al. 2015, "Delving Deep into Rectifiers", eq. 1.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        shared = parameters["shared_axes"] or ()
        slopes = tuple(1 if axis in shared else size for axis, size in enumerate(input_shapes[0], 1))
        self.add_weight("alpha", slopes, parameters["alpha_initializer"], building)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x) - self.alpha * F.relu(-x)


class ReLU(Layer):
    """min(x, max_value) from ``threshold`` on, negative_slope·(x - threshold) below it."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.max_value = parameters["max_value"]
        self.negative_slope = parameters["negative_slope"]
        self.threshold = parameters["threshold"]

    def forward(self, x: Tensor) -> Tensor:
        if self.threshold == 0:
            y = F.leaky_relu(x, self.negative_slope) if self.negative_slope else F.relu(x)
        else:
            y = torch.where(x >= self.threshold, x, self.negative_slope * (x - self.threshold))
        return y if self.max_value is None else y.clamp(max=self.max_value)


class SELU(Layer):
    """λ·x from 0 on, λ·α·(eˣ - 1) below, with the fixed point's λ and α. Klambauer et al. 2017, eq. 2."""

    def forward(self, x: Tensor) -> Tensor:
        return F.selu(x)


class SiLU(Layer):
    """x / (1 + e⁻ˣ). Elfwing et al. 2017, eq. 3."""

    def forward(self, x: Tensor) -> Tensor:
        return F.silu(x)


class Sigmoid(Layer):
    """1 / (1 + e⁻ˣ), in (0, 1)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(x)


class Softmax(Layer):
    """eˣ / Σeˣ along an axis; axis 0 is the batch."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.axis = parameters["axis"]

    def forward(self, x: Tensor) -> Tensor:
        return F.softmax(x, self.axis)


class Softplus(Layer):
    """log(1 + eˣ), always positive."""

    def forward(self, x: Tensor) -> Tensor:
        return F.softplus(x)


class Tanh(Layer):
    """tanh x, in (-1, 1): the usual end of a generator."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x)


LAYERS = (ELU, GELU, SELU, LeakyReLU, PReLU, ReLU, SiLU, Sigmoid, Softmax, Softplus, Tanh)
