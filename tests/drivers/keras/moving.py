"""Optimizers of the Keras driver, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from drivers.keras import runtime


def moved(
    backend: str,
    modules: Sequence[Mapping[str, Any]],
    start: np.ndarray,
    gradients: np.ndarray,
    factors: Sequence[float],
) -> list[np.ndarray]:
    """The weights after each step of every optimizer, (steps, …) in float32; steps are compiled, as in a training."""
    library = runtime.start(backend, "cpu", 1)
    import keras

    from drivers.keras.optimizers import Optimizer

    found = []
    for module in modules:
        weight = keras.Variable(start.astype(np.float32))
        optimizer = Optimizer(module, [weight])
        step = library.compile(lambda slope, rate, by=optimizer: by.apply([slope], rate), [weight, *optimizer.slots()])
        path = []
        for gradient, factor in zip(gradients, factors, strict=True):
            step(gradient.astype(np.float32), np.float32(module["learning_rate"] * factor))
            path.append(np.array(keras.ops.convert_to_numpy(weight.value)))
        found.append(np.stack(path))
    return found
