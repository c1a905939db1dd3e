"""GANs as Keras's own guides write them: what the Keras driver is measured against.

On TensorFlow a `keras.Model` with a ``train_step`` of its own, trained by ``fit``; on JAX, where ``fit`` knows one
optimizer only, a stateless step under `jax.jit` in a loop. The networks are those that the families `dcgan` and
`wgan_gp` unfold to.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

SLOPE, LATENT, PENALTY = 0.2, 100, 10.0
Tensor = Any


def dcgan(size: int) -> tuple[keras.Model, keras.Model]:
    """Generator and discriminator of the family `dcgan` for square grey images of 32 pixels."""
    generator = keras.Sequential([keras.Input((LATENT,)), layers.Dense(4096), layers.Reshape((4, 4, 256))])
    for filters in (128, 64, 32):
        generator.add(layers.BatchNormalization(momentum=0.9))
        generator.add(layers.LeakyReLU(SLOPE))
        generator.add(layers.UpSampling2D())
        generator.add(layers.Conv2D(filters, 3, padding="same"))
    generator.add(layers.BatchNormalization(momentum=0.9))
    generator.add(layers.LeakyReLU(SLOPE))
    generator.add(layers.Conv2D(1, 3, padding="same", activation="tanh"))
    discriminator = keras.Sequential([keras.Input((size, size, 1))])
    for filters in (32, 64, 128):
        discriminator.add(layers.Conv2D(filters, 4, strides=2, padding="same"))
        if filters != 32:
            discriminator.add(layers.BatchNormalization(momentum=0.9))
        discriminator.add(layers.LeakyReLU(SLOPE))
        discriminator.add(layers.Dropout(0.25))
    discriminator.add(layers.Flatten())
    discriminator.add(layers.Dense(1))
    return generator, discriminator


def wgan_gp(size: int) -> tuple[keras.Model, keras.Model]:
    """Generator and critic of the family `wgan_gp`."""
    generator = keras.Sequential([keras.Input((LATENT,)), layers.Dense(128), layers.LeakyReLU(SLOPE)])
    for units in (256, 512, 1024):
        generator.add(layers.Dense(units))
        generator.add(layers.BatchNormalization(momentum=0.9))
        generator.add(layers.LeakyReLU(SLOPE))
    generator.add(layers.Dense(size * size, activation="tanh"))
    generator.add(layers.Reshape((size, size, 1)))
    critic = keras.Sequential([keras.Input((size, size, 1)), layers.Flatten()])
    for units in (512, 256):
        critic.add(layers.Dense(units))
        critic.add(layers.LeakyReLU(SLOPE))
    critic.add(layers.Dense(1))
    return generator, critic


def adam(network: str) -> keras.Optimizer:
    if network == "dcgan":
        return keras.optimizers.Adam(0.0002, beta_1=0.5)
    return keras.optimizers.Adam(0.0001, beta_1=0.0, beta_2=0.9)


def discriminator_loss(network: str, real: Tensor, fake: Tensor) -> Tensor:
    if network == "wgan_gp":
        return ops.mean(fake) - ops.mean(real)
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def generator_loss(network: str, fake: Tensor) -> Tensor:
    return -ops.mean(fake) if network == "wgan_gp" else ops.mean(ops.softplus(-fake))


def penalty(gradient: Tensor) -> Tensor:
    norm = ops.sqrt(ops.sum(ops.square(gradient), axis=(1, 2, 3)) + 1e-12)
    return PENALTY * ops.mean(ops.square(norm - 1.0))


def batches(images: np.ndarray, size: int, steps: int) -> Iterator[np.ndarray]:
    """Shuffled reals in [-1, 1], (steps, B, H, W, C), without end."""
    rng = np.random.default_rng(0)
    while True:
        order = rng.permutation(len(images))
        for start in range(0, len(images) - size * steps + 1, size * steps):
            chosen = images[order[start : start + size * steps]]
            yield (chosen.astype(np.float32) / 127.5 - 1.0).reshape(steps, size, *images.shape[1:])


class StopAfter(keras.callbacks.Callback):
    """Ends a `fit` after so many seconds, and counts its steps."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.steps = seconds, 0

    def on_train_begin(self, logs: Any = None) -> None:
        self.start = time.perf_counter()

    def on_train_batch_end(self, index: int, logs: Any = None) -> None:
        self.steps += 1
        if time.perf_counter() - self.start >= self.seconds:
            self.model.stop_training = True


def on_tensorflow(network: str, images: np.ndarray, batch: int, steps: int) -> Callable[[float], float]:
    """What trains for so many seconds and returns steps a second."""
    import tensorflow as tf

    class Gan(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.generator, self.discriminator = globals()[network](images.shape[1])
            self.discriminator_optimizer, self.generator_optimizer = adam(network), adam(network)

        def train_step(self, reals: Tensor) -> dict[str, Tensor]:
            for index in range(steps):
                loss = self._update_discriminator(reals[index])
            noise = tf.random.normal((batch, LATENT))
            with tf.GradientTape() as tape:
                scores = self.discriminator(self.generator(noise, training=True), training=True)
                fooled = generator_loss(network, scores)
            weights = self.generator.trainable_weights
            self.generator_optimizer.apply(tape.gradient(fooled, weights), weights)
            return {"discriminator": loss, "generator": fooled}

        def _update_discriminator(self, reals: Tensor) -> Tensor:
            fakes = self.generator(tf.random.normal((batch, LATENT)), training=True)
            with tf.GradientTape() as tape:
                real, fake = self.discriminator(reals, training=True), self.discriminator(fakes, training=True)
                loss = discriminator_loss(network, real, fake)
                if network == "wgan_gp":
                    mix = tf.random.uniform((batch, 1, 1, 1))
                    between = mix * reals + (1.0 - mix) * fakes
                    with tf.GradientTape() as inner:
                        inner.watch(between)
                        scores = self.discriminator(between, training=True)
                    loss += penalty(inner.gradient(scores, between))
            weights = self.discriminator.trainable_weights
            self.discriminator_optimizer.apply(tape.gradient(loss, weights), weights)
            return loss

    signature = tf.TensorSpec((steps, batch, *images.shape[1:]), tf.float32)
    data = tf.data.Dataset.from_generator(lambda: batches(images, batch, steps), output_signature=signature)
    model = Gan()
    model.compile()

    def train(seconds: float) -> float:
        stop = StopAfter(seconds)
        model.fit(data, steps_per_epoch=10**6, epochs=1, verbose=0, callbacks=[stop])
        return stop.steps / (time.perf_counter() - stop.start)

    return train


def on_jax(network: str, images: np.ndarray, batch: int, steps: int, *, ahead: int) -> Callable[[float], float]:
    """What trains for so many seconds and returns steps a second; waits after every ``ahead`` steps."""
    import jax

    generator, discriminator = globals()[network](images.shape[1])
    generator_optimizer, discriminator_optimizer = adam(network), adam(network)
    generator_optimizer.build(generator.trainable_variables)
    discriminator_optimizer.build(discriminator.trainable_variables)

    def judge(weights: Any, others: Any, x: Tensor) -> Any:
        return discriminator.stateless_call(weights, others, x, training=True)

    def of_discriminator(weights: Any, others: Any, reals: Tensor, fakes: Tensor, key: Any) -> Any:
        real, others = judge(weights, others, reals)
        fake, others = judge(weights, others, fakes)
        loss = discriminator_loss(network, real, fake)
        if network == "wgan_gp":
            mix = jax.random.uniform(key, (batch, 1, 1, 1))
            between = mix * reals + (1.0 - mix) * fakes
            loss += penalty(jax.grad(lambda x: judge(weights, others, x)[0].sum())(between))
        return loss, others

    def of_generator(weights: Any, others: Any, judging: Any, noise: Tensor) -> Any:
        fakes, others = generator.stateless_call(weights, others, noise, training=True)
        scores, judging_others = judge(*judging, fakes)
        return generator_loss(network, scores), (others, judging_others)

    @jax.jit
    def step(state: Any, reals: Tensor, key: Any) -> Any:
        (g_weights, g_others, g_memory), (d_weights, d_others, d_memory) = state
        for index in range(steps):
            key, for_noise, for_mix = jax.random.split(key, 3)
            noise = jax.random.normal(for_noise, (batch, LATENT))
            fakes, g_others = generator.stateless_call(g_weights, g_others, noise, training=True)
            (loss, d_others), slopes = jax.value_and_grad(of_discriminator, has_aux=True)(
                d_weights, d_others, reals[index], fakes, for_mix
            )
            d_weights, d_memory = discriminator_optimizer.stateless_apply(d_memory, slopes, d_weights)
        key, for_noise = jax.random.split(key)
        (fooled, (g_others, d_others)), slopes = jax.value_and_grad(of_generator, has_aux=True)(
            g_weights, g_others, (d_weights, d_others), jax.random.normal(for_noise, (batch, LATENT))
        )
        g_weights, g_memory = generator_optimizer.stateless_apply(g_memory, slopes, g_weights)
        return ((g_weights, g_others, g_memory), (d_weights, d_others, d_memory)), key, (loss, fooled)

    def values(network_: keras.Model, optimizer: keras.Optimizer) -> Any:
        parts = (network_.trainable_variables, network_.non_trainable_variables, optimizer.variables)
        return tuple([variable.value for variable in part] for part in parts)

    state = (values(generator, generator_optimizer), values(discriminator, discriminator_optimizer))
    key, data = jax.random.key(0), batches(images, batch, steps)

    def train(seconds: float) -> float:
        nonlocal state, key
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            for _ in range(ahead):
                state, key, losses = step(state, next(data), key)
            jax.block_until_ready(losses)
            done += ahead
        return done / (time.perf_counter() - start)

    return train
