"""Alternating training: the discriminator learns to tell, then the generator learns to fool it.

Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from drivers import changes, losses, regularizers
from drivers.interface import Role
from drivers.ops import Ops, Tensor
from drivers.processes.base import AdversarialProcess
from drivers.regularizers import Constraint, Penalty


class AlternatingProcess(AdversarialProcess):
    """``discriminator_steps`` updates of the discriminator, each on its own reals and fakes, then one of the generator.

    The generator is judged on the fakes of the last discriminator update, by the discriminator after it; so a step
    generates no batch that only one of the two sees. Fakes of a conditional GAN carry labels of their own, drawn as
    often as the data has them, in both updates.
    """

    name = "alternating"

    def __init__(self, state: Any) -> None:
        super().__init__(state)
        spec = state.spec
        self._loss = losses.build(spec["loss"])
        parts = [regularizers.build(module) for module in spec["loss"]["regularizers"]]
        self._penalties = [part for part in parts if isinstance(part, Penalty)]
        self._constraints = [part for part in parts if isinstance(part, Constraint)]
        self._takes_labels = self.generates_by_label or self.judges_by_label
        self._discriminator_steps: int = spec["training"]["discriminator_steps"]
        self._generator = state.networks["generator"]
        self._discriminator = state.networks["discriminator"]

    @classmethod
    def roles(cls, spec: Mapping[str, Any]) -> tuple[Role, ...]:
        return (
            Role("generator", module="generator", optimizer="generator", averaged=True),
            Role("discriminator", module="discriminator", optimizer="discriminator"),
        )

    @classmethod
    def reports(cls, spec: Mapping[str, Any]) -> tuple[str, ...]:
        return ("generator", "discriminator")

    @classmethod
    def batches_per_step(cls, spec: Mapping[str, Any]) -> int:
        return spec["training"]["discriminator_steps"]

    def _accuracy(self, ops: Ops, real_scores: Tensor, fake_scores: Tensor) -> dict[str, Tensor]:
        """The shares of reals and of fakes on the right side of the loss's boundary; none where it has no boundary."""
        boundary = self._loss.boundary
        if boundary is None:
            return {}
        return {
            "accuracy/real": ops.share(real_scores > boundary),
            "accuracy/fake": ops.share(fake_scores < boundary),
        }

    def check_change(self, name: str, value: Any) -> Callable[[], None]:
        if name != "discriminator_steps":
            return super().check_change(name, value)
        steps = changes.check("processes", self.name, name, value)

        def change() -> None:
            self._discriminator_steps = steps

        return change

    def state(self) -> dict[str, Any]:
        return {"discriminator_steps": self._discriminator_steps}

    def load_state(self, state: Mapping[str, Any]) -> None:
        self._discriminator_steps = state["discriminator_steps"]
