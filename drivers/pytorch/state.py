"""What a training process works with: networks, optimizers, data and random numbers of one session."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from drivers import schedules
from drivers.errors import DivergedError, DriverError
from drivers.interface import Role, TrainingProcess
from drivers.pytorch import optimizers, weights
from drivers.pytorch.batches import Batches
from drivers.pytorch.network import Network
from drivers.pytorch.ops import TorchOps
from drivers.pytorch.random import Random
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


class TrainingState:
    """The parts of one session that its process uses.

    Attributes:
        spec: the resolved spec.
        source: what a sample is, and the source of the Inputs that take it: ``"image"`` or ``"sequence"``.
        device, precision: where and how networks compute.
        random: the random streams.
        ops: the vocabulary of losses and regularizers.
        networks, optimizers: by role.
        averages: by role, for the averaged roles when ``ema_decay`` is set.
        has_data: whether there is data to train on; a session may only sample and judge.
        step: training steps done.
        steps_per_epoch: steps in one pass over the data.
        total_steps: steps after which the training is finished.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        process: type[TrainingProcess],
        batches: Batches | None,
        *,
        device: torch.device,
        precision: str,
        random: Random,
    ) -> None:
        self.spec = spec
        self.source = Frame.of(spec["data"]).source
        self.device = device
        self.precision = precision
        self.random = random
        self._batches = batches
        self.ops = TorchOps(random.penalty)
        self.step = 0
        batches_per_epoch = 0 if batches is None else batches.per_pass
        self.steps_per_epoch = max(1, batches_per_epoch // process.batches_per_step(spec))
        self.total_steps = spec["training"]["epochs"] * self.steps_per_epoch
        roles = process.roles(spec)
        self.networks = {role.name: self._build_network(role) for role in roles}
        self.optimizers = {
            role.name: optimizers.build(spec["optimizer"][role.optimizer], self.networks[role.name].trainable())
            for role in roles
        }
        self.averages = {role.name: self._average(role) for role in roles if self._decay(role)}

    @property
    def has_data(self) -> bool:
        return self._batches is not None

    @property
    def batches(self) -> Batches:
        """The data in batches.

        Raises:
            DriverError: the session was opened without data.
        """
        if self._batches is None:
            raise DriverError("no_data", "This session was opened without data: it can sample and judge, not train.")
        return self._batches

    def _build_network(self, role: Role) -> Network:
        module = self.spec[role.module]
        network = Network(module["layers"], module["outputs"], weights=self.random.weights, dropout=self.random.dropout)
        return network.to(self.device)

    def _decay(self, role: Role) -> float:
        return self.spec["training"].get("ema_decay", 0.0) if role.averaged else 0.0

    def _average(self, role: Role) -> Average:
        copy = self._build_network(role)
        weights.overwrite(copy.weights(), self.networks[role.name].weights())
        copy.mode.training = False
        return Average(self.networks[role.name], copy, self._decay(role))

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
        optimizer.step(self.learning_rate_factor())
        if role in self.averages:
            self.averages[role].update()

    def learning_rate_factor(self) -> float:
        """The schedule's factor for the step being done."""
        schedule = self.spec["training"]["learning_rate_schedule"]
        return schedules.factor(schedule, self.step, self.total_steps, self.steps_per_epoch)

    def network_in_use(self, role: str) -> Network:
        """The network to sample from or judge with: the averaged one where there is one."""
        return self.averages[role].network if role in self.averages else self.networks[role]

    @contextlib.contextmanager
    def inference(self, network: Network) -> Iterator[None]:
        """Runs ``network`` as in use: without dropout, with moving statistics, without gradients."""
        before = network.mode.training
        network.mode.training = False
        try:
            with torch.inference_mode(), self.autocast():
                yield
        finally:
            network.mode.training = before

    def check_finite(self) -> None:
        """Raises DivergedError if a weight is NaN or infinite. Waits for the device."""
        live = weights.live(self.networks)
        finite = torch.stack([torch.isfinite(value).all() for value in live.values()]).tolist()
        lost = [name for name, good in zip(live, finite, strict=True) if not good]
        if lost:
            raise DivergedError(self.step, f"{len(lost)} weights are not finite, first '{lost[0]}'")

    def tensors(self) -> dict[str, Tensor]:
        """Every tensor that a resumed training needs, but for random states; views of the live ones."""
        averages = {role: average.network for role, average in self.averages.items()}
        return {
            **_prefixed("networks", weights.live(self.networks)),
            **_prefixed("averages", weights.live(averages)),
            **{
                f"optimizers/{role}/{slot}/{name}": value
                for role, optimizer in self.optimizers.items()
                for slot, values in optimizer.slots().items()
                for name, value in zip(optimizer.parameters, values, strict=True)
            },
        }


def _prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {f"{prefix}/{name}": value for name, value in tensors.items()}
