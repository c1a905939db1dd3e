"""Trainings that go by a script, on any runtime, and all that one leads to.

They run in the test's own process with the PyTorch driver, and in those of the other runtimes, which are
`tests.drivers.keras.workers`; so everything here can travel from one process to another.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from safetensors.numpy import load_file

import drivers
from drivers.checkpoint import MANIFEST
from drivers.data import load
from drivers.losses import LOSSES, Loss
from drivers.state import live_weights

# A backend of the Keras driver, or the PyTorch driver.
Runtime = str
PYTORCH = "pytorch"
# One thing to do: a step of these roles (None: of all), or changes of `Session.change`.
Act = Sequence[str] | Mapping[str, Any] | None
Script = Sequence[Act]


class Relativistic(Loss):
    """Jolicoeur-Martineau 2018, "The relativistic discriminator", RSGAN: no loss of the catalogue looks at reals twice.

    Discriminator: E sp(f - r); generator: E sp(r - f), on reals of its own.
    """

    generator_needs_real = True
    boundary = None

    def discriminator(self, ops: Any, real: Any, fake: Any) -> Any:
        return ops.mean(ops.softplus(fake - real))

    def generator(self, ops: Any, fake: Any, real: Any = None) -> Any:
        return ops.mean(ops.softplus(real - fake))


@dataclass(frozen=True)
class Training:
    """A resolved spec, without driver and backend, and what is done in one session of it.

    The spec may have the loss `Relativistic`.
    """

    spec: Mapping[str, Any]
    script: Script


@dataclass(frozen=True)
class Outcome:
    """What a training leads to.

    Attributes:
        start, end: every variable before and after, by ``network/layer/variable``; of averages by ``average of …``.
        losses: of each step the generator's and the discriminator's; NaN: not updated.
        measured: what was measured beside the losses, in the order of the names.
        samples: from noise of a seed.
    """

    start: dict[str, np.ndarray] = field(repr=False)
    end: dict[str, np.ndarray] = field(repr=False)
    losses: np.ndarray
    measured: np.ndarray
    samples: np.ndarray


@dataclass(frozen=True)
class Cut:
    """A training that was cut in two beside one that was not.

    Attributes:
        differing: what is not the same in the end, bit for bit: losses after the cut, samples, and everything that a
            checkpoint holds, which are variables, averages, optimizers, random streams and settings.
        losses: after the cut, as of `Outcome`.
        kinds: the types of all that a checkpoint holds.
        precision: what it trained in.
    """

    differing: list[str]
    losses: np.ndarray
    kinds: dict[str, str]
    precision: str


def smooth(resolved: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec without dropout, which draws in each library by itself, and with SiLU in place of LeakyReLU.

    LeakyReLU's slope has a step, so a penalty on slopes jumps where rounding takes a unit to its other side.
    """
    for layer in resolved["generator"]["layers"] + resolved["discriminator"]["layers"]:
        if layer["type"] == "Dropout":
            layer["rate"] = 0.0
        if layer["type"] == "LeakyReLU":
            layer["type"] = "SiLU"
            del layer["negative_slope"]
    return dict(resolved)


def open_on(runtime: Runtime, spec: Mapping[str, Any]) -> Any:
    """A session of a resolved spec with its data."""
    driver = {"driver": PYTORCH} if runtime == PYTORCH else {"driver": "keras", "backend": runtime}
    return drivers.open_session({**spec, **driver}, load(spec["data"]), threads=1)


def follow(session: Any, script: Script) -> None:
    for act in script:
        if isinstance(act, Mapping):
            session.change(act)
        else:
            session.train_step(act)


def train_all(runtime: Runtime, trainings: Mapping[str, Training]) -> dict[str, Outcome]:
    """Every training from its seed."""
    return {name: train(runtime, training) for name, training in trainings.items()}


@patch.dict(LOSSES, relativistic=Relativistic)
def train(runtime: Runtime, training: Training) -> Outcome:
    session = open_on(runtime, training.spec)
    start = variables(session)
    follow(session, training.script)
    losses = losses_read(session)
    return Outcome(start, variables(session), losses, measurements(session), session.sample(4, seed=3))


def variables(session: Any) -> dict[str, np.ndarray]:
    """Every variable of the networks and their averages."""
    state = session._state
    averages = {f"average of {role}": average.network for role, average in state.averages.items()}
    return {name: np.array(state.array(value)) for name, value in live_weights({**state.networks, **averages}).items()}


def losses_read(session: Any) -> np.ndarray:
    """The generator's and the discriminator's loss of each step since they were last read; NaN: not updated."""
    return np.array([[point["generator"], point["discriminator"]] for point in session.read_losses()], np.float64)


def measurements(session: Any) -> np.ndarray:
    """What was measured beside the losses, in the order of the names."""
    return np.array(
        [[found["values"][name] for name in sorted(found["values"])] for found in session.read_measurements()]
    )


def cut_all(runtime: Runtime, cuts: Mapping[str, tuple[Training, Script]]) -> dict[str, Cut]:
    """Every training cut in two: up to its checkpoint, and what is done after it."""
    return {name: cut(runtime, *halves) for name, halves in cuts.items()}


@patch.dict(LOSSES, relativistic=Relativistic)
def cut(runtime: Runtime, first: Training, rest: Script) -> Cut:
    """Trains, saves a checkpoint and goes on; and goes on from that checkpoint in another session."""
    with TemporaryDirectory() as folder:
        at_cut, whole, resumed = (Path(folder) / name for name in ("cut", "whole", "resumed"))
        before = open_on(runtime, first.spec)
        follow(before, first.script)
        before.read_losses()
        before.save_checkpoint(at_cut)
        after = open_on(runtime, first.spec)
        after.train_step()  # whatever it did before is forgotten
        after.read_losses()
        after.load_checkpoint(at_cut)
        ends = {}
        for session, end in ((before, whole), (after, resumed)):
            follow(session, rest)
            ends[end] = {"losses": losses_read(session), "samples": session.sample(4, seed=5)}
            session.save_checkpoint(end)
            ends[end] |= checkpoint(end)
        return Cut(
            differing=[name for name, value in ends[whole].items() if value.tobytes() != ends[resumed][name].tobytes()],
            losses=ends[whole]["losses"],
            kinds={name: str(value.dtype) for name, value in checkpoint(whole).items()},
            precision=before.environment["precision"],
        )


def checkpoint(folder: Path) -> dict[str, np.ndarray]:
    """All that is in a checkpoint, by name."""
    manifest = json.loads((folder / MANIFEST).read_text())
    tensors = load_file(folder / manifest.pop("tensors"))
    return {**tensors, **{name: np.array(json.dumps(value)) for name, value in manifest.items()}}


def compare(found: Outcome, expected: Outcome, *, tolerance: float = 1e-3) -> None:
    """Fails unless two trainings led to the same.

    Weights agree as far as ``tolerance`` of the way that the weights of their layer have gone, and absolutely.
    """
    np.testing.assert_allclose(found.losses, expected.losses, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.measured, expected.measured, rtol=1e-3, atol=1e-6)
    assert found.end.keys() == expected.end.keys()
    gone = ways(expected)
    for name, value in expected.end.items():
        np.testing.assert_array_equal(found.start[name], expected.start[name], err_msg=name)
        allowed = tolerance * min(gone[layer_of(name)], 1.0)
        np.testing.assert_allclose(found.end[name], value, rtol=0, atol=allowed, err_msg=name)
    np.testing.assert_allclose(found.samples.astype(float), expected.samples.astype(float), rtol=0, atol=1)


def ways(outcome: Outcome) -> dict[str, float]:
    """How far the weights of each layer, ``network/layer``, have gone: the largest change of any of them."""
    gone: dict[str, float] = {}
    for name, end in outcome.end.items():
        change = float(np.abs(end - outcome.start[name]).max(initial=0.0))
        gone[layer_of(name)] = max(gone.get(layer_of(name), 0.0), change)
    return gone


def layer_of(name: str) -> str:
    """``network/layer`` of a variable's ``network/layer/variable``."""
    return "/".join(name.split("/")[:2])
