"""Alternating training: the discriminator learns to tell, then the generator learns to fool it.

Goodfellow et al. 2014, "Generative Adversarial Nets", Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from drivers import changes, losses, regularizers
from drivers.interface import Role
from drivers.pytorch.processes.base import PyTorchProcess
from drivers.pytorch.state import PyTorchState
from drivers.regularizers import Constraint, Penalty


class Alternating(PyTorchProcess):
    """``discriminator_steps`` updates of the discriminator, each on its own reals and fakes, then one of the generator.

    The generator is judged on the fakes of the last discriminator update, by the discriminator after it; so a step
    generates no batch that only one of the two sees. Fakes of a conditional GAN carry labels of their own, drawn as
    often as the data has them, in both updates.
    """

    name = "alternating"

    def __init__(self, state: PyTorchState) -> None:
        super().__init__(state)
        spec = state.spec
        self._loss = losses.build(spec["loss"])
        parts = [regularizers.build(module) for module in spec["loss"]["regularizers"]]
        self._penalties = [part for part in parts if isinstance(part, Penalty)]
        self._constraints = [part for part in parts if isinstance(part, Constraint)]
        self._takes_labels = self.generates_by_label or self.judges_by_label
        self._discriminator_steps = spec["training"]["discriminator_steps"]
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

    def step(self, update: Collection[str]) -> dict[str, Tensor]:
        reports = {}
        fakes = None
        if "discriminator" in update:
            total = torch.zeros((), device=self._state.device)
            for remaining in reversed(range(self._discriminator_steps)):
                keep_graph = remaining == 0 and "generator" in update
                fakes = self._generate(with_gradient=keep_graph)
                total += self._update_discriminator(*fakes)
            reports["discriminator"] = total / self._discriminator_steps
        if "generator" in update:
            reports["generator"] = self._update_generator(*(fakes or self._generate(with_gradient=True)))
        return reports

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

    def _generate(self, *, with_gradient: bool) -> tuple[Tensor, Tensor | None]:
        """A batch of fakes (B, H, W, C) or (B, T, C) and the labels they were made for."""
        state = self._state
        labels = state.batches.some_labels(state.random.noise) if self._takes_labels else None
        noise = state.noise(state.batches.batch_size, self.source_shape)
        with torch.set_grad_enabled(with_gradient), state.autocast():
            return self._generator(noise=noise, label=labels), labels

    def _update_discriminator(self, fakes: Tensor, fake_labels: Tensor | None) -> Tensor:
        state = self._state
        reals, real_labels = state.batches.next()
        fakes = fakes.detach().float()
        with state.autocast():
            real_scores, fake_scores = self._judge(reals, real_labels, fakes, fake_labels)
        loss = self._loss.discriminator(state.ops, real_scores.float(), fake_scores.float())
        for penalty in self._penalties:
            loss = loss + penalty(state.ops, self._critic(real_labels), reals, fakes)
        state.minimize("discriminator", loss)
        self._constrain()
        return loss.detach()

    def _judge(
        self, reals: Tensor, real_labels: Tensor | None, fakes: Tensor, fake_labels: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The scores of reals and of fakes: as batches of their own where batch normalization would mix them."""
        if self._discriminator.mixes_samples:
            real_scores = self._score(reals, real_labels)
            return real_scores, self._score(fakes, fake_labels)
        labels = None if real_labels is None or fake_labels is None else torch.cat([real_labels, fake_labels])
        scores = self._score(torch.cat([reals, fakes]), labels)
        return scores.split([len(reals), len(fakes)])

    def _score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        return self._discriminator(**{self._state.source: samples}, label=labels)

    def _critic(self, labels: Tensor | None) -> Callable[[Tensor], Tensor]:
        """The discriminator as a regularizer sees it: in float32, leaving the moving statistics alone."""

        def critic(samples: Tensor) -> Tensor:
            self._discriminator.mode.update_statistics = False
            try:
                return self._score(samples, labels)
            finally:
                self._discriminator.mode.update_statistics = True

        return critic

    @torch.no_grad()
    def _constrain(self) -> None:
        for constraint in self._constraints:
            for weight in self._discriminator.trainable().values():
                weight.copy_(constraint(self._state.ops, weight))

    def _update_generator(self, fakes: Tensor, labels: Tensor | None) -> Tensor:
        state = self._state
        real_scores = None
        with state.autocast():
            if self._loss.generator_needs_real:
                reals, real_labels = state.batches.next()
                real_scores = self._score(reals, real_labels).float()
            scores = self._score(fakes, labels).float()
        loss = self._loss.generator(state.ops, scores, real_scores)
        state.minimize("generator", loss)
        return loss.detach()
