"""Trains Keras's own GAN with a ``train_step`` beside the same GAN as a spec, in a process that has TensorFlow.

    python -m tests.drivers.keras.example_child FOLDER

Writes ``losses.npz``: of both, for each step, the generator's and the discriminator's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import keras
import numpy as np
from safetensors.numpy import load_file

import drivers
import spec
from benchmarks.yardsticks import keras_example
from drivers.data import load
from drivers.random import Random

STEPS, BATCH, WIDTH = 10, 8, 4
SEED = 3


def main(folder: Path) -> None:
    found = {}
    sgd = {"choice": "sgd", "learning_rate": 0.05}
    # The example's discriminator minimises the mean over both kinds, ours the sum of two means: twice as much.
    same = [keras.optimizers.SGD(0.05), keras.optimizers.SGD(0.1)]
    for name, optimizer, optimizers in (("adam", keras_example.ADAM, None), ("sgd", sgd, same)):
        found[f"{name}/ours"], found[f"{name}/example"] = train(folder, optimizer, optimizers)
    np.savez(folder / "losses.npz", **found)


def train(folder, optimizer, optimizers):
    """The losses of both: of each step the generator's and the discriminator's."""
    keys = {"driver": "keras", "backend": "tensorflow", "training": {"batch_size": BATCH, "seed": SEED}}
    digits = {"choice": "digits", "image_size": 64, "channels": 3, "count": 40}
    given = keras_example.spec(digits, width=WIDTH, dropout=0.0, optimizer=optimizer, **keys)
    resolved = spec.resolve(given)
    data = load(resolved["data"])
    session = drivers.open_session(resolved, data, threads=1)
    model = keras_example.on_tensorflow(optimizers, width=WIDTH, dropout=0.0)
    take_weights(session, model, folder / "weights.safetensors")
    random = Random(SEED)
    wanted = []
    for reals in batches(data.images, random):
        noise = random.noise.standard_normal((BATCH, keras_example.LATENT), dtype=np.float32)
        # Ours draws for the reals first; the example's labels have the fakes first.
        of_labels = random.penalty.random((2, BATCH), dtype=np.float32)[::-1]
        found = model.train_step((reals, noise, of_labels))
        wanted.append([float(found["generator"]), float(found["discriminator"])])
        session.train_step()
        if len(wanted) == STEPS:
            break
    ours = [[losses["generator"], losses["discriminator"]] for losses in session.read_losses()]
    return ours, wanted


def batches(images, random):
    """Reals in 0 to 1 in the order of a training."""
    while True:
        order = random.shuffle.permutation(len(images))
        for start in range(0, len(images) - BATCH + 1, BATCH):
            yield images[order[start : start + BATCH]].astype(np.float32) / 255.0


def take_weights(session, model, path: Path) -> None:
    """The driver's initial weights in the example's networks, whose last layer has the other sign."""
    session.save_weights(path)
    stored = load_file(path)
    for role in ("generator", "discriminator"):
        names = [layer["id"] for layer in session.spec[role]["layers"] if layer["parameter_count"]]
        arrays = [stored[f"{role}/{name}/{variable}"] for name in names for variable in ("kernel", "bias")]
        if role == "discriminator":
            arrays[-2:] = [-array for array in arrays[-2:]]
        getattr(model, role).set_weights(arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
