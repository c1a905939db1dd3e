"""A network of a resolved spec as a functional model of Keras."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drivers.export import repeats
from drivers.export.code import INDENT, Call, replaced
from drivers.export.errors import ExportError
from drivers.export.initializers import INITIAL
from drivers.export.keras.layers import FIRST, WRITERS
from drivers.export.keras.scope import Scope
from drivers.export.names import name_layers
from drivers.export.repeats import Statement
from drivers.freezing import rests_when_frozen
from drivers.order import in_order
from drivers.rewrites import doubles, is_plain_3x3

# Names that a layer's result must not take from the program around it.
# fmt: off
TAKEN = frozenset({
    "STATE", "average_pool", "blended", "drawing", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
    "image", "initial", "jax", "keras", "label", "layers", "layers_rng", "noise", "np", "ones", "ops", "orthogonal",
    "random_normal", "random_uniform", "remembering", "range", "sequence", "tf", "torch", "truncated_normal", "x",
    "zeros",
})
# fmt: on
# Layers that are written around what they take, in one line with it, and how long such a line may get.
JOINED = frozenset(
    {"Dropout", "ELU", "Flatten", "GELU", "LeakyReLU", "ReLU", "Reshape", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh"}
)
ENLARGING = "tensorflow"
"""The backend on which a program that enlarges images and convolves them in one go computes, to the last bit, what the
training does.
"""
LONGEST_JOINED = (76, 80)
"""Within a loop, and where none stands for it."""


def write_network(
    role: str, module: Mapping[str, Any], initial: Call | None, *, backend: str, is_penalized: bool
) -> list[str]:
    """The lines of a function ``make_generator`` or ``make_discriminator``, the fewest that say it.

    Args:
        role: ``"generator"`` or ``"discriminator"``.
        module: that module of a resolved spec.
        initial: the initializer that is a function of the program.
        backend: of Keras.
        is_penalized: the program differentiates its gradients.

    Raises:
        ExportError: a layer cannot be written.
    """
    # Whether a layer is written around the one before decides whether a loop can stand for both.
    found = [
        _statements(role, module, initial, backend, is_penalized, joined, longest)
        for joined in (JOINED, JOINED - {"Flatten"})
        for longest in LONGEST_JOINED
    ]
    body, entered, result = min(
        ((list(repeats.write(statements, _parameter)), entered, result) for statements, entered, result in found),
        key=lambda written: len(written[0]),
    )
    output = tuple(next(layer["output_shape"] for layer in module["layers"] if layer["id"] == module["outputs"][0]))
    takes = ", ".join(f"{source} {_batch(shape)}" for source, shape in entered.items())
    makes = "score" if role == "discriminator" else "image" if len(output) == 3 else "sequence"
    count = f"{module['parameter_count']:,}"
    inputs = list(entered)
    given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
    return [
        f"def make_{role}():",
        f'{INDENT}"""{takes} -> {makes} {_batch(output)}; {count} weights."""',
        *body,
        f'{INDENT}return keras.Model({given}, {result}, name="{role}")',
    ]


def _statements(
    role: str,
    module: Mapping[str, Any],
    initial: Call | None,
    backend: str,
    is_penalized: bool,
    joined: frozenset[str],
    longest: int,
) -> tuple[list[Statement], dict[str, tuple[int, ...]], str]:
    """What the network computes, line by line; the shapes of its inputs, by source; what it puts out."""
    layers = in_order(module["layers"])
    names = name_layers(layers, TAKEN)
    readers = Counter(source for layer in layers for source in layer["inputs"])
    values: dict[str, str] = {}
    shapes = {layer["id"]: tuple(layer["output_shape"]) for layer in layers}
    statements: list[Statement] = []
    entered: dict[str, tuple[int, ...]] = {}
    previous: Mapping[str, Any] = {}
    before: tuple[int, Call] | None = None  # where the statement of the layer before is, and what it computes
    for place, layer in enumerate(layers):
        following = layers[place + 1] if place + 1 < len(layers) else None
        shape = shapes[layer["id"]]
        alone = following is not None and following["inputs"] == [layer["id"]] and readers[layer["id"]] == 1
        if layer["type"] == "Input":
            source = layer["source"]
            entered[source] = shape
            values[layer["id"]] = "x" if alone else source
            head = f"x = {source} = " if alone else f"{source} = "
            statements.append(Statement(head, f'keras.Input({_tuple(shape)}, name="{source}")', _batch(shape)))
            continue
        if layer["type"] not in WRITERS:
            message = f"A Keras script cannot hold the layer {layer['type']} ('{layer['id']}' of the {role}) yet."
            raise ExportError("not_exported", message, f"/{role}/layers")
        taken = [shapes[source] for source in layer["inputs"]]
        rests = layer.get("trainable") is False and rests_when_frozen(layer, taken)
        inputs = [values[source] for source in layer["inputs"]]
        is_named = "weights" in module
        scope = Scope(names[layer["id"]], layer, inputs, taken, backend, is_penalized, rests, is_named)
        expression = WRITERS[layer["type"]](scope)
        if layer["type"] in joined and inputs == ["x"] and before is not None:
            start, inner = before
            around = WRITERS[layer["type"]](replace(scope, inputs=[str(replaced(inner, initial, INITIAL))]))
            if len(str(around)) <= longest:
                del statements[start:]
                expression = around
        if (
            backend == ENLARGING
            and before is not None
            and inputs == ["x"]
            and is_plain_3x3(layer)
            and doubles(previous)
        ):
            del statements[before[0] :]
            assert isinstance(expression, Call)
            expression = replace(expression, function="UpConv2D")
        previous = layer
        last = following is None and layer["id"] == module["outputs"][0]
        name = "x" if alone or last else names[layer["id"]]
        for head, code in scope.lines:
            statements.append(Statement(head, replaced(code, initial, INITIAL), _batch(shape)))
        before = (len(statements), expression) if name == "x" and isinstance(expression, Call) else None
        comment = _batch(shape) if taken[0] != shape else ""
        if expression != name:
            code = replaced(expression, initial, INITIAL)
            statements.append(Statement(f"{name} = ", code, _batch(shape), comment))
        values[layer["id"]] = name
    return statements, entered, values[module["outputs"][0]]


def _parameter(before: str) -> str | None:
    """The parameter whose value comes after the text."""
    named = re.search(r"(\w+)=$", before)
    first = re.search(r"(\w+)\($", before)
    if named is not None:
        return named.group(1)
    return FIRST[first.group(1)][0] if first is not None and first.group(1) in FIRST else None


def _batch(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, ('N', *shape)))})"


def _tuple(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
