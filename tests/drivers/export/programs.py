"""Runs an exported program in this process and compares it with the training that it was written from."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

import drivers
from drivers.data import load
from drivers.export import write_script

Losses = list[tuple[float, float]]


def run(text: str, steps: int, samples: np.ndarray, labels: np.ndarray | None) -> Losses:
    """The losses of the first steps of a program, generator's and discriminator's."""
    program: dict[str, Any] = {"__name__": "program", "__doc__": ""}
    exec(compile(text, "program.py", "exec"), program)
    if "make_generator" in program:
        networks = [program["make_generator"](), program["make_discriminator"]()]
    else:
        networks = [program["Generator"](), program["Discriminator"]()]
    names = program["train"].__code__.co_varnames[: program["train"].__code__.co_argcount]
    given = {"images": samples, "sequences": samples, "labels": labels, "average": None}
    if "average" in names:
        given["average"] = averaged(program, networks[0])
    training = program["train"](*networks, *(given[name] for name in names[2:]))
    return [(generator, discriminator) for _, generator, discriminator in islice(training, steps)]


def averaged(program: dict[str, Any], generator: Any) -> Any:
    """A second generator with the numbers of the first."""
    if "copy" in program:
        return program["copy"].deepcopy(generator)
    average = program["make_generator"]()
    average.set_weights(generator.get_weights())
    return average


def losses(spec: Any, *, library: str, steps: int) -> tuple[str, Losses, Losses]:
    """The program of a spec, its losses, and those of the spec's training."""
    data = load(spec["data"])
    session = drivers.open_session(spec, data, threads=1)
    for _ in range(steps):
        session.train_step()
    wanted = [(point["generator"], point["discriminator"]) for point in session.read_losses()]
    text = write_script(spec, library=library)
    return text, run(text, steps, data.samples, data.labels), wanted


def assert_same_losses(spec: Any, *, library: str = "pytorch", steps: int = 4, rtol: float = 1e-4) -> str:
    """The program of a spec reports the losses of its training; returns the program."""
    text, found, wanted = losses(spec, library=library, steps=steps)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-6)
    return text
