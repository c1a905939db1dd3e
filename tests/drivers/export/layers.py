"""One layer as the whole of a network, as a program writes it and as the driver builds it."""

from __future__ import annotations

from typing import Any

import numpy as np

from drivers.export.code import imports, names_in, parts
from drivers.export.program import IMPORTS, PARTS, Program
from tests.drivers.keras.cases import CASES, CLASSES, LABELS
from tests.drivers.pytorch.building import resolved

Module = dict[str, Any]


def every_setting() -> list[tuple[str, dict[str, Any], list[tuple[int, ...]]]]:
    """Every layer of the catalogue at the settings at which drivers are compared: kind, parameters, input shapes."""
    return [(kind, *case) for kind, cases in sorted(CASES.items()) for case in cases]


def one_layer(kind: str, parameters: dict[str, Any], shapes: list[tuple[int, ...]]) -> Module:
    """A discriminator of a layer and its Inputs; a single input of several axes is an image."""
    sources = ["image"] if len(shapes) == 1 and len(shapes[0]) > 1 else ["noise", "style", "sequence"]
    inputs = [
        {"id": source, "type": "Input", "source": source, "inputs": [], "output_shape": list(shape)}
        for source, shape in zip(sources, shapes, strict=False)
    ]
    layer = {"id": "layer", "inputs": [each["id"] for each in inputs], **resolved(kind, shapes, **parameters)}
    return {"layers": [*inputs, layer], "outputs": ["layer"], "parameter_count": 0}


def draw(kind: str, module: Module) -> dict[str, np.ndarray]:
    """Three samples for each Input by its source; whole numbers where they are looked up."""
    rng, found = np.random.default_rng(1), {}
    *inputs, _ = module["layers"]
    for position, layer in enumerate(inputs):
        shape = (3, *layer["output_shape"])
        is_label = LABELS.get(kind) == position
        drawn = rng.integers(CLASSES, size=shape) if is_label else rng.normal(size=shape).astype(np.float32)
        found[layer["source"]] = drawn
    return found


def run_network(program: Program, lines: list[str], given: dict[str, Any]) -> dict[str, Any]:
    """The names that a network's lines define, with the parts that they need."""
    text = "\n".join(lines)
    library = parts(PARTS, *program.folders)
    needed = [library.text(name) for name in library.needed(sorted(names_in(text)))]
    names = names_in("\n".join([*needed, text]))
    source = "\n\n".join([imports(names, {**IMPORTS, **program.imports}), *needed, text])
    defined = dict(given)
    exec(compile(source, "layer.py", "exec"), defined)
    return defined
