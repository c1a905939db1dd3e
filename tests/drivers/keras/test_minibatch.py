"""The slopes of compared samples, as steps are compiled on JAX."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
# Where a sample is one number, XLA makes products of the comparison, and computes one again wherever it needs it.
COMPARE = """
from drivers.keras.runtime import start

backend = start("jax", "cpu", 1)

import jax
import keras
import numpy as np

from drivers.keras.layers.minibatch import MinibatchDiscrimination

rng = np.random.default_rng(0)
for kernels, size in ((1, 1), (2, 3), (4, 1), (1, 4)):
    layer = MinibatchDiscrimination(kernels, size)
    layer.build((16, 1))
    x, weights = (rng.normal(size=(16, width)).astype("float32") for width in (1, 1 + kernels))
    kernel = rng.normal(size=layer.kernel.shape).astype("float32")

    def total(x, kernel):
        with keras.StatelessScope([(layer.kernel, kernel)]):
            return (layer(x) * weights).sum()

    slopes = jax.grad(total, (0, 1))
    compiled = jax.jit(slopes, compiler_options=backend._options())
    for found, wanted in zip(compiled(x, kernel), slopes(x, kernel), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
"""


def test_single_numbers_are_compared_with_the_right_slopes_on_jax():
    said = subprocess.run(
        [sys.executable, "-c", COMPARE], cwd=ROOT, env=os.environ, capture_output=True, text=True, check=False
    )
    assert said.returncode == 0, said.stderr
