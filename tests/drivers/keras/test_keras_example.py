"""Keras's own example of a GAN, drawn here, has the losses of its own ``train_step``."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the example's train_step is one of TensorFlow")


@pytest.fixture(scope="module")
def losses(tmp_path_factory):
    """In a process of its own, because this one has another backend."""
    folder = tmp_path_factory.mktemp("example")
    settings = {"KERAS_BACKEND": "tensorflow", "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, "-m", "tests.drivers.keras.example_child", str(folder)]
    run = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr[-3000:]
    return dict(np.load(folder / "losses.npz"))


# Adam divides by the size of a gradient: where that is rounding, so is the step.
@pytest.mark.parametrize(("optimizer", "tolerance"), [("adam", 1e-3), ("sgd", 1e-6)])
def test_ten_steps_have_the_losses_of_the_example(losses, optimizer, tolerance):
    """Ours of the discriminator is the sum of two means, the example's the mean over reals and fakes: half of it."""
    ours, example = losses[f"{optimizer}/ours"], losses[f"{optimizer}/example"]
    assert ours.shape == (10, 2)
    np.testing.assert_allclose(ours, example * [1.0, 2.0], rtol=tolerance)
