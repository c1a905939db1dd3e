"""Alternating training in PyTorch."""

from __future__ import annotations

from collections.abc import Callable, Collection

import torch
from torch import Tensor

from drivers.processes.alternating import AlternatingProcess
from drivers.pytorch.processes.base import PyTorchProcess


class Alternating(AlternatingProcess, PyTorchProcess):
    """See `drivers.processes.alternating.AlternatingProcess`; both updates share one forward pass of the generator."""

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
        if state.measures:
            state.measured |= self._accuracy(state.ops, real_scores, fake_scores)
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
            with self._discriminator.penalized():
                return self._score(samples, labels)

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
