"""Layers around another layer, their parameter ``layer``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers import initializers
from drivers.pytorch.layers.base import SHORTEST, Building, Layer, Shape, build_inner

MERGE: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "concat": lambda forward, backward: torch.cat([forward, backward], -1),
    "sum": torch.add,
    "ave": lambda forward, backward: (forward + backward) / 2,
    "mul": torch.mul,
}


class Bidirectional(Layer):
    """Two recurrent layers, one reading the sequence backwards, joined step by step. Schuster & Paliwal 1997."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        inner = parameters["layer"]
        self.returns_sequences = inner["return_sequences"]
        self.merge = MERGE[parameters["merge_mode"]]
        self.forward_layer = build_inner(inner, input_shapes, building)
        self.backward_layer = build_inner({**inner, "go_backwards": True}, input_shapes, building)

    def forward(self, x: Tensor) -> Tensor:
        forwards, backwards = self.forward_layer(x), self.backward_layer(x)
        return self.merge(forwards, backwards.flip(1) if self.returns_sequences else backwards)


class _Wrapper(Layer):
    """A layer whose variables are its inner layer's, under their own names.

    Attributes:
        MIXES_SAMPLES, CHANGES_IN_USE: those of the inner layer.
    """

    def __init__(
        self,
        parameters: Mapping[str, Any],
        input_shapes: Sequence[Shape],
        building: Building,
        inner_shapes: Sequence[Shape],
    ) -> None:
        super().__init__(parameters, input_shapes, building)
        self.inner = build_inner(parameters["layer"], inner_shapes, building)
        self.MIXES_SAMPLES = self.inner.MIXES_SAMPLES
        self.CHANGES_IN_USE = self.inner.CHANGES_IN_USE

    def variables(self) -> dict[str, Tensor]:
        return {**self.inner.variables(), **self._buffers}

    def to_keras(self, name: str, value: Tensor) -> Tensor:
        return value if name in self._buffers else self.inner.to_keras(name, value)


class TimeDistributed(_Wrapper):
    """(N, t, …) -> (N, t, …): the inner layer at every step.

    All steps go through it at once, as one large batch; one after the other where that would not be the same: where
    the layer compares the samples of a batch, or changes with every use.
    """

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building, [input_shapes[0][1:]])

    def forward(self, x: Tensor) -> Tensor:
        if self.MIXES_SAMPLES or self.CHANGES_IN_USE:
            return torch.stack([self.inner(step) for step in x.unbind(1)], 1)
        return self.inner(x.flatten(0, 1)).unflatten(0, x.shape[:2])


class SpectralNormalization(_Wrapper):
    """The inner layer with kernel <- kernel / σ, its largest singular value, before each use while training.

    Miyato et al. 2018, Algorithm 1, as Keras has it: the kernel itself is replaced, and the gradient is that of the
    normalized kernel. With the kernel as a matrix W (everything else, last axis), each power iteration is
    v = u·Wᵀ / ‖u·Wᵀ‖, u = v·W / ‖v·W‖, and σ = v·W·uᵀ.
    """

    CHANGES_IN_USE = True
    vector_u: Tensor

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building, input_shapes)
        self.CHANGES_IN_USE = True
        self.power_iterations = parameters["power_iterations"]
        self.kernel_name = next(name for name in ("kernel", "embeddings") if name in self.inner.variables())
        columns = self._matrix().shape[1]
        start = initializers.truncated_normal((1, columns), 0.02, building.weights)
        self.register_buffer("vector_u", torch.from_numpy(start))

    def forward(self, x: Tensor) -> Tensor:
        if not self.mode.training:
            return self.inner(x)
        if self.mode.update_statistics:
            self._normalize()
        # A copy, because the next use changes the kernel before this one's gradient is computed.
        kernel = self.inner.get_parameter(self.kernel_name).clone()
        return torch.func.functional_call(self.inner, {self.kernel_name: kernel}, (x,))

    @torch.no_grad()
    def _normalize(self) -> None:
        """Divides the kernel by its largest singular value, as far as the power iteration knows it."""
        matrix, u = self._matrix(), self.vector_u
        with torch.autocast(matrix.device.type, enabled=False):
            for _ in range(self.power_iterations):
                v = F.normalize(u @ matrix.mT, eps=SHORTEST)
                u = F.normalize(v @ matrix, eps=SHORTEST)
            sigma = (v @ matrix @ u.mT).squeeze()
        nonzero = sigma > 0  # a kernel of zeros stays as it is
        self.vector_u.copy_(torch.where(nonzero, u, self.vector_u))
        self.inner.get_parameter(self.kernel_name).div_(torch.where(nonzero, sigma, 1.0))

    def _matrix(self) -> Tensor:
        """The kernel in Keras's orientation, all axes but the last in one."""
        kernel = self.inner.to_keras(self.kernel_name, self.inner.get_parameter(self.kernel_name))
        return kernel.detach().reshape(-1, kernel.shape[-1])


LAYERS = (Bidirectional, SpectralNormalization, TimeDistributed)
