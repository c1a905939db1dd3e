"""Runs an exported program in this process and compares it with the training that it was written from."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

import drivers
from drivers.data import load
from drivers.export import write_script


def run(text: str, steps: int, images: np.ndarray, labels: np.ndarray | None) -> list[tuple[float, float]]:
    """The losses of the first steps of a program, generator's and discriminator's."""
    program: dict[str, Any] = {"__name__": "program", "__doc__": ""}
    exec(compile(text, "program.py", "exec"), program)
    networks = [program["Generator"](), program["Discriminator"]()]
    names = program["train"].__code__.co_varnames[: program["train"].__code__.co_argcount]
    given = {"images": images, "labels": labels, "average": None}
    if "average" in names:
        given["average"] = program["copy"].deepcopy(networks[0])
    training = program["train"](*networks, *(given[name] for name in names[2:]))
    return [(generator, discriminator) for _, generator, discriminator in islice(training, steps)]


def assert_same_losses(spec: Any, *, steps: int = 4, rtol: float = 1e-4) -> str:
    """The program of a spec reports the losses of its training; returns the program."""
    data = load(spec["data"])
    session = drivers.open_session(spec, data, threads=1)
    for _ in range(steps):
        session.train_step()
    wanted = [(point["generator"], point["discriminator"]) for point in session.read_losses()]
    text = write_script(spec)
    found = run(text, steps, data.samples, data.labels)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-6)
    return text
