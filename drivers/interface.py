"""What a driver gives to the rest of the system: a `Session`, and inside it a `TrainingProcess`.

A driver is a package with an ``open_session`` function that returns a `Session`. A training process is a class with
this interface in ``drivers/<library>/processes/<name>.py``; the catalogue's name finds it. Neither needs to know the
other's neighbours: a session holds networks, optimizers, data and random numbers for whatever roles its process
names, and a process says what one step does with them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from drivers.errors import DriverError
from drivers.examination import Edit

Tensor = Any


@dataclass(frozen=True)
class Role:
    """One network that a process trains.

    Attributes:
        name: its name in weights, checkpoints and `Session.train_step`'s ``update``, e.g. ``"generator"``.
        module: the key of the resolved spec that holds its ``layers``.
        optimizer: the key of ``spec["optimizer"]`` that updates it.
        averaged: an exponential moving average of its weights is kept (``training.ema_decay``) and sampled from.
    """

    name: str
    module: str
    optimizer: str
    averaged: bool = False


class TrainingProcess(ABC):
    """How networks learn from each other: the roles it needs, one step, what it reports.

    A process is made for one session, with what its library's driver hands to processes: networks, optimizers, data,
    random numbers (a `drivers.state.TrainingState`). It may keep running state, such as an image
    pool, an adaptive margin or a growth stage; what it returns from `state` is part of every checkpoint.
    """

    name: ClassVar[str]

    @abstractmethod
    def __init__(self, state: Any) -> None: ...

    @classmethod
    @abstractmethod
    def roles(cls, spec: Mapping[str, Any]) -> tuple[Role, ...]:
        """The networks to build for this resolved spec."""

    @classmethod
    @abstractmethod
    def reports(cls, spec: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of the losses that `step` returns, in the order a curve shows them."""

    @classmethod
    def batches_per_step(cls, spec: Mapping[str, Any]) -> int:
        """Batches of data that a full step reads; with it the session counts steps in an epoch."""
        return 1

    @abstractmethod
    def step(self, update: Collection[str]) -> dict[str, Tensor]:
        """Queues one training step of the roles in ``update`` and never waits for the device.

        Returns:
            A scalar on the device for each report whose role was updated.
        """

    @classmethod
    @abstractmethod
    def sample_shape(cls, spec: Mapping[str, Any]) -> tuple[int, ...]:
        """The shape of a sample, and so of the data: (H, W, C) of an image, (T, C) of a sequence."""

    @property
    @abstractmethod
    def source_shape(self) -> tuple[int, ...]:
        """The shape of what one sample is made from, (latent_dim,) for most."""

    @property
    @abstractmethod
    def generates_by_label(self) -> bool:
        """Whether `generate` needs labels."""

    @property
    @abstractmethod
    def judges_by_label(self) -> bool:
        """Whether `score` needs labels."""

    @property
    @abstractmethod
    def score_is_logit(self) -> bool:
        """Whether the sigmoid of `score` is a probability; else one is fitted to reals and samples."""

    @abstractmethod
    def draw(self, count: int, seed: int) -> np.ndarray:
        """What `generate` makes ``count`` samples from: float32 (N, *source_shape), the same for every driver."""

    @abstractmethod
    def generate(self, source: Tensor, labels: Tensor | None) -> Tensor:
        """Source (N, *source_shape) and labels (N,) -> samples (N, *sample_shape), -1 to 1, with the weights to use."""

    @abstractmethod
    def score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        """Samples (N, *sample_shape) in [-1, 1] and labels (N,) -> raw scores (N,), larger for real."""

    def check_change(self, name: str, value: Any) -> Callable[[], None]:
        """Checks a new value of one of the process's own settings.

        Returns:
            What makes the change, to be called between steps.

        Raises:
            DriverError: there is no such setting, or it cannot have this value.
        """
        raise DriverError("unknown_change", f"'{name}' cannot be changed during a training.", f"/{name}")

    def state(self) -> dict[str, Any]:
        """Running state for a checkpoint: tensors, and settings that JSON can hold."""
        return {}

    def load_state(self, state: Mapping[str, Any]) -> None:  # noqa: B027 - most processes keep nothing
        """Takes back what `state` returned."""


class Session(ABC):
    """One model in training or in use.

    Attributes:
        spec: the resolved spec.
        total_steps: steps after which the training is finished.
        steps_per_epoch: steps in one pass over the data.
        images_per_step: real samples that a step reads.
        environment: device, precision and versions, for the record.
        compiles: the first step takes seconds, because it is compiled for those after it.
    """

    spec: Mapping[str, Any]
    total_steps: int
    steps_per_epoch: int
    images_per_step: int
    environment: dict[str, Any]
    compiles: bool = False

    @property
    @abstractmethod
    def step(self) -> int:
        """Training steps done."""

    @abstractmethod
    def train_step(self, update: Collection[str] | None = None) -> None:
        """Queues one step, of the roles in ``update`` or of all; never waits for the device."""

    @abstractmethod
    def read_losses(self) -> list[dict[str, float | None]]:
        """The losses of every step since the last call, e.g. ``[{"step": 1, "generator": 0.7, "discriminator": 1.4}]``.

        A role that a step did not update has None there. Waits for the device.

        Raises:
            DivergedError: a loss is NaN or infinite.
        """

    @abstractmethod
    def read_measurements(self) -> list[dict[str, Any]]:
        """What else was measured since the last call: of every so many steps ``{"step", "values": {name: number}}``.

        ``accuracy/real`` and ``accuracy/fake`` are the shares of that step's reals, and of its fakes, that the
        discriminator told right; a critic, whose loss has no boundary between them, has none.
        ``gradient_norm/<network>`` is the Euclidean norm of the gradient, over all weights of the network, that last
        moved it in that step, ``learning_rate/<network>`` the rate that it went by. A number is None where it is not
        finite. Waits for the device.
        """

    @abstractmethod
    def sample(
        self,
        count: int | None = None,
        *,
        seed: int = 0,
        noise: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        edits: Mapping[str, Edit] | None = None,
    ) -> np.ndarray:
        """Generated samples in the form of the data: images uint8 (N, H, W, C), or sequences float32 (N, T, C).

        Args:
            count: N; by default as many as there are ``noise`` vectors, else as there are ``labels``, else 64.
            seed: the same seed gives the same noise in every driver and on every device.
            noise: latent vectors (N, Z) instead of a seed.
            labels: classes for a conditional generator, repeated until there are N; by default every class in turn.
            edits: what units of the generator's layers give instead, by the layer's id; for these samples alone.
        """

    @abstractmethod
    def draw(self, count: int, *, seed: int = 0) -> np.ndarray:
        """What `sample` makes ``count`` samples of this seed from: noise (N, Z) for most, float32."""

    @abstractmethod
    def activations(
        self,
        network: str,
        layers: Collection[str],
        *,
        noise: np.ndarray | None = None,
        labels: np.ndarray | None = None,
        samples: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """What layers of a network in use give: float32 (N, *shape) by the layer's id, channels last.

        Every layer is computed by itself and in float32, also where a driver computes several in one, or in less, for
        speed.

        Args:
            network: its name, e.g. ``"generator"``.
            layers: ids of the resolved spec.
            noise: (N, Z), for a network that takes noise.
            labels: classes for one that takes labels, repeated until there are N.
            samples: images uint8 (N, H, W, C) or sequences float32 (N, T, C), for one that takes those.

        Raises:
            DriverError: there is no such network or layer, or not what the network takes.
        """

    @abstractmethod
    def discriminate(self, samples: np.ndarray, labels: np.ndarray | None = None) -> dict[str, Any]:
        """Judges images uint8 (N, H, W, C), or sequences float32 (N, T, C).

        Returns:
            ``{"score": (N,) raw scores, "probability_real": (N,), "calibration": "sigmoid" | "logistic"}``. The
            probability is the sigmoid of the score for losses whose score is a logit, else a logistic curve fitted
            to scores of real and generated samples.
        """

    @abstractmethod
    def change(self, changes: Mapping[str, Any]) -> None:
        """Changes settings between steps: ``{"learning_rate": {"generator": 1e-4}, "discriminator_steps": 2}``.

        A learning rate may also be one number for all networks.

        Raises:
            DriverError: one of them cannot be changed, or not to this; nothing is changed then.
        """

    @abstractmethod
    def save_checkpoint(self, folder: Path) -> None:
        """Writes everything a resumed training needs, so that ``folder`` holds either the old or the new whole."""

    @abstractmethod
    def load_checkpoint(self, folder: Path) -> None:
        """Takes up a checkpoint; on an error the session is as it was."""

    @abstractmethod
    def save_weights(self, path: Path) -> None:
        """Writes the weights to use as safetensors, in Keras orientation, named ``network/layer/variable``."""

    @abstractmethod
    def load_weights(self, path: Path) -> None:
        """Reads such a file.

        Raises:
            WeightsError: a tensor is missing, superfluous, misshapen or not finite; nothing is loaded then.
        """

    @abstractmethod
    def start_from(self, network: str, path: Path, *, replace: Collection[str] = ()) -> None:
        """Gives one network the weights of such a file, to go on from there: transfer learning.

        Args:
            network: its name, e.g. ``"generator"``.
            replace: ids of layers that keep their new weights; the file may lack them, or have others there.

        Raises:
            WeightsError: another tensor is missing, superfluous, misshapen or not finite; nothing is loaded then.
        """

    @abstractmethod
    def export(self, format_: str, network: str, path: Path) -> None:
        """Writes one network in use, the averaged one where there is one, in a form that other programs read.

        Args:
            format_: one of `drivers.export.FORMATS` that holds a network with its weights.
            network: its name.

        Raises:
            DriverError: the driver does not write this format, or not this network.
        """
