"""What a training process works with, whatever the library: networks, optimizers, data and random numbers."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from drivers import schedules
from drivers.batches import Batches
from drivers.errors import DivergedError, DriverError
from drivers.examination import Change
from drivers.interface import Role, TrainingProcess
from drivers.random import Random
from spec.frame import Frame

Tensor = Any

# Beside the losses of every step, something is measured at every so many steps, and at so few of them that a long
# training has about this many points of it.
MEASURE_EVERY = 20
MEASURED_STEPS = 1_000


class Network(Protocol):
    """What a session needs of a network.

    Attributes:
        sources: what it takes, e.g. ``{"noise", "label"}``.
    """

    sources: set[str]

    def weights(self) -> dict[str, Tensor]:
        """Every variable in Keras orientation by ``layer/variable``: the live ones, each with its ``shape``."""


class Optimizer(Protocol):
    """What a session needs of an optimizer.

    Attributes:
        name: the catalogue's name.
        learning_rate: the rate before any schedule; may be changed at any time.
    """

    name: str
    learning_rate: float

    def settings(self) -> dict[str, Any]:
        """What a checkpoint must hold beside tensors, as JSON can hold it."""

    def load_settings(self, settings: Mapping[str, Any]) -> None:
        """Takes back what `settings` returned."""


class Average(Protocol):
    """An exponential moving average of a network's trained weights.

    Attributes:
        network: the network that computes with the average.
    """

    network: Any


class TrainingState(ABC):
    """The parts of one session.

    Attributes:
        spec: the resolved spec.
        source: what a sample is, and the source of the Inputs that take it: ``"image"`` or ``"sequence"``.
        random: the random streams.
        networks, optimizers: by role.
        averages: by role, for the averaged roles when ``ema_decay`` is set.
        step: training steps done.
        steps_per_epoch: steps in one pass over the data.
        total_steps: steps after which the training is finished.
        images_per_step: real samples that a step reads.
        measured: what was measured in the step being done, a scalar on the device by name.
        compiles: whether the library compiles a step before the first one.
    """

    compiles: bool = False

    networks: dict[str, Any]
    optimizers: dict[str, Any]
    averages: dict[str, Any]

    def __init__(
        self, spec: Mapping[str, Any], process: type[TrainingProcess], batches: Batches | None, random: Random
    ) -> None:
        self.spec = spec
        self.source = Frame.of(spec["data"]).source
        self.random = random
        self._batches = batches
        self.step = 0
        self.measured: dict[str, Tensor] = {}
        batches_per_step = process.batches_per_step(spec)
        self.steps_per_epoch = max(1, (0 if batches is None else batches.per_pass) // batches_per_step)
        self.total_steps = spec["training"]["epochs"] * self.steps_per_epoch
        self.images_per_step = 0 if batches is None else batches.batch_size * batches_per_step
        roles = process.roles(spec)
        self.networks = {role.name: self.build_network(role) for role in roles}
        self.optimizers = {role.name: self.build_optimizer(role) for role in roles}
        decay = spec["training"].get("ema_decay", 0.0)
        self.averages = {role.name: self.build_average(role, decay) for role in roles if role.averaged and decay}

    @abstractmethod
    def build_network(self, role: Role) -> Network:
        """The network of a role with new weights."""

    @abstractmethod
    def build_optimizer(self, role: Role) -> Optimizer:
        """What updates the network of a role."""

    @abstractmethod
    def build_average(self, role: Role, decay: float) -> Average:
        """What keeps the average of the network of a role, which starts at its weights."""

    @abstractmethod
    def tensor(self, array: np.ndarray) -> Tensor:
        """An array as the networks take it, on their device."""

    @abstractmethod
    def array(self, tensor: Tensor) -> np.ndarray:
        """The numbers of a tensor or of a live variable. Waits for the device."""

    @abstractmethod
    def scalars(self, tensors: Sequence[Tensor]) -> list[float]:
        """The numbers of many scalars at once. Waits for the device."""

    @abstractmethod
    def overwrite(self, live: Mapping[str, Tensor], arrays: Mapping[str, np.ndarray]) -> None:
        """Copies checked arrays into live variables."""

    @abstractmethod
    def slots(self) -> dict[str, Tensor]:
        """The live variables of the optimizers, ``optimizers/role/…``, for a checkpoint."""

    @abstractmethod
    def layer_random(self) -> np.ndarray:
        """The state of the generator that layers such as dropout draw from."""

    @abstractmethod
    def load_layer_random(self, state: np.ndarray) -> None:
        """Takes back what `layer_random` returned."""

    @abstractmethod
    def examine(
        self, role: str, sources: Mapping[str, Tensor], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        """What layers of the network in use give, float32 (N, *shape); see `drivers.examination.examine`.

        Args:
            sources: what its Inputs take: ``noise``, ``label``, ``image`` or ``sequence``, (N, …) each.
        """

    def export(self, format_: str, role: str, path: Path) -> None:
        """Writes the network in use of a role; see `drivers.interface.Session.export`."""
        raise DriverError(
            "not_exported", f"The driver '{self.spec['driver']}' writes no networks as '{format_}'.", "/format"
        )

    @property
    def has_data(self) -> bool:
        """Whether there is data to train on; a session may only sample and judge."""
        return self._batches is not None

    @property
    def batches(self) -> Any:
        """The data in batches.

        Raises:
            DriverError: the session was opened without data.
        """
        if self._batches is None:
            raise DriverError("no_data", "This session was opened without data: it can sample and judge, not train.")
        return self._batches

    def learning_rate_factor(self) -> float:
        """The schedule's factor for the step being done."""
        schedule = self.spec["training"]["learning_rate_schedule"]
        return schedules.factor(schedule, self.step, self.total_steps, self.steps_per_epoch)

    def learning_rates(self) -> dict[str, float]:
        """The rate of each optimizer in the step being done."""
        factor = self.learning_rate_factor()
        return {role: optimizer.learning_rate * factor for role, optimizer in self.optimizers.items()}

    @property
    def measures(self) -> bool:
        """Whether the step being done is one of those that measure more than losses; the first one is."""
        return self.step % max(MEASURE_EVERY, math.ceil(self.total_steps / MEASURED_STEPS)) == 0

    def take_measured(self) -> dict[str, Tensor]:
        """What was measured in the step being done."""
        measured, self.measured = self.measured, {}
        return measured

    def network_in_use(self, role: str) -> Any:
        """The network to sample from or judge with: the averaged one where there is one."""
        return self.averages[role].network if role in self.averages else self.networks[role]

    def check_finite(self) -> None:
        """Raises DivergedError if a weight is NaN or infinite. Waits for the device."""
        weights = live_weights(self.networks)
        lost = [name for name, value in weights.items() if not np.isfinite(self.array(value)).all()]
        if lost:
            raise DivergedError(self.step, f"{len(lost)} weights are not finite, first '{lost[0]}'")

    def tensors(self) -> dict[str, Tensor]:
        """Every live variable that a resumed training needs, by its name in a checkpoint."""
        averages = {role: average.network for role, average in self.averages.items()}
        return {
            **{f"networks/{name}": value for name, value in live_weights(self.networks).items()},
            **{f"averages/{name}": value for name, value in live_weights(averages).items()},
            **self.slots(),
        }


def live_weights(networks: Mapping[str, Network]) -> dict[str, Tensor]:
    """Every variable of ``networks`` by ``network/layer/variable``; the live ones."""
    return {
        f"{name}/{variable}": value
        for name, network in networks.items()
        for variable, value in network.weights().items()
    }
