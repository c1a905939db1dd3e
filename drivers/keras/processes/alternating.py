"""Alternating training in Keras."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from drivers import machine
from drivers.interface import Role
from drivers.keras.ops import KerasOps
from drivers.keras.processes.base import KerasProcess
from drivers.keras.state import KerasState
from drivers.processes.alternating import AlternatingProcess

Tensor = Any
# Samples (B, …) as the data has them or as generated, and their labels (B,).
Batch = tuple[Tensor, Tensor | None]

UPDATES_IN_A_CALL = 5
"""So many updates of the discriminator, those of WGAN, are compiled together; a step of more makes several calls.

Each call has a price: weights are copied for it, and nothing of two calls is computed at the same time. Each update in
it has a price too, when it is compiled.
"""
CALL_COUNTS_UP_TO = 150
"""Multiply-adds of a batch for each weight, up to which the price of a call is worth it.

A dense layer has one a sample, a convolution as many as it visits places. Measured with five updates, two threads: a
WGAN-GP of dense layers gains 8 % on JAX and 10 % on TensorFlow from compiling them together; with convolutions of 200
and more it is between 7 % lost and 5 % gained, and the first step is compiled in 1.3 to 2 times as long.
"""


class Given(NamedTuple):
    """What is drawn for one update of the discriminator.

    Attributes:
        sources: noise (B, *source_shape) and the labels of the fakes made of it.
        reals: a batch of the data.
        draws: numbers from [0, 1), (draws, B), for the loss and its penalties.
    """

    sources: Batch
    reals: Batch
    draws: Tensor


class Alternating(AlternatingProcess, KerasProcess):
    """See `drivers.processes.alternating.AlternatingProcess`.

    A step is made of three functions, compiled where the backend can: updates of the discriminator, one of the
    generator, and updates of the discriminator of which the last shares its pass of the generator with the generator's
    own. Whatever is drawn for them is drawn before, by NumPy.
    """

    def __init__(self, state: KerasState) -> None:
        super().__init__(state)
        self._draws = self._loss.draws + sum(penalty.draws for penalty in self._penalties)
        self._updates_in_a_call = updates_in_a_call(state.spec, self.roles(state.spec))
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
        # The mean grows within the updates: arithmetic between them would wait for each before the next is queued.
        mean, share = np.zeros((), np.float32), np.asarray(1 / self._discriminator_steps, np.float32)
        remaining = self._discriminator_steps
        while remaining > self._updates_in_a_call:
            given = self._draw(self._updates_in_a_call)
            mean, measured = self._compiled_discriminator(given, rates, measure, mean, share)
            remaining -= self._updates_in_a_call
        given = self._draw(remaining)
        if "generator" not in update:
            mean, measured = self._compiled_discriminator(given, rates, measure, mean, share)
            self._keep(measured)
            return {"discriminator": mean}
        more = self._draw_more_reals()
        mean, loss, measured = self._compiled_both(given, more, rates, measure, mean, share)
        self._keep(measured)
        return {"generator": loss, "discriminator": mean}

    def _keep(self, measured: dict[str, Tensor]) -> None:
        """What a compiled step measured; of a step that does not measure it is zeros."""
        if self._state.measures:
            self._state.measured |= measured

    def _draw(self, updates: int) -> list[Given]:
        """For as many updates of the discriminator."""
        return [Given(self._draw_sources(), self._state.batches.next(), self._draw_for_loss()) for _ in range(updates)]

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
        self, given: Sequence[Given], rates: Mapping[str, Tensor], measure: Tensor, mean: Tensor, share: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Updates; adds the ``share`` of each one's loss to the ``mean``. What it measures is the last one's."""
        measured: dict[str, Tensor] = {}
        for sources, reals, draws in given:
            noise, labels = sources
            fakes = ops.stop_gradient(self._generator(noise=noise, label=labels))
            loss, measured = self._update_discriminator(reals, (fakes, labels), draws, rates, measure)
            mean = ops.add(mean, ops.multiply(share, loss))
        return mean, measured

    def _train_generator(
        self, sources: Batch, more: Batch | None, rates: Mapping[str, Tensor], measure: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        fakes, pull = self._generate(sources)
        return self._update_generator((fakes, sources[1]), pull, more, rates, measure)

    def _train_both(
        self,
        given: Sequence[Given],
        more: Batch | None,
        rates: Mapping[str, Tensor],
        measure: Tensor,
        mean: Tensor,
        share: Tensor,
    ) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
        """The mean after all updates of the discriminator, the generator's loss, and what is measured."""
        mean, _ = self._train_discriminator(given[:-1], rates, measure, mean, share)
        sources, reals, draws = given[-1]
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
            with self._discriminator.penalized():
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


def updates_in_a_call(spec: Mapping[str, Any], roles: Sequence[Role]) -> int:
    """How many updates of the discriminator of a resolved spec are compiled together at most."""
    is_light = machine.work_of_a_step(spec, roles) <= CALL_COUNTS_UP_TO * machine.weights(spec, roles)
    return UPDATES_IN_A_CALL if is_light else 1


def to_unit_range(samples: Tensor) -> Tensor:
    """Images uint8 [0, 255] -> float32 [-1, 1]; sequences are in that range as they are."""
    samples = ops.convert_to_tensor(samples)
    if "float" in str(samples.dtype):
        return samples
    return ops.cast(samples, "float32") * (1 / 127.5) - 1.0
