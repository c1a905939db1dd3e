"""What a training process works with in PyTorch."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from drivers.examination import Change
from drivers.interface import Role, TrainingProcess
from drivers.pytorch import optimizers
from drivers.pytorch.batches import DeviceBatches
from drivers.pytorch.network import Network
from drivers.pytorch.ops import TorchOps
from drivers.pytorch.optimizers import Optimizer
from drivers.random import Random
from drivers.state import TrainingState
from spec.frame import Frame


class Average:
    """An exponential moving average of a network's trainable weights; moving statistics are copied as they are."""

    def __init__(self, network: Network, copy: Network, decay: float) -> None:
        self.network = copy
        self.decay = decay
        live, kept = network.trainable(), copy.trainable()
        self._live, self._kept = list(live.values()), [kept[name] for name in live]
        self._live_statistics, self._kept_statistics = list(network.buffers()), list(copy.buffers())

    @torch.no_grad()
    def update(self) -> None:
        """kept <- decay·kept + (1 - decay)·live."""
        torch._foreach_lerp_(self._kept, self._live, 1.0 - self.decay)
        if self._live_statistics:
            torch._foreach_copy_(self._kept_statistics, self._live_statistics)


class PyTorchState(TrainingState):
    """The parts of one session in PyTorch; see `drivers.state.TrainingState`.

    Attributes:
        device, precision: where and how networks compute.
        dropout: the generator of layers that draw, such as dropout.
        ops: the vocabulary of losses and regularizers.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        process: type[TrainingProcess],
        batches: DeviceBatches | None,
        *,
        device: torch.device,
        precision: str,
        random: Random,
    ) -> None:
        self.device = device
        self.precision = precision
        self.dropout = torch.Generator(device).manual_seed(random.layer_seed)
        self.ops = TorchOps(random.penalty)
        super().__init__(spec, process, batches, random)

    def build_network(self, role: Role) -> Network:
        module = self.spec[role.module]
        network = Network(module["layers"], module["outputs"], weights=self.random.weights, dropout=self.dropout)
        return network.to(self.device)

    def build_optimizer(self, role: Role) -> Optimizer:
        return optimizers.build(self.spec["optimizer"][role.optimizer], self.networks[role.name].trainable())

    def build_average(self, role: Role, decay: float) -> Average:
        copy = self.build_network(role)
        for kept, live in zip(copy.weights().values(), self.networks[role.name].weights().values(), strict=True):
            kept.copy_(live)
        copy.mode.training = False
        return Average(self.networks[role.name], copy, decay)

    def tensor(self, array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def array(self, tensor: Tensor) -> np.ndarray:
        return tensor.numpy(force=True)

    def scalars(self, tensors: Sequence[Tensor]) -> list[float]:
        return torch.stack(list(tensors)).tolist()

    @torch.no_grad()
    def overwrite(self, live: Mapping[str, Tensor], arrays: Mapping[str, np.ndarray]) -> None:
        for name, tensor in live.items():
            tensor.copy_(torch.from_numpy(arrays[name]))

    def noise(self, count: int, shape: tuple[int, ...]) -> Tensor:
        """Standard normal numbers (N, *shape) of the noise stream."""
        return self.tensor(self.random.noise.standard_normal((count, *shape), dtype=np.float32))

    def autocast(self) -> contextlib.AbstractContextManager[Any]:
        """The context in which networks run forward; losses leave it and are float32.

        One context spans one update at most: it keeps converted weights, which an update makes stale.
        """
        if self.precision == "float32":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, dtype=getattr(torch, self.precision))

    def minimize(self, role: str, loss: Tensor) -> None:
        """One optimizer step of ``role`` alone: no other network's gradient is computed."""
        optimizer = self.optimizers[role]
        parameters = list(optimizer.parameters.values())
        for parameter in parameters:
            parameter.grad = None
        loss.backward(inputs=parameters)
        if self.measures:
            gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
            self.measured[f"gradient_norm/{role}"] = torch.nn.utils.get_total_norm(gradients)
        optimizer.step(self.learning_rate_factor())
        if role in self.averages:
            self.averages[role].update()

    @contextlib.contextmanager
    def inference(self, network: Network) -> Iterator[None]:
        """Runs ``network`` as in use: without dropout, with moving statistics, without gradients."""
        with network.in_use(), torch.inference_mode(), self.autocast():
            yield

    def examine(
        self, role: str, sources: Mapping[str, Tensor], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        network = self.network_in_use(role)
        # In float32, whatever trains: who looks into a network wants to calculate with what there is.
        with self.inference(network), torch.autocast(self.device.type, enabled=False):
            return network.examine(sources, capture, changes)

    def export(self, format_: str, role: str, path: Path) -> None:
        from drivers.pytorch.export import FORMATS  # loads a tracer, which a training has no use for

        if format_ not in FORMATS:
            super().export(format_, role, path)
        output = "score" if role == "discriminator" else Frame.of(self.spec["data"]).source
        FORMATS[format_](self.network_in_use(role), path, output, self.spec[role]["layers"])

    def layer_random(self) -> np.ndarray:
        return self.dropout.get_state().numpy()

    def load_layer_random(self, state: np.ndarray) -> None:
        self.dropout.set_state(torch.from_numpy(state))

    def slots(self) -> dict[str, Tensor]:
        return {
            f"optimizers/{role}/{slot}/{name}": value
            for role, optimizer in self.optimizers.items()
            for slot, values in optimizer.slots().items()
            for name, value in zip(optimizer.parameters, values, strict=True)
        }
