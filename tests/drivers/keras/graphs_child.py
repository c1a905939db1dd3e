"""Drawn networks in a process of one backend: `python -m tests.drivers.keras.graphs_child FOLDER`.

Reads `graphs.json` and `given.npz` of the folder, and leaves `found-BACKEND.npz` and, for what could not be computed,
`errors-BACKEND.json`.
"""

from __future__ import annotations

import json
import sys
import traceback
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import dtypes

from drivers.keras.network import Network
from tests.drivers.keras.children import write
from tests.drivers.keras.runtimes import Problem, derive


def main(folder: Path) -> None:
    backend = keras.config.backend()
    in_float64(backend)
    given, found, errors = np.load(folder / "given.npz"), {}, {}
    graphs = json.loads((folder / "graphs.json").read_text())
    for index, graph in enumerate(graphs):
        # JAX's compiler takes seconds for each.
        if backend == "jax" and index % graph["one_in"]:
            continue
        try:
            inputs = [given[f"{index}/{name}"].astype(np.float64) for name in ("noise", "label", "data")]
            found.update({f"{index}/{name}": value for name, value in solve(graph, inputs).items()})
        except Exception:  # the parent fails the test of this graph with it
            errors[str(index)] = traceback.format_exc()
    write(folder, backend, found, errors)


def solve(graph, inputs):
    weights, draws = np.random.default_rng(0), keras.random.SeedGenerator(0)
    generator, discriminator = (
        Network(graph[role]["layers"], graph[role]["outputs"], weights=weights, dropout=draws)
        for role in ("generator", "discriminator")
    )
    generator.mode.training = discriminator.mode.training = graph["training"]

    source = graph["source"]

    def score(noise, label, data):
        return discriminator(**{source: generator(noise=noise, label=label)}, label=label)

    def penalized(noise, label, data):
        discriminator.mode.update_statistics = False
        try:
            return discriminator(**{source: data}, label=label)
        finally:
            discriminator.mode.update_statistics = True

    named = {
        f"{role}/{name}": variable
        for role, network in (("generator", generator), ("discriminator", discriminator))
        for name, variable in network.weights().items()
    }
    off_the_start(named)
    variables = [*named.values(), draws.state]
    factor = np.ones((len(inputs[0]), 1))
    problem = Problem(score, inputs, factor, variables, penalized if graph["training"] else None)
    (solved,) = derive([problem], compiled=keras.config.backend() == "jax")
    trained = [name for name, variable in named.items() if variable.trainable]
    return {
        "output": solved.output,
        **{f"gradients/{name}": value for name, value in zip(trained, solved.variables, strict=True)},
        **{f"penalty/{name}": value for name, value in zip(trained, solved.penalty, strict=False)},
        **({"penalty/data": solved.penalty_inputs[2]} if solved.penalty_inputs else {}),
        **{f"after/{name}": value for name, value in zip(named, solved.after, strict=False)},
    }


def off_the_start(variables):
    """As the parent moves them; at a kink, such as what kernels of zeros give, libraries choose different slopes."""
    rng = np.random.default_rng(1)
    for variable in variables.values():
        moved = keras.ops.convert_to_numpy(variable.value) + np.abs(rng.normal(0, 0.05, tuple(variable.shape)))
        variable.assign(moved)


def in_float64(backend):
    """Numbers that differ for another reason than rounding still differ in the seventh place then."""
    keras.config.set_floatx("float64")
    # On JAX and PyTorch, Keras takes means in float32 whatever they are of; not where this table says otherwise.
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    if backend == "jax":
        import jax

        jax.config.update("jax_enable_x64", True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
