"""Runs an exported program in this process and compares it with the training that it was written from."""

from __future__ import annotations

import ast
import contextlib
import io
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

import drivers
import spec
from drivers.data import load
from drivers.export import write_script
from tests.drivers.conftest import small_spec

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
    if "AveragedModel" in program:
        average = program["AveragedModel"](
            generator, multi_avg_fn=program["get_ema_multi_avg_fn"](program["EMA_DECAY"])
        )
        average.update_parameters(generator)
        return average
    average = program["make_generator"]()
    average.set_weights(generator.get_weights())
    return average


def losses(given: Any, *, library: str, steps: int) -> tuple[str, Losses, Losses]:
    """The program of a spec, its losses, and those of the spec's training."""
    data = load(given["data"])
    session = drivers.open_session(given, data, threads=1)
    for _ in range(steps):
        session.train_step()
    wanted = [(point["generator"], point["discriminator"]) for point in session.read_losses()]
    text = write_script(given, library=library)
    return text, run(text, steps, data.samples, data.labels), wanted


def run_as_main(text: str, folder: Path) -> Losses:
    """The losses that a program prints when it is run in a folder."""
    printed = io.StringIO()
    with contextlib.chdir(folder), contextlib.redirect_stdout(printed):
        exec(compile(text, "program.py", "exec"), {"__name__": "__main__", "__doc__": ""})
    _, *lines = printed.getvalue().splitlines()
    return [(float(generator), float(discriminator)) for _, generator, discriminator in (e.split(",") for e in lines)]


def assert_goes_on(first: Any, second: Any, folder: Path, *, library: str) -> str:
    """A program of ``second`` that starts from the weights of ``first`` reports the losses of a training that does.

    Returns:
        The program.
    """
    data = load(first["data"])
    earlier = drivers.open_session(first, data, threads=1)
    earlier.train_step()
    earlier.save_weights(folder / "job-1.safetensors")
    start = {"weights": {"job": "job-1", "replace": ["dense_1"]}}
    second = spec.resolve({**second, **{role: {**second[role], **start} for role in ("generator", "discriminator")}})
    session = drivers.open_session(second, data, threads=1)
    for role in ("generator", "discriminator"):
        session.start_from(role, folder / "job-1.safetensors", replace=["dense_1"])
    while session.step < session.total_steps:
        session.train_step()
    wanted = [(point["generator"], point["discriminator"]) for point in session.read_losses()]
    text = write_script(second, library=library)
    np.testing.assert_allclose(run_as_main(text, folder), wanted, rtol=1e-4, atol=1e-6)
    return text


WAVES = {"choice": "sine", "length": 8, "channels": 2, "classes": 3, "count": 64, "noise": 0.1}
RECURRENT_CRITIC = {
    "choice": "custom",
    "layers": [
        {"id": "waves", "type": "Input", "source": "sequence", "inputs": []},
        {"id": "both", "type": "Bidirectional", "inputs": ["waves"],
         "layer": {"type": "LSTM", "units": 4, "return_sequences": True, "dropout": 0.2, "recurrent_dropout": 0.2}},
        {"id": "heads", "type": "MultiHeadAttention", "num_heads": 2, "key_dim": 3, "dropout": 0.3, "inputs": ["both"]},
        {"id": "steps", "type": "TimeDistributed", "layer": {"type": "Dense", "units": 3}, "inputs": ["heads"]},
        {"id": "last", "type": "GRU", "units": 4, "dropout": 0.5, "inputs": ["steps"]},
        {"id": "score", "type": "Dense", "units": 1, "inputs": ["last"]},
    ],
}  # fmt: skip
"""A discriminator of sequences with layers that go through them and draw while they do."""


def waves_spec(discriminator: Any = "gan", **modules: Any) -> Any:
    """A resolved spec of small networks on short waves."""
    return spec.resolve(
        {
            "data": WAVES,
            "generator": {"choice": "gan", "latent_dim": 4, "widths": [8]},
            "discriminator": discriminator,
            "device": "cpu",
            "precision": "float32",
            "training": {"epochs": 1, "batch_size": 16, "sample_count": 4},
            **modules,
        }
    )


NORMALIZED = [
    {"id": "image", "type": "Input", "source": "image", "inputs": []},
    {"id": "label", "type": "Input", "source": "label", "inputs": []},
    {"id": "flat", "type": "Flatten", "inputs": ["image"]},
    {"id": "class", "type": "Embedding", "input_dim": 10, "output_dim": 4, "inputs": ["label"]},
    {"id": "both", "type": "Concatenate", "inputs": ["flat", "class"]},
    {"id": "hidden", "type": "Dense", "units": 16, "inputs": ["both"]},
    {"id": "even", "type": "LayerNormalization", "inputs": ["hidden"]},
    {"id": "bent", "type": "Tanh", "inputs": ["even"]},
    {"id": "score", "type": "Dense", "units": 1, "inputs": ["bent"]},
]
"""A discriminator of images and labels that normalizes after its first layer."""


def normalized_spec(**modules: Any) -> Any:
    """A critic that sees labels, with a gradient penalty through a normalization."""
    loss = {"choice": "wasserstein", "regularizers": ["gradient_penalty"]}
    drawn, sgd = {"choice": "custom", "layers": NORMALIZED}, {"choice": "sgd", "learning_rate": 0.1}
    return small_spec("cgan", drawn, loss=loss, optimizer=sgd, **modules)


def deep_dcgan(**modules: Any) -> Any:
    """A resolved spec of a DCGAN with blocks enough for loops; few filters, so that it is quick."""
    few = {"choice": "dcgan", "filters": 4}
    return small_spec("dcgan", few, **modules, data={"image_size": 64})


def imported(text: str) -> set[str]:
    """The packages that a program imports."""
    nodes = list(ast.walk(ast.parse(text)))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}
    return {name.split(".")[0] for name in names}


def assert_same_losses(given: Any, *, library: str = "pytorch", steps: int = 4, rtol: float = 1e-4) -> str:
    """The program of a spec reports the losses of its training; returns the program."""
    text, found, wanted = losses(given, library=library, steps=steps)
    np.testing.assert_allclose(found, wanted, rtol=rtol, atol=1e-6)
    return text
