"""A network of a resolved spec as a functional model of Keras."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from drivers.export.code import INDENT, Call, replaced, statement
from drivers.export.errors import ExportError
from drivers.export.keras.layers import WRITERS
from drivers.export.keras.scope import Scope
from drivers.export.names import name_layers
from drivers.freezing import rests_when_frozen
from drivers.order import in_order

# Names that a layer's result must not take from the program around it.
# fmt: off
TAKEN = frozenset({
    "INITIAL", "STATE", "average_pool", "drawing", "glorot_normal", "glorot_uniform", "he_normal", "he_uniform",
    "image", "jax", "keras", "label", "layers", "layers_rng", "noise", "np", "ones", "ops", "orthogonal",
    "random_normal", "random_uniform", "remembering", "range", "sequence", "tf", "torch", "truncated_normal", "x",
    "zeros",
})
# fmt: on
# Layers that are written around what they take, in one line with it, and how long such a line may get.
JOINED = frozenset(
    {"Dropout", "ELU", "Flatten", "GELU", "LeakyReLU", "ReLU", "Reshape", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh"}
)
LONGEST_JOINED = 76


def write_network(
    role: str, module: Mapping[str, Any], initial: Call | None, *, backend: str, is_penalized: bool
) -> list[str]:
    """The lines of a function ``make_generator`` or ``make_discriminator``.

    Args:
        role: ``"generator"`` or ``"discriminator"``.
        module: that module of a resolved spec.
        initial: the initializer that the program calls ``INITIAL``.
        backend: of Keras.
        is_penalized: the program differentiates its gradients.

    Raises:
        ExportError: a layer cannot be written.
    """
    layers = in_order(module["layers"])
    names = name_layers(layers, TAKEN)
    readers = Counter(source for layer in layers for source in layer["inputs"])
    values: dict[str, str] = {}
    shapes = {layer["id"]: tuple(layer["output_shape"]) for layer in layers}
    lines: list[str] = []
    entered: dict[str, tuple[int, ...]] = {}
    before: tuple[int, Call] | None = None  # where the line of the layer before begins, and what it computes
    for place, layer in enumerate(layers):
        following = layers[place + 1] if place + 1 < len(layers) else None
        if layer["type"] == "Input":
            source = layer["source"]
            alone = following is not None and following["inputs"] == [layer["id"]] and readers[layer["id"]] == 1
            entered[source] = shapes[layer["id"]]
            values[layer["id"]] = "x" if alone else source
            head = f"x = {source}" if alone else source
            lines.append(f'{INDENT}{head} = keras.Input({_tuple(entered[source])}, name="{source}")')
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
        if layer["type"] in JOINED and inputs == ["x"] and before is not None:
            start, inner = before
            joined = WRITERS[layer["type"]](replace(scope, inputs=[str(replaced(inner, initial, "INITIAL"))]))
            if len(str(joined)) <= LONGEST_JOINED:
                del lines[start:]
                expression = joined
        alone = following is not None and following["inputs"] == [layer["id"]] and readers[layer["id"]] == 1
        last = following is None and layer["id"] == module["outputs"][0]
        name = "x" if alone or last else names[layer["id"]]
        for head, code in scope.lines:
            lines += statement(head, replaced(code, initial, "INITIAL"))
        before = (len(lines), expression) if name == "x" and isinstance(expression, Call) else None
        comment = f"({', '.join(map(str, ('N', *shapes[layer['id']])))})" if taken[0] != shapes[layer["id"]] else ""
        if expression != name:
            lines += statement(f"{name} = ", replaced(expression, initial, "INITIAL"), comment=comment)
        values[layer["id"]] = name
    takes = ", ".join(f"{source} {_batch(shape)}" for source, shape in entered.items())
    output = module["outputs"][0]
    makes = "score" if role == "discriminator" else "image" if len(shapes[output]) == 3 else "sequence"
    count = f"{module['parameter_count']:,}"
    inputs = list(entered)
    given = inputs[0] if len(inputs) == 1 else f"[{', '.join(inputs)}]"
    return [
        f"def make_{role}():",
        f'{INDENT}"""{takes} -> {makes} {_batch(shapes[output])}; {count} weights."""',
        *lines,
        f'{INDENT}return keras.Model({given}, {values[output]}, name="{role}")',
    ]


def _batch(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, ('N', *shape)))})"


def _tuple(shape: tuple[int, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"
