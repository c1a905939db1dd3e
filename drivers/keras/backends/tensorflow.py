"""Keras on TensorFlow: steps compiled as graphs by `tf.function`."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from drivers.machine import BFLOAT16_CAPABILITY, processor_multiplies_bfloat16

Tensor = Any
Variables = Sequence[keras.Variable]

COMPILES = True


def use_threads(threads: int) -> None:
    """TensorFlow keeps the number with which it computed first."""
    with contextlib.suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(threads)


def threads() -> int:
    return tf.config.threading.get_intra_op_parallelism_threads() or os.cpu_count() or 1


def device() -> tuple[str, str]:
    cards = tf.config.get_visible_devices("GPU")
    if not cards:
        return "cpu", ""
    return "cuda", tf.config.experimental.get_device_details(cards[0]).get("device_name", "")


def multiplies_bfloat16() -> bool:
    cards = tf.config.get_visible_devices("GPU")
    if not cards:
        return processor_multiplies_bfloat16()
    capability = tf.config.experimental.get_device_details(cards[0]).get("compute_capability", (0, 0))
    return capability[0] >= BFLOAT16_CAPABILITY


def version() -> dict[str, str]:
    return {"tensorflow": tf.__version__}


def tensor(array: np.ndarray) -> Tensor:
    return tf.constant(array)


def compile(step: Callable[..., Any], variables: Variables) -> Callable[..., Any]:
    return tf.function(step, autograph=False, reduce_retracing=True)


def compile_use(function: Callable[..., Tensor], variables: Variables) -> Callable[..., Tensor]:
    return tf.function(function, autograph=False, reduce_retracing=True)


def without_gradients() -> AbstractContextManager[Any]:
    return nullcontext()


def pullback(
    function: Callable[..., Tensor],
    variables: Variables,
    points: Sequence[Tensor] = (),
    *,
    state: Variables,
    again: bool = False,
) -> tuple[Tensor, Callable[[Tensor], tuple[list[Tensor], list[Tensor]]]]:
    sources = [variable.value for variable in variables]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([*sources, *points])
        value = function(*points)

    def pull(cotangent: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        found = tape.gradient(value, [*sources, *points], cotangent, unconnected_gradients=tf.UnconnectedGradients.ZERO)
        # Embeddings have the gradient of the rows that were looked up; optimizers move all of them.
        dense = [tf.convert_to_tensor(gradient) for gradient in found]
        return dense[: len(sources)], dense[len(sources) :]

    return value, pull
