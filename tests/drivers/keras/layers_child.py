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
from drivers.keras.precision import Precision
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
            # Some once more, their products in bfloat16.
            chosen = [index for index in indices if cases[index]["reduced"]]
            reduced = [build(cases[index], weights(given, index), "bfloat16") for index in chosen]
            problems += [problem(layer, given, index) for layer, index in zip(reduced, chosen, strict=True)]
            names = [*map(str, indices), *(f"{index}-reduced" for index in chosen)]
            compiled = backend == "jax"
            for at, layer, solved in zip(names, layers + reduced, derive(problems, compiled=compiled), strict=True):
                found.update({f"{at}/{name}": value for name, value in named(layer, solved).items()})
            for layer, index in zip(reduced, chosen, strict=True):
                rounded = given_rounded(layer, given, index)
                found[f"{index}-reduced/dtype"] = np.array(keras.backend.standardize_dtype(rounded.dtype))
                found[f"{index}-reduced/rounded"] = ops.convert_to_numpy(ops.cast(rounded, "float32"))
            # The first the other way. JAX compiles each operation by itself then; its result is enough.
            index = indices[0]
            layer = build(cases[index], weights(given, index))
            again = problem(layer, given, index)
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


def build(case, weights, precision="float32"):
    mode = Mode(training=case["training"])
    building = Building(np.random.default_rng(0), keras.random.SeedGenerator(0), mode, Precision(precision))
    layer = LAYERS[case["config"]["type"]](case["config"], case["input_shapes"], building)
    for name, value in weights.items():
        layer.variables()[name].assign(value)
    return layer


def problem(layer, given, index, *, penalized=False):
    def function(*x):
        return ops.cast(layer(*x), "float32")

    def penalty(*x):
        layer.mode.update_statistics = False
        try:
            return layer(*x)
        finally:
            layer.mode.update_statistics = True

    inputs = [given[f"{index}/inputs/{position}"] for position in range(len(layer.input_shapes))]
    variables = list(layer.variables().values())
    return Problem(function, inputs, given[f"{index}/factor"], variables, penalty if penalized else None)


def given_rounded(layer, given, index):
    """What the layer puts out where its inputs come from layers that compute in bfloat16."""
    inputs = [given[f"{index}/inputs/{position}"] for position in range(len(layer.input_shapes))]
    return layer(*(ops.cast(ops.convert_to_tensor(x), "bfloat16") for x in inputs))


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
