"""A GAN of 64x64 faces built as Keras's own example of a ``train_step`` builds it, and the same GAN as a spec.

The example's discriminator says how probable it is that an image is generated: its label of generated images is 1, that
of real ones 0, and both get noise. Ours scores real images, so their last layers differ by their sign. Its images run
from 0 to 1, ours from -1 to 1: a Rescaling stands where they enter and leave.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

LATENT, LABEL_NOISE = 128, 0.05
ADAM = {"choice": "adam", "learning_rate": 0.0001}
CONVOLUTION = {"kernel_size": 4, "strides": 2, "padding": "same"}
Tensor = Any


def spec(
    data: dict[str, Any], *, width: int = 64, dropout: float = 0.2, optimizer: dict[str, Any] = ADAM, **keys: Any
) -> dict[str, Any]:
    """The example as an author writes it.

    Args:
        data: colour images of 64x64.
        width: filters of the first convolution, 64 in the example; the others are multiples of it.
        dropout: rate before the last layer.
        optimizer: of both networks.
    """
    wide = 2 * width
    generator: list[dict[str, Any]] = [
        {"id": "noise", "type": "Input", "source": "noise", "shape": [LATENT]},
        {"id": "dense", "type": "Dense", "units": 8 * 8 * wide},
        {"id": "image", "type": "Reshape", "target_shape": [8, 8, wide]},
    ]
    for place, filters in enumerate((wide, 2 * wide, 4 * wide), 1):
        generator.append({"id": f"grow_{place}", "type": "Conv2DTranspose", "filters": filters, **CONVOLUTION})
        generator.append({"id": f"bend_{place}", "type": "LeakyReLU", "negative_slope": 0.2})
    generator += [
        {"id": "colours", "type": "Conv2D", "filters": 3, "kernel_size": 5, "padding": "same", "activation": "sigmoid"},
        {"id": "from_unit", "type": "Rescaling", "scale": 2.0, "offset": -1.0},
    ]
    discriminator: list[dict[str, Any]] = [
        {"id": "picture", "type": "Input", "source": "image", "shape": [64, 64, 3]},
        {"id": "to_unit", "type": "Rescaling", "scale": 0.5, "offset": 0.5},
    ]
    for place, filters in enumerate((width, wide, wide), 1):
        discriminator.append({"id": f"shrink_{place}", "type": "Conv2D", "filters": filters, **CONVOLUTION})
        discriminator.append({"id": f"bend_{place}", "type": "LeakyReLU", "negative_slope": 0.2})
    discriminator += [
        {"id": "flat", "type": "Flatten"},
        {"id": "drop", "type": "Dropout", "rate": dropout},
        {"id": "score", "type": "Dense", "units": 1},
    ]
    return {
        "data": data,
        "generator": {"choice": "custom", "layers": _chain(generator)},
        "discriminator": {"choice": "custom", "layers": _chain(discriminator)},
        "loss": {"choice": "non_saturating", "label_noise": LABEL_NOISE},
        "optimizer": {"generator": optimizer, "discriminator": optimizer},
        "precision": "float32",
        **keys,
    }


def _chain(layers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    before = [[], *([layer["id"]] for layer in layers)]
    return [{**layer, "inputs": inputs} for layer, inputs in zip(layers, before, strict=False)]


def networks(*, width: int = 64, dropout: float = 0.2) -> tuple[Any, Any]:
    """The example's generator and discriminator."""
    import keras
    from keras import layers

    wide = 2 * width
    discriminator = keras.Sequential([keras.Input((64, 64, 3))])
    for filters in (width, wide, wide):
        discriminator.add(layers.Conv2D(filters, **CONVOLUTION))
        discriminator.add(layers.LeakyReLU(negative_slope=0.2))
    for layer in (layers.Flatten(), layers.Dropout(dropout), layers.Dense(1, activation="sigmoid")):
        discriminator.add(layer)
    generator = keras.Sequential([keras.Input((LATENT,)), layers.Dense(8 * 8 * wide), layers.Reshape((8, 8, wide))])
    for filters in (wide, 2 * wide, 4 * wide):
        generator.add(layers.Conv2DTranspose(filters, **CONVOLUTION))
        generator.add(layers.LeakyReLU(negative_slope=0.2))
    generator.add(layers.Conv2D(3, 5, padding="same", activation="sigmoid"))
    return generator, discriminator


def on_tensorflow(optimizers: Sequence[Any] | None = None, **sizes: Any) -> Any:
    """The model with its ``train_step``, compiled.

    It takes reals in 0 to 1 and draws the rest, anew for the generator. Where it takes noise (N, Z) and the labels'
    noise (2, N), of fakes and of reals, beside them, it draws nothing, and the generator learns from the same noise.

    Args:
        optimizers: of the generator and of the discriminator, in place of the example's.
    """
    import keras
    import tensorflow as tf
    from keras import ops

    cross_entropy = keras.losses.BinaryCrossentropy()
    of_generator, of_discriminator = optimizers or (keras.optimizers.Adam(0.0001) for _ in range(2))

    class Gan(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.generator, self.discriminator = networks(**sizes)
            self.of_generator, self.of_discriminator = of_generator, of_discriminator

        def train_step(self, data: Any) -> dict[str, Tensor]:
            reals, *given = data if isinstance(data, tuple) else (data,)
            count = ops.shape(reals)[0]
            noise, of_labels = given or (self.noise(count), keras.random.uniform((2, count)))
            images = ops.concatenate([self.generator(noise), reals])
            labels = ops.concatenate([ops.ones((count, 1)), ops.zeros((count, 1))])
            labels += LABEL_NOISE * ops.reshape(of_labels, (-1, 1))
            with tf.GradientTape() as tape:
                told = cross_entropy(labels, self.discriminator(images, training=True))
            weights = self.discriminator.trainable_weights
            self.of_discriminator.apply(tape.gradient(told, weights), weights)
            noise = noise if given else self.noise(count)
            with tf.GradientTape() as tape:
                judged = self.discriminator(self.generator(noise), training=True)
                fooled = cross_entropy(ops.zeros((count, 1)), judged)
            weights = self.generator.trainable_weights
            self.of_generator.apply(tape.gradient(fooled, weights), weights)
            return {"discriminator": told, "generator": fooled}

        @staticmethod
        def noise(count: Any) -> Tensor:
            return keras.random.normal((count, LATENT))

    model = Gan()
    model.compile()
    return model


def trained_by_fit(images: np.ndarray, batch: int) -> Callable[[float], float]:
    """What trains the example for so many seconds, at least a step, and returns steps a second."""
    import tensorflow as tf

    from benchmarks.yardsticks.keras_gan import StopAfter, batches

    signature = tf.TensorSpec((batch, *images.shape[1:]), tf.float32)
    reals = ((part[0] + 1.0) / 2.0 for part in batches(images, batch, 1))
    data = tf.data.Dataset.from_generator(lambda: reals, output_signature=signature)
    model = on_tensorflow()

    def train(seconds: float) -> float:
        stop = StopAfter(seconds)
        model.fit(data, steps_per_epoch=10**6, epochs=1, verbose=0, callbacks=[stop])
        return stop.steps / (time.perf_counter() - stop.start)

    return train
