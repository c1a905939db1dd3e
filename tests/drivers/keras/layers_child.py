"""The layers of the Keras driver in a process of one backend: `python -m tests.drivers.keras.layers_child FOLDER`.

Reads what to compute from `cases.json` and `given.npz` of the folder, and leaves `found-BACKEND.npz` and, for what
could not be computed, `errors-BACKEND.json`.
"""

from __future__ import annotations

import json
import sys
import traceback
from itertools import groupby
from pathlib import Path

import keras
import numpy as np
from keras import ops

from drivers.keras.layers import LAYERS, Building, Mode
from tests.drivers.keras.children import write
from tests.drivers.keras.runtimes import Problem, derive


def main(folder: Path) -> None:
    backend = keras.config.backend()
    given = np.load(folder / "given.npz")
    cases = json.loads((folder / "cases.json").read_text())
    found, errors = {}, {}
    for kind, group in groupby(range(len(cases)), lambda index: cases[index]["config"]["type"]):
        indices = list(group)
        try:
            layers = [build(cases[index], weights(given, index)) for index in indices]
            problems = [
                # Second derivatives take JAX's compiler long.
                problem(layer, given, index, penalized=backend != "jax" or index == indices[0])
                for layer, index in zip(layers, indices, strict=True)
            ]
            compiled = backend == "jax"
            for index, layer, solved in zip(indices, layers, derive(problems, compiled=compiled), strict=True):
                found.update({f"{index}/{name}": value for name, value in named(layer, solved).items()})
            # The first once more, the other way. JAX compiles each operation by itself then; its result is enough.
            index = indices[0]
            layer = build(cases[index], weights(given, index))
            again = problem(layer, given, index, penalized=False)
            if compiled:
                found[f"{index}-otherwise/output"] = ops.convert_to_numpy(layer(*again.inputs))
            else:
                (solved,) = derive([again], compiled=True)
                found.update({f"{index}-otherwise/{name}": value for name, value in named(layer, solved).items()})
        except Exception:  # the parent fails the test of this layer with it
            errors[kind] = traceback.format_exc()
    write(folder, backend, found, errors)


def weights(given, index):
    start = f"{index}/weights/"
    return {name.removeprefix(start): given[name] for name in given.files if name.startswith(start)}


def build(case, weights):
    mode = Mode(training=case["training"])
    building = Building(np.random.default_rng(0), keras.random.SeedGenerator(0), mode)
    layer = LAYERS[case["config"]["type"]](case["config"], case["input_shapes"], building)
    for name, value in weights.items():
        layer.variables()[name].assign(value)
    return layer


def problem(layer, given, index, *, penalized):
    def penalty(*x):
        layer.mode.update_statistics = False
        try:
            return layer(*x)
        finally:
            layer.mode.update_statistics = True

    inputs = [given[f"{index}/inputs/{position}"] for position in range(len(layer.input_shapes))]
    variables = list(layer.variables().values())
    return Problem(layer, inputs, given[f"{index}/factor"], variables, penalty if penalized else None)


def named(layer, solved):
    trained = [name for name, variable in layer.variables().items() if variable.trainable]
    return {
        "output": solved.output,
        "names": np.array(list(layer.variables())),
        "trainable": np.array(trained),
        **{f"inputs/{position}": value for position, value in enumerate(solved.inputs)},
        **{f"gradients/{name}": value for name, value in zip(trained, solved.variables, strict=True)},
        **{f"penalty/inputs/{position}": value for position, value in enumerate(solved.penalty_inputs)},
        **{f"penalty/{name}": value for name, value in zip(trained, solved.penalty, strict=False)},
        **{f"after/{name}": value for name, value in zip(layer.variables(), solved.after, strict=True)},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
