"""What a training process works with in Keras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
from keras import ops

from drivers.examination import Change
from drivers.interface import Role, TrainingProcess
from drivers.keras.batches import ArrayBatches
from drivers.keras.export import write_keras
from drivers.keras.network import Network
from drivers.keras.ops import KerasOps
from drivers.keras.optimizers import Optimizer
from drivers.random import Random
from drivers.state import TrainingState

Tensor = Any


class Average:
    """An exponential moving average of a network's trained weights; everything else is copied as it is."""

    def __init__(self, network: Network, copy: Network, decay: float) -> None:
        self.network = copy
        self.decay = decay
        kept, trained = copy.weights(), network.trainable()
        self._trained = [(kept[name], live) for name, live in trained.items()]
        self._others = [(kept[name], live) for name, live in network.weights().items() if name not in trained]

    def update(self) -> None:
        """kept <- decay·kept + (1 - decay)·live; a part of a compiled step."""
        for kept, live in self._trained:
            kept.assign(kept.value + (1.0 - self.decay) * (live.value - kept.value))
        for kept, live in self._others:
            kept.assign(live.value)


class KerasState(TrainingState):
    """The parts of one session in Keras; see `drivers.state.TrainingState`.

    Attributes:
        backend: the module of `drivers.keras.backends` that computes.
        precision: what products of the networks are computed in.
        variables: every variable of networks, averages and optimizers, and the state of the layers that draw.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        process: type[TrainingProcess],
        batches: ArrayBatches | None,
        *,
        backend: ModuleType,
        precision: str,
        random: Random,
    ) -> None:
        self.backend = backend
        self.precision = precision
        self.compiles = backend.COMPILES
        self._dropout = keras.random.SeedGenerator(random.layer_seed)
        super().__init__(spec, process, batches, random)
        self.variables: list[keras.Variable] = [self._dropout.state, *self.tensors().values()]

    def build_network(self, role: Role) -> Network:
        module = self.spec[role.module]
        return Network(
            module["layers"],
            module["outputs"],
            weights=self.random.weights,
            dropout=self._dropout,
            precision=self.precision,
        )

    def build_optimizer(self, role: Role) -> Optimizer:
        config = self.spec["optimizer"][role.optimizer]
        return Optimizer(config, list(self.networks[role.name].trainable().values()))

    def build_average(self, role: Role, decay: float) -> Average:
        copy, live = self.build_network(role), self.networks[role.name].weights()
        self.overwrite(copy.weights(), {name: self.array(variable) for name, variable in live.items()})
        copy.mode.training = False
        return Average(self.networks[role.name], copy, decay)

    def tensor(self, array: np.ndarray) -> Tensor:
        return self.backend.tensor(array)

    def array(self, tensor: Tensor) -> np.ndarray:
        # A copy: the memory of a variable is used again by the step after this one.
        return np.array(ops.convert_to_numpy(tensor))

    def scalars(self, tensors: Sequence[Tensor]) -> list[float]:
        return [float(ops.convert_to_numpy(tensor)) for tensor in tensors]

    def overwrite(self, live: Mapping[str, keras.Variable], arrays: Mapping[str, np.ndarray]) -> None:
        for name, variable in live.items():
            variable.assign(self.tensor(arrays[name]))

    def examine(
        self, role: str, sources: Mapping[str, Tensor], capture: Collection[str], changes: Mapping[str, Change]
    ) -> dict[str, Tensor]:
        # Not compiled: every choice of layers would be another function to compile.
        # In float32, whatever trains: who looks into a network wants to calculate with what there is.
        network = self.network_in_use(role)
        with network.in_use(), network.precision.exact(), self.backend.without_gradients():
            return network.examine(sources, capture, changes)

    def export(self, format_: str, role: str, path: Path) -> None:
        if format_ != "keras":
            super().export(format_, role, path)
        write_keras(self.network_in_use(role), path)

    def layer_random(self) -> np.ndarray:
        return self.array(self._dropout.state)

    def load_layer_random(self, state: np.ndarray) -> None:
        self._dropout.state.assign(self.tensor(state))

    def slots(self) -> dict[str, keras.Variable]:
        return {
            f"optimizers/{role}/{index}": variable
            for role, optimizer in self.optimizers.items()
            for index, variable in enumerate(optimizer.slots())
        }

    def rates(self, roles: Collection[str]) -> dict[str, np.ndarray]:
        """The learning rates of the step being done, as a compiled step takes them."""
        factor = self.learning_rate_factor()
        return {role: np.asarray(self.optimizers[role].learning_rate * factor, np.float32) for role in roles}

    def noise(self, count: int, shape: tuple[int, ...]) -> np.ndarray:
        """Standard normal numbers (N, *shape) of the noise stream."""
        return self.random.noise.standard_normal((count, *shape), dtype=np.float32)

    def ops(self, draws: Tensor | None = None) -> KerasOps:
        """The vocabulary of losses and regularizers within one step."""
        return KerasOps(self.backend, self.variables, draws)

    def compile(self, step: Callable[..., Any]) -> Callable[..., Any]:
        """A function of arrays that reads and assigns variables, as fast as the backend makes it."""
        return self.backend.compile(step, self.variables)

    def compile_use(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same for a function that assigns no variable."""
        return self.backend.compile_use(function, self.variables)

    def pullback(
        self, function: Callable[..., Tensor], variables: Sequence[keras.Variable], points: Sequence[Tensor] = ()
    ) -> tuple[Tensor, Callable[[Tensor], tuple[list[Tensor], list[Tensor]]]]:
        """``function(*points)`` and what takes a cotangent of it to the gradients; see `drivers.keras.backends`."""
        return self.backend.pullback(function, variables, points, state=self.variables)

    def minimize(
        self, role: str, loss: Callable[[], Tensor], rate: Tensor, measure: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """One optimizer step of ``role`` alone. A part of a compiled step.

        Args:
            loss: gives numbers (K,) of which the first is minimised; the others are only looked at.

        Returns:
            Those numbers, from before the step, and what `move` measured.
        """
        values, pull = self.pullback(loss, self.optimizers[role].variables)
        gradients, _ = pull(ops.one_hot(0, values.shape[0], dtype=values.dtype))
        return values, self.move(role, gradients, rate, measure)

    def move(self, role: str, gradients: Sequence[Tensor], rate: Tensor, measure: Tensor) -> dict[str, Tensor]:
        """The optimizer of ``role`` moves its network by gradients, and the average follows.

        Returns:
            The norm of the gradients by its name; 0 in a step that does not ``measure``.
        """
        self.optimizers[role].apply(gradients, rate)
        if role in self.averages:
            self.averages[role].update()

        def norm() -> Tensor:
            return ops.sqrt(sum((ops.sum(ops.square(gradient)) for gradient in gradients), ops.zeros(())))

        return {f"gradient_norm/{role}": ops.cond(measure, norm, lambda: ops.zeros(()))}
