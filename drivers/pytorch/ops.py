"""`drivers.ops.Ops` in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor


class TorchOps:
    """The vocabulary of losses and regularizers over `torch.Tensor`; see `drivers.ops` for the meaning of each word."""

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator

    mean = staticmethod(torch.mean)
    square = staticmethod(torch.square)
    sqrt = staticmethod(torch.sqrt)
    relu = staticmethod(F.relu)
    softplus = staticmethod(F.softplus)
    clip = staticmethod(torch.clamp)

    @staticmethod
    def share(x: Tensor) -> Tensor:
        return x.float().mean()

    @staticmethod
    def detach(x: Tensor) -> Tensor:
        return x.detach()

    @staticmethod
    def sum_per_sample(x: Tensor) -> Tensor:
        return x.flatten(1).sum(1)

    def uniform_per_sample(self, like: Tensor) -> Tensor:
        shape = (like.shape[0],) + (1,) * (like.dim() - 1)
        return torch.from_numpy(self._generator.random(shape, dtype=np.float32)).to(like.device)

    @staticmethod
    def gradient(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        point = x.detach().requires_grad_()
        with torch.enable_grad():
            (gradient,) = torch.autograd.grad(function(point).sum(), point, create_graph=True)
        return gradient
