"""Alternating training in Keras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np
from keras import ops

from drivers.keras.network import penalized
from drivers.keras.ops import KerasOps
from drivers.keras.processes.base import KerasProcess
from drivers.keras.state import KerasState
from drivers.processes.alternating import AlternatingProcess

Tensor = Any
# Samples (B, …) as the data has them or as generated, and their labels (B,).
Batch = tuple[Tensor, Tensor | None]


class Alternating(AlternatingProcess, KerasProcess):
    """See `drivers.processes.alternating.AlternatingProcess`.

    A step is made of three functions, compiled where the backend can: an update of the discriminator, one of the
    generator, and one of the discriminator and then the generator, which share one forward pass of the generator.
    Whatever is drawn for them is drawn before, by NumPy.
    """

    def __init__(self, state: KerasState) -> None:
        super().__init__(state)
        self._draws = self._loss.draws + sum(penalty.draws for penalty in self._penalties)
        self._compiled_discriminator = state.compile(self._train_discriminator)
        self._compiled_generator = state.compile(self._train_generator)
        self._compiled_both = state.compile(self._train_both)

    def step(self, update: Collection[str]) -> dict[str, Tensor]:
        state = self._state
        rates, measure = state.rates(update), np.asarray(state.measures)
        if "discriminator" not in update:
            sources, more = self._draw_sources(), self._draw_more_reals()
            loss, measured = self._compiled_generator(sources, more, rates, measure)
            self._keep(measured)
            return {"generator": loss}
        reports: dict[str, Tensor] = {}
        # The mean grows within the updates: arithmetic between them would wait for each before the next is queued.
        mean, share = np.zeros((), np.float32), np.asarray(1 / self._discriminator_steps, np.float32)
        for remaining in reversed(range(self._discriminator_steps)):
            sources, reals, draws = self._draw_sources(), state.batches.next(), self._draw_for_loss()
            given = (sources, reals, draws, rates, measure, mean, share)
            if remaining == 0 and "generator" in update:
                mean, reports["generator"], measured = self._compiled_both(*given, self._draw_more_reals())
            else:
                mean, measured = self._compiled_discriminator(*given)
            self._keep(measured)
        return {**reports, "discriminator": mean}

    def _keep(self, measured: dict[str, Tensor]) -> None:
        """What a compiled step measured; of a step that does not measure it is zeros."""
        if self._state.measures:
            self._state.measured |= measured

    def _draw_sources(self) -> Batch:
        """Noise (B, *source_shape) for a batch of fakes, and the labels they are made for."""
        state = self._state
        labels = state.batches.some_labels(state.random.noise) if self._takes_labels else None
        return state.noise(state.batches.batch_size, self.source_shape), labels

    def _draw_more_reals(self) -> Batch | None:
        return self._state.batches.next() if self._loss.generator_needs_real else None

    def _draw_for_loss(self) -> np.ndarray:
        shape = (self._draws, self._state.batches.batch_size)
        return self._state.random.penalty.random(shape, dtype=np.float32)

    def _train_discriminator(
        self,
        sources: Batch,
        reals: Batch,
        draws: Tensor,
        rates: Mapping[str, Tensor],
        measure: Tensor,
        mean: Tensor,
        share: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Adds the ``share`` of this update's loss to the ``mean``."""
        noise, labels = sources
        fakes = ops.stop_gradient(self._generator(noise=noise, label=labels))
        loss, measured = self._update_discriminator(reals, (fakes, labels), draws, rates, measure)
        return ops.add(mean, ops.multiply(share, loss)), measured

    def _train_generator(
        self, sources: Batch, more: Batch | None, rates: Mapping[str, Tensor], measure: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        fakes, pull = self._generate(sources)
        return self._update_generator((fakes, sources[1]), pull, more, rates, measure)

    def _train_both(
        self,
        sources: Batch,
        reals: Batch,
        draws: Tensor,
        rates: Mapping[str, Tensor],
        measure: Tensor,
        mean: Tensor,
        share: Tensor,
        more: Batch | None,
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        fakes, pull = self._generate(sources)
        labels = sources[1]
        constant = ops.stop_gradient(fakes)
        loss, judged = self._update_discriminator(reals, (constant, labels), draws, rates, measure)
        generator, moved = self._update_generator((fakes, labels), pull, more, rates, measure)
        return ops.add(mean, ops.multiply(share, loss)), generator, {**judged, **moved}

    def _generate(self, sources: Batch) -> tuple[Tensor, Callable[[Tensor], Any]]:
        """Fakes, and what takes a gradient with respect to them to those of the generator's weights."""
        noise, labels = sources
        variables = self._state.optimizers["generator"].variables
        return self._state.pullback(lambda: self._generator(noise=noise, label=labels), variables)

    def _update_discriminator(
        self, reals: Batch, fakes: Batch, draws: Tensor, rates: Mapping[str, Tensor], measure: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        state = self._state

        vocabulary = state.ops(draws)
        real_samples, real_labels = to_unit_range(reals[0]), reals[1]
        fake_samples, fake_labels = fakes

        def critic(samples: Tensor) -> Tensor:
            with penalized(self._discriminator):
                return self._score(samples, real_labels)

        def loss() -> Tensor:
            scores = self._judge((real_samples, real_labels), (fake_samples, fake_labels))
            total = self._loss.discriminator(vocabulary, *scores)
            for penalty in self._penalties:
                total = total + penalty(vocabulary, critic, real_samples, fake_samples)
            return ops.concatenate([ops.reshape(total, (1,)), self._accuracies(vocabulary, scores, measure)])

        values, measured = state.minimize("discriminator", loss, rates["discriminator"], measure)
        for constraint in self._constraints:
            for weight in state.optimizers["discriminator"].variables:
                weight.assign(constraint(vocabulary, weight.value))
        if self._loss.boundary is not None:
            measured |= {"accuracy/real": values[1], "accuracy/fake": values[2]}
        return values[0], measured

    def _accuracies(self, vocabulary: KerasOps, scores: tuple[Tensor, Tensor], measure: Tensor) -> Tensor:
        """What `_accuracy` finds, real then fake, (2,); zeros in a step that does not measure."""
        if self._loss.boundary is None:
            return ops.zeros((0,))
        return ops.cond(
            measure, lambda: ops.stack(list(self._accuracy(vocabulary, *scores).values())), lambda: ops.zeros((2,))
        )

    def _judge(self, reals: Batch, fakes: Batch) -> tuple[Tensor, Tensor]:
        """The scores of reals and of fakes: as batches of their own where batch normalization would mix them."""
        if self._discriminator.mixes_samples:
            return self._score(*reals), self._score(*fakes)
        labels = None if reals[1] is None or fakes[1] is None else ops.concatenate([reals[1], fakes[1]])
        count = reals[0].shape[0]
        scores = self._score(ops.concatenate([reals[0], fakes[0]]), labels)
        return scores[:count], scores[count:]

    def _score(self, samples: Tensor, labels: Tensor | None) -> Tensor:
        return self._discriminator(**{self._state.source: samples}, label=labels)

    def _update_generator(
        self,
        fakes: Batch,
        pull: Callable[[Tensor], Any],
        more: Batch | None,
        rates: Mapping[str, Tensor],
        measure: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        state = self._state

        def loss(samples: Tensor) -> Tensor:
            real_scores = None if more is None else self._score(to_unit_range(more[0]), more[1])
            return self._loss.generator(state.ops(), self._score(samples, fakes[1]), real_scores)

        value, pull_loss = state.pullback(loss, (), (ops.stop_gradient(fakes[0]),))
        _, (cotangent,) = pull_loss(ops.ones_like(value))
        gradients, _ = pull(cotangent)
        return value, state.move("generator", gradients, rates["generator"], measure)


def to_unit_range(samples: Tensor) -> Tensor:
    """Images uint8 [0, 255] -> float32 [-1, 1]; sequences are in that range as they are."""
    samples = ops.convert_to_tensor(samples)
    if "float" in str(samples.dtype):
        return samples
    return ops.cast(samples, "float32") * (1 / 127.5) - 1.0
