"""Trainings with the Keras driver in a process of one backend: `python -m tests.drivers.keras.training_child FOLDER`.

Reads `given.json` and `given.npz` of the folder, and leaves what it found in `found-BACKEND.npz`, and the weights that
it trained in `FAMILY-BACKEND.safetensors`.
"""

from __future__ import annotations

import importlib
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

import drivers
from drivers import losses, regularizers
from drivers.data import load
from drivers.examination import Edit
from drivers.latent.directions import first_layer
from tests.drivers.trainings import losses_read, measurements

Found = dict[str, np.ndarray]


def main(folder: Path, backend: str) -> None:
    given = json.loads((folder / "given.json").read_text())
    arrays = dict(np.load(folder / "given.npz"))
    found: Found = {}
    for family, resolved in given["families"].items():
        found |= trained({**resolved, "driver": "keras", "backend": backend}, given["steps"], folder, family)
    found |= formulas(backend, given, arrays)
    for precision in ("float32", "bfloat16"):
        resolved = {**given["resumed"], "driver": "keras", "backend": backend, "precision": precision}
        found |= resumed(resolved, folder / f"{backend}-{precision}", f"resumed/{precision}")
    for family, resolved in given["reduced"].items():
        found[f"{family}/reduced"] = losses_of({**resolved, "driver": "keras", "backend": backend}, given["steps"])
    # Before files are opened: Keras's saving imports TensorFlow where it can.
    found["libraries"] = np.array([name for name in ("jax", "tensorflow", "torch") if name in sys.modules])
    found |= used({**given["used"], "driver": "keras", "backend": backend}, folder)
    found["refused"] = np.array(refused({**given["resumed"], "driver": "keras", "backend": backend}))
    found["capabilities"] = np.array(json.dumps(capabilities()))
    np.savez(folder / f"found-{backend}.npz", **found)


def refused(resolved: dict[str, Any]) -> str:
    """What is said of a card that is not there."""
    try:
        drivers.open_session({**resolved, "device": "cuda:7"}, None)
    except drivers.DriverError as error:
        return f"{error.code} {error.pointer}"
    return ""


def capabilities() -> dict[str, list[str]]:
    """What the code of the driver has."""
    from drivers.initializers import INITIALIZERS
    from drivers.keras.layers import LAYERS
    from drivers.keras.optimizers import OPTIMIZERS
    from drivers.keras.processes import PROCESSES
    from drivers.keras.runtime import BACKENDS
    from drivers.schedules import SCHEDULES

    rooms = {
        "backends": BACKENDS,
        "processes": PROCESSES,
        "layers": LAYERS,
        "losses": losses.LOSSES,
        "regularizers": regularizers.REGULARIZERS,
        "optimizers": OPTIMIZERS,
        "schedules": SCHEDULES,
        "initializers": INITIALIZERS,
    }
    return {kind: sorted(names) for kind, names in rooms.items()}


def trained(resolved: dict[str, Any], steps: int, folder: Path, family: str) -> Found:
    """What a training from the seed alone, and what weights of the PyTorch driver, lead to."""
    session = open_(resolved)
    for _ in range(steps):
        session.train_step()
    losses = losses_read(session)
    measured = measurements(session)
    session.save_weights(folder / f"{family}-{resolved['backend']}.safetensors")
    session.load_weights(folder / f"{family}-pytorch.safetensors")
    samples, scores = looked_at(session)
    return {
        f"{family}/losses": losses,
        f"{family}/measured": measured,
        f"{family}/samples": samples,
        f"{family}/scores": scores,
        f"{family}/hidden": looked_into(session),
        f"{family}/edited": edited(session),
    }


def losses_of(resolved: dict[str, Any], steps: int) -> np.ndarray:
    """The losses of a training from the seed alone."""
    session = open_(resolved)
    for _ in range(steps):
        session.train_step()
    return losses_read(session)


def open_(resolved: dict[str, Any]) -> Any:
    return drivers.open_session(resolved, load(resolved["data"]), threads=1)


def looked_at(session: Any, count: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Samples before they are rounded to pixels, and the scores of images of the data."""
    process, state = session._process, session._state
    labels = np.arange(count) % 10
    source = process.draw(count, 3)
    made = process.generate(state.tensor(source), state.tensor(labels) if process.generates_by_label else None)
    images = load(session.spec["data"]).samples[:count]
    scores = session.discriminate(images, labels if process.judges_by_label else None)["score"]
    return state.array(made), scores


def looked_into(session: Any, count: int = 2) -> np.ndarray:
    """What every layer of the generator gives, one after another."""
    module = session.spec["generator"]
    labels = np.arange(count) if module["conditional"] else None
    layers = [layer["id"] for layer in module["layers"]]
    found = session.activations("generator", layers, noise=session.draw(count, seed=3), labels=labels)
    return np.concatenate([found[layer].ravel() for layer in layers])


def edited(session: Any) -> np.ndarray:
    """Samples with a unit off and one on in the first layer that has weights for the noise."""
    edit = Edit(off=[0], on={1: 2.0})
    return session.sample(4, seed=3, edits={first_layer(session.spec): edit}).astype(float)


def formulas(backend_name: str, given: dict[str, Any], arrays: Found) -> Found:
    """Every loss with its slopes by the scores, every penalty with its slopes by a critic's weights."""
    import keras
    from keras import ops

    from drivers.keras.ops import KerasOps

    backend = importlib.import_module(f"drivers.keras.backends.{backend_name}")
    found: Found = {}

    def derive(name: str, function: Any, variables: Any = (), points: Any = ()) -> None:
        def run(*inputs: Any) -> Any:
            value, pull = backend.pullback(function, variables, inputs, state=variables)
            by_variable, by_point = pull(ops.ones_like(value))
            return value, [*by_variable, *by_point]

        value, slopes = backend.compile(run, variables)(*points)
        found[name] = ops.convert_to_numpy(value)
        found.update({f"{name}/{index}": ops.convert_to_numpy(slope) for index, slope in enumerate(slopes)})

    plain = KerasOps(backend, ())
    real, fake = (ops.convert_to_tensor(arrays[name]) for name in ("real_scores", "fake_scores"))
    for choice in given["losses"]:
        loss = losses.build({"choice": choice})
        derive(f"{choice}/discriminator", partial(loss.discriminator, plain), points=(real, fake))
        derive(f"{choice}/generator", partial(loss.generator, plain), points=(fake, real))

    weights = [keras.Variable(arrays["kernel"]), keras.Variable(arrays["bias"])]

    def critic(x: Any) -> Any:
        return ops.sum(ops.tanh(ops.matmul(ops.reshape(x, (x.shape[0], -1)), weights[0]) + weights[1]), axis=1)

    images = [ops.convert_to_tensor(arrays[name]) for name in ("reals", "fakes")]
    for choice in given["penalties"]:
        penalty = regularizers.build({"choice": choice})

        def value(penalty: Any = penalty) -> Any:
            return penalty(KerasOps(backend, weights, ops.convert_to_tensor(arrays["draws"])), critic, *images)

        derive(choice, value, weights)
    return found


def resumed(resolved: dict[str, Any], folder: Path, name: str) -> Found:
    """The losses after a checkpoint, of the training that wrote it and of one that took it up, and what is kept."""
    whole, found = open_(resolved), {}
    for _ in range(3):
        whole.train_step()
    whole.read_losses()
    whole.save_checkpoint(folder)
    again = open_(resolved)
    again.train_step()  # whatever it did before is forgotten
    again.load_checkpoint(folder)
    for which, session in (("whole", whole), ("again", again)):
        session.change({"learning_rate": {"generator": 1e-4}})
        for update in (None, None, ["discriminator"], ["generator"], None):
            session.train_step(update)
        found[f"{name}/{which}"] = losses_read(session)
        found[f"{name}/{which}/sample"] = session.sample(4, seed=5)
    whole.save_weights(folder / "weights.safetensors")
    kept = [load_file(path) for path in folder.glob("*.safetensors")]
    found[f"{name}/kinds"] = np.array(sorted({str(value.dtype) for arrays in kept for value in arrays.values()}))
    found[f"{name}/precision"] = np.array(whole.environment["precision"])
    return found


def used(resolved: dict[str, Any], folder: Path) -> Found:
    """What a model answers that was trained elsewhere, and what its networks answer as `.keras` files."""
    import keras
    from keras import ops

    session = drivers.open_session(resolved, None, threads=1)
    session.load_weights(folder / "used-pytorch.safetensors")
    question, images = asked(resolved), judged(resolved)
    found = {"used/samples": session.sample(**question)}
    found |= {f"used/{name}": np.asarray(value) for name, value in session.discriminate(**images).items()}
    inputs = {
        "generator": {"noise": question["noise"], "label": question["labels"]},
        "discriminator": {"image": images["samples"].astype(np.float32) / 127.5 - 1, "label": images["labels"]},
    }
    for role, given in inputs.items():
        path = folder / f"{role}-{resolved['backend']}.keras"
        session.export("keras", role, path)
        model = keras.saving.load_model(path)
        answer = model({name: ops.convert_to_tensor(value) for name, value in given.items()})
        found[f"used/file/{role}"] = ops.convert_to_numpy(answer)
    try:
        session.export("onnx", "generator", folder / "generator.onnx")
    except drivers.DriverError as error:
        found["used/onnx"] = np.array(error.code)
    return found


def asked(resolved: dict[str, Any]) -> dict[str, np.ndarray]:
    """Noise for five samples, and their labels."""
    noise = np.random.default_rng(0).normal(size=(5, resolved["generator"]["latent_dim"]))
    return {"noise": noise.astype(np.float32), "labels": np.array([3, 1, 4, 1, 5])}


def judged(resolved: dict[str, Any]) -> dict[str, np.ndarray]:
    """Eight images of the data with their labels."""
    data = load(resolved["data"])
    return {"samples": data.samples[:8], "labels": data.labels[:8]}


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
