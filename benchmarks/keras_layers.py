"""The layers of the Keras driver beside plain Keras's own, forward, and forward and backward.

Each of our layers and the same one of plain Keras, with the same weights, take turns in short bursts in one process,
both compiled as the driver compiles a training step. The ratio is taken burst by burst; above 1 ours is faster. What
misses the goal is measured once more, longer, and only that counts.

    python benchmarks/keras_layers.py [--backends jax tensorflow torch] [--layers LSTM Conv2D …] [--rounds 9]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

GOAL = 0.95
BATCH = 32
AGAIN = 3  # times as many rounds for what missed the goal

Chain = list[dict[str, Any]]

IMAGE = (32, 32, 16)
SMALL_IMAGE = (8, 8, 64)
VOLUME = (8, 8, 8, 16)
SEQUENCE = (32, 32)
FRAMES = (6, 16, 16, 8)
ROW = (512,)
SAME = {"padding": "same"}
TWICE = {"strides": 2, "padding": "same"}
LSTM = {"type": "LSTM", "units": 32, "return_sequences": True}
SMALL_CONVOLUTION = {"type": "Conv2D", "filters": 16, "kernel_size": 3, "padding": "same"}


class Case(NamedTuple):
    """A chain of layers, ``{"type", …parameters}``, and the shapes of what its first one takes."""

    chain: Chain
    shapes: list[tuple[int, ...]]

    @property
    def name(self) -> str:
        return " + ".join(_title(layer) for layer in self.chain)


def _title(layer: dict[str, Any]) -> str:
    def told(value: Any) -> str:
        return _title(value) if isinstance(value, dict) else str(value)

    parameters = ", ".join(f"{name} {told(value)}" for name, value in layer.items() if name != "type")
    return f"{layer['type']}({parameters})"


def _cases() -> list[Case]:
    """At sizes that networks have; those that the driver computes otherwise at several."""

    def one(kind: str, *shapes: tuple[int, ...], **parameters: Any) -> Case:
        return Case([{"type": kind, **parameters}], list(shapes))

    convolutions = [
        one("Conv1D", (64, 32), filters=64, kernel_size=5, **SAME),
        one("Conv2D", SMALL_IMAGE, filters=64, kernel_size=3, **SAME),
        one("Conv2D", IMAGE, filters=32, kernel_size=4, **TWICE),
        one("Conv2D", IMAGE, filters=32, kernel_size=3, groups=4, **SAME),
        one("Conv2D", IMAGE, filters=32, kernel_size=3, dilation_rate=2, **SAME),
        one("Conv3D", VOLUME, filters=16, kernel_size=3, **SAME),
        one("Conv1DTranspose", (64, 32), filters=32, kernel_size=4, **TWICE),
        one("Conv2DTranspose", SMALL_IMAGE, filters=32, kernel_size=4, **TWICE),
        one("Conv2DTranspose", SMALL_IMAGE, filters=32, kernel_size=5, **TWICE),
        one("Conv2DTranspose", SMALL_IMAGE, filters=32, kernel_size=2, **TWICE),
        one("Conv2DTranspose", SMALL_IMAGE, filters=32, kernel_size=3, **SAME),
        one("Conv2DTranspose", SMALL_IMAGE, filters=32, kernel_size=3, dilation_rate=2, **SAME),
        one("Conv3DTranspose", (4, 4, 4, 8), filters=4, kernel_size=4, **TWICE),
        one("DepthwiseConv2D", IMAGE, kernel_size=3, **SAME),
        one("DepthwiseConv2D", IMAGE, kernel_size=3, **TWICE),
        one("SeparableConv2D", IMAGE, filters=32, kernel_size=3, **SAME),
        Case([{"type": "UpSampling2D"}, {"type": "Conv2D", "filters": 32, "kernel_size": 3, **SAME}], [SMALL_IMAGE]),
    ]
    pooling = [
        one(f"{kind}Pooling{axes}D", shape, **parameters)
        for kind in ("Max", "Average")
        for axes, shape in ((1, (64, 64)), (2, IMAGE))
        for parameters in ({}, {"pool_size": 3, **TWICE})
    ]
    pooling += [
        one(f"Global{kind}Pooling{n}D", s) for kind in ("Max", "Average") for n, s in ((1, SEQUENCE), (2, IMAGE))
    ]
    resizing = [
        one("UpSampling1D", (64, 64)),
        one("UpSampling2D", (16, 16, 32)),
        one("UpSampling2D", (16, 16, 32), interpolation="bilinear"),
        one("ZeroPadding1D", (64, 64)),
        one("ZeroPadding2D", IMAGE),
        one("Cropping1D", (64, 64)),
        one("Cropping2D", IMAGE),
    ]
    recurrent = [
        one("SimpleRNN", SEQUENCE, units=32, return_sequences=True),
        one("LSTM", SEQUENCE, units=32),
        one("LSTM", SEQUENCE, units=32, return_sequences=True),
        one("GRU", SEQUENCE, units=32),
        one("GRU", SEQUENCE, units=32, reset_after=False),
        one("ConvLSTM2D", FRAMES, filters=8, kernel_size=3, **SAME),
        one("Bidirectional", SEQUENCE, layer=LSTM),
        one("TimeDistributed", (8, 16, 16, 8), layer=SMALL_CONVOLUTION),
    ]
    core = [
        one("Dense", ROW, units=512),
        one("Dense", SEQUENCE, units=64, activation="tanh"),
        one("Embedding", (32,), input_dim=1000, output_dim=64),
        one("Flatten", IMAGE),
        one("Reshape", IMAGE, target_shape=[16, 64, 16]),
        one("Permute", IMAGE, dims=[3, 1, 2]),
        one("RepeatVector", ROW, n=32),
        one("Dropout", IMAGE, rate=0.25),
        one("SpatialDropout1D", (64, 64), rate=0.25),
        one("SpatialDropout2D", IMAGE, rate=0.25),
        one("GaussianNoise", IMAGE, stddev=0.1),
        one("Rescaling", IMAGE, scale=0.5),
        one("MultiHeadAttention", SEQUENCE, num_heads=4, key_dim=16),
        one("MultiHeadAttention", SEQUENCE, num_heads=4, key_dim=16, use_causal_mask=True),
        one("Dot", (64, 32), (64, 32), axes=2),
    ]
    core += [
        one(kind, IMAGE, IMAGE)
        for kind in ("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract")
    ]
    kinds = ("ReLU", "LeakyReLU", "PReLU", "ELU", "SELU", "SiLU", "Sigmoid", "Softmax", "Softplus", "Tanh")
    activations = [one(kind, IMAGE) for kind in kinds]
    normalization = [
        one("BatchNormalization", IMAGE),
        one("BatchNormalization", ROW),
        one("LayerNormalization", IMAGE),
        one("LayerNormalization", IMAGE, axis=[1, 2, 3]),
        one("GroupNormalization", IMAGE, groups=4),
        one("InstanceNormalization", IMAGE),
        one("SpectralNormalization", ROW, layer={"type": "Dense", "units": 512}),
        one("SpectralNormalization", SMALL_IMAGE, layer={**SMALL_CONVOLUTION, "filters": 64}),
    ]
    return [*convolutions, *pooling, *resizing, *recurrent, *core, *activations, *normalization]


def main() -> None:
    arguments = _arguments()
    if arguments.child:
        _measure(arguments)
        return
    for backend in arguments.backends:
        subprocess.run([sys.executable, __file__, *sys.argv[1:], "--child", backend], check=True)


def _measure(arguments: Any) -> None:
    """The table of one backend, in a process of its own."""
    from drivers import machine
    from drivers.keras.runtime import start

    start(arguments.child, "cpu", arguments.threads)
    machine.keep_freed_memory()
    print(f"\n{arguments.child}, batch {BATCH}, {arguments.threads} threads, bursts of {1000 * arguments.burst:.0f} ms")
    print(f"{'plain Keras / ours, median (quartiles); above 1 ours is faster':82} {'forward':22} forward and backward")
    for case in _cases():
        if arguments.layers and not any(layer["type"] in arguments.layers for layer in case.chain):
            continue
        print(f"{case.name:82}", end="", flush=True)
        sides = _Sides(case)
        for backward in (False, True):
            ours, plain = sides.functions(backward)
            ratios = _ratios(ours, plain, arguments.rounds, arguments.burst)
            if statistics.median(ratios) < GOAL:
                ratios = _ratios(ours, plain, AGAIN * arguments.rounds, arguments.burst)
            low, middle, high = statistics.quantiles(ratios, n=4)
            missed = "" if middle >= GOAL else " MISSED"
            print(f" {f'{middle:5.2f} ({low:.2f} to {high:.2f}){missed}':26}", end="", flush=True)
        print(flush=True)


class _Sides:
    """A chain of layers in the driver and in plain Keras, with the same weights and inputs."""

    def __init__(self, case: Case) -> None:
        import keras

        from drivers.keras.layers import LAYERS, Building, Mode
        from drivers.keras.layers.construction import construct
        from drivers.keras.precision import Precision
        from drivers.keras.rewrites import rewrite
        from drivers.keras.runtime import started
        from drivers.rewrites import Call
        from spec.shapes import measure

        self._backend = started()
        rng = np.random.default_rng(0)
        self._draws = keras.random.SeedGenerator(0)
        building = Building(rng, self._draws, Mode(), Precision())
        self._layers, self._plain = [], []
        shapes = case.shapes
        for index, given in enumerate(case.chain):
            config = _resolved(given)
            shape = measure(config, shapes).output_shape
            layer = LAYERS[given["type"]]({**config, "output_shape": list(shape)}, shapes, building)
            self._layers.append(layer)
            # With a seed as ours has it: on PyTorch, Keras is quicker where nobody could draw the same again.
            self._plain.append(construct(config, name=f"plain_{index}", **layer.OPTIONS))
            shapes = [shape]
        calls = [Call(f"{index}", layer, (f"{index - 1}",)) for index, layer in enumerate(self._layers)]
        self._calls = [call.function for call in rewrite(calls, [calls[-1].id])]
        takes_whole_numbers = case.chain[0]["type"] == "Embedding"
        drawn = (
            rng.integers(0, 1000, (BATCH, *shape)) if takes_whole_numbers else rng.normal(size=(BATCH, *shape))
            for shape in case.shapes
        )
        self._inputs = [values.astype("float32") for values in drawn]
        self._cotangent = rng.normal(size=(BATCH, *self._layers[-1].output_shape)).astype("float32")
        self._call_plain(*[keras.ops.convert_to_tensor(x) for x in self._inputs])
        for layer, plain in zip(self._layers, self._plain, strict=True):
            layer.copy_to(plain)

    def _call_ours(self, *inputs: Any) -> Any:
        values = list(inputs)
        for function in self._calls:
            values = [function(*values)]
        return values[0]

    def _call_plain(self, *inputs: Any) -> Any:
        values = list(inputs)
        for layer, plain in zip(self._layers, self._plain, strict=True):
            values = [layer.call_keras(plain, values, training=True)]
        return values[0]

    def functions(self, backward: bool) -> list[Callable[[], None]]:
        """Ours and the plain one, compiled, each to be called again and again."""
        of_ours = [variable for layer in self._layers for variable in layer.variables().values()]
        of_plain = [variable for layer in self._plain for variable in layer.weights]
        drawn = [variable for layer in self._plain for variable in layer.variables if "seed" in variable.path]
        return [
            self._compiled(self._call_ours, [*of_ours, self._draws.state], backward),
            self._compiled(self._call_plain, [*of_plain, *(drawn or [self._draws.state])], backward),
        ]

    def _compiled(self, call: Callable[..., Any], variables: Sequence[Any], backward: bool) -> Callable[[], None]:
        backend = self._backend
        trained = [variable for variable in variables if variable.trainable]

        def step(inputs: Any, cotangent: Any) -> Any:
            if not backward:
                return call(*inputs)
            value, pull = backend.pullback(call, trained, inputs, state=variables)
            return value, *pull(cotangent)

        compiled = backend.compile(step, variables)
        given = ([backend.tensor(x) for x in self._inputs], backend.tensor(self._cotangent))

        def run() -> None:
            _wait(compiled(*given))

        run()
        return run


def _wait(result: Any) -> None:
    """Until what is computed elsewhere is there."""
    for part in result if isinstance(result, list | tuple) else [result]:
        if isinstance(part, list | tuple):
            _wait(part)
        elif hasattr(part, "block_until_ready"):
            part.block_until_ready()


def _resolved(layer: dict[str, Any]) -> dict[str, Any]:
    from spec import catalogue
    from spec.parameters import fill
    from spec.problems import Report

    schema = catalogue.load()["layers"][layer["type"]]["parameters"]
    given = {name: value for name, value in layer.items() if name != "type"}
    report = Report()
    filled = fill(schema, given, report=report, pointer="", subject=layer["type"])
    assert report.problems == [], report.problems
    return {"type": layer["type"], **filled}


def _ratios(ours: Callable[[], None], plain: Callable[[], None], rounds: int, seconds: float) -> list[float]:
    """The seconds of plain Keras to ours, round by round; who begins changes."""
    for function in (ours, plain):
        _burst(function, seconds)
    ratios = []
    for index in range(rounds):
        sides = {"ours": ours, "plain": plain}
        order = ("ours", "plain") if index % 2 else ("plain", "ours")
        spent = {side: _burst(sides[side], seconds) for side in order}
        ratios.append(spent["plain"] / spent["ours"])
    return ratios


def _burst(function: Callable[[], None], seconds: float) -> float:
    """Seconds of one call: the quickest of a burst, which others that use the processor lengthen least."""
    start, quickest = time.perf_counter(), float("inf")
    while True:
        before = time.perf_counter()
        function()
        now = time.perf_counter()
        quickest = min(quickest, now - before)
        if now - start > seconds:
            return quickest


def _arguments() -> Any:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backends", nargs="+", default=["jax", "tensorflow", "torch"])
    parser.add_argument("--layers", nargs="+", metavar="TYPE", help="only these")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--burst", type=float, default=0.03, metavar="SECONDS")
    parser.add_argument("--threads", type=int, default=max(1, len(os.sched_getaffinity(0)) - 1))
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
