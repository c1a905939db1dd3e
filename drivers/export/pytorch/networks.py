"""A network of a resolved spec as an ``nn.Module``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from drivers.export.code import INDENT, LINE_LENGTH, Call, is_closed, replaced
from drivers.export.errors import ExportError
from drivers.export.initializers import INITIAL
from drivers.export.names import name_layers
from drivers.export.pytorch import repeats
from drivers.export.pytorch.layers import WRITERS
from drivers.export.pytorch.scope import Scope, Value
from drivers.export.repeats import Statement
from drivers.order import in_order

# Names that a layer must not take from an nn.Module, or from the program around it.
# fmt: off
TAKEN = frozenset({
    "F", "add_module", "apply", "average", "bfloat16", "buffers", "call_super_init", "children", "compile", "cpu",
    "cuda", "discriminator", "double", "drawn", "dropout", "dump_patches", "eval", "extra_repr", "fans", "float",
    "forward", "generator", "get_buffer", "get_parameter", "get_submodule", "half", "image", "ipu", "label", "mask",
    "modules", "mtia", "named_buffers", "named_children", "named_modules", "named_parameters", "nn", "noise", "np",
    "ones", "parameter", "parameters", "register_buffer", "register_module", "register_parameter", "requires_grad_",
    "self", "sequence", "set_submodule", "share_memory", "state_dict", "to", "to_empty", "torch", "train",
    "training", "type", "x", "xpu", "zero_grad", "zeros",
})
# fmt: on
# Layers that are written around what they take, in one line with it, and how long such a line may get.
JOINED = frozenset(
    {"Conv2D", "ELU", "Flatten", "GELU", "LeakyReLU", "Reshape", "SELU", "SiLU", "Sigmoid", "Softplus", "Tanh"}
)
LONGEST_JOINED = 72
# What looks rows of a table up by number, and so takes labels as they come.
LOOKS_UP = {"Embedding": 0, "ConditionalBatchNormalization": 1}


def write_network(
    role: str,
    module: Mapping[str, Any],
    initial: Call | None = None,
    *,
    is_penalized: bool = False,
    is_reduced: bool = False,
) -> list[str]:
    """The lines of a class ``Generator`` or ``Discriminator``.

    Args:
        role: ``"generator"`` or ``"discriminator"``.
        module: that module of a resolved spec.
        initial: the initializer that is a function of the program.
        is_penalized: the program differentiates its gradients.
        is_reduced: products are computed in another precision than float32, which losses take.

    Raises:
        ExportError: a layer cannot be written.
    """
    layers = in_order(module["layers"])
    names = layer_names(layers)
    readers = Counter(source for layer in layers for source in layer["inputs"])
    values: dict[str, Value] = {}
    made: list[Statement] = []
    forward: list[Statement] = []
    pending: Value | None = None  # what the layer before puts out, where only this one reads it
    arguments = [layer["source"] for layer in layers if layer["type"] == "Input"]
    for place, layer in enumerate(layers):
        following = layers[place + 1] if place + 1 < len(layers) else None
        if layer["type"] == "Input":
            values[layer["id"]] = _input(layer, layers, forward)
            continue
        if layer["type"] not in WRITERS:
            message = f"A PyTorch script cannot hold the layer {layer['type']} ('{layer['id']}' of the {role}) yet."
            raise ExportError("not_exported", message, f"/{role}/layers")
        inputs = [values[source] for source in layer["inputs"]]
        if pending is not None:
            written = _write(names[layer["id"]], layer, [pending], is_penalized)
            if not _joins(layer, pending, written[1]):
                forward += _assign("x", pending)
                written = _write(names[layer["id"]], layer, inputs, is_penalized)
        else:
            written = _write(names[layer["id"]], layer, inputs, is_penalized)
        scope, value = written
        for attribute, code in scope.modules.items():
            made.append(Statement(f"self.{attribute} = ", replaced(code, initial, INITIAL)))
        made += [Statement("", line) for line in scope.extra]
        if layer.get("trainable") is False:
            made += [Statement("", f"self.{attribute}.requires_grad_(False)") for attribute in scope.modules]
        alone = following is not None and following["inputs"] == [layer["id"]] and readers[layer["id"]] == 1
        last = following is None and layer["id"] == module["outputs"][0]
        name = "x" if alone or last else names[layer["id"]]
        pending = value if alone or last else None
        if pending is None and value.code != name:
            forward += _assign(name, value)
        values[layer["id"]] = Value(name, value.shape, value.channels_first)
    output = values[module["outputs"][0]]
    widened = ".float()" * is_reduced
    if pending is not None and not (
        is_closed(pending.code) and len(f"{INDENT * 2}return {_returned(pending)}{widened}") <= LINE_LENGTH
    ):
        forward += _assign("x", pending)
        pending = None
    takes = ", ".join(f"{source} {values[layer['id']].comment()}" for source, layer in _inputs(layers))
    count = f"{module['parameter_count']:,}"
    taken = TAKEN | set(names.values()) if "weights" not in module else None
    made_lines, forward_lines = repeats.write(made, _once(forward), taken)
    return [
        f"class {role.title()}(nn.Module):",
        f'{INDENT}"""{takes} -> {_result(role, output)}; {count} weights."""',
        "",
        f"{INDENT}def __init__(self):",
        f"{INDENT * 2}super().__init__()",
        *made_lines,
        "",
        f"{INDENT}def forward(self, {', '.join(arguments)}):",
        *forward_lines,
        f"{INDENT * 2}return {_returned(pending or output)}{widened}",
    ]


def layer_names(layers: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What the program calls each layer, by its id."""
    return name_layers(layers, TAKEN)


def _joins(layer: Mapping[str, Any], before: Value, value: Value) -> bool:
    """Whether a layer is written around the expression before it."""
    if layer["type"] not in JOINED or len(value.code) > LONGEST_JOINED:
        return False
    if layer["type"] == "Conv2D" and "self." in before.code.replace("self.training", ""):
        return False  # two layers with weights are two lines
    return is_closed(before.code) or f"{before.code}." not in value.code


def _write(name: str, layer: Mapping[str, Any], inputs: Sequence[Value], is_penalized: bool) -> tuple[Scope, Value]:
    scope = Scope(name, layer, inputs, is_penalized)
    return scope, WRITERS[layer["type"]](scope)


def _assign(name: str, value: Value) -> list[Statement]:
    if value.code == name:
        return []
    return [Statement(f"{name} = ", value.code, value.comment(), value.comment())]


def _once(forward: Sequence[Statement]) -> list[Statement]:
    """The statements with a comment only where the shape is another than in the line before."""
    before = ["", *(each.shape for each in forward)]
    return [
        replace(each, comment=each.comment if each.shape != last else "")
        for each, last in zip(forward, before, strict=False)
    ]


def _returned(output: Value) -> str:
    """Images are passed on with channels first, sequences with channels last."""
    return output.first() if output.rank >= 3 else output.last()


def _result(role: str, output: Value) -> str:
    if role == "discriminator":
        return f"score {output.comment()}"
    if output.rank == 3:
        return f"image {Value('', output.shape, channels_first=True).comment()}"
    return f"sequence {Value('', output.shape).comment()}"


def _inputs(layers: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    return ((layer["source"], layer) for layer in layers if layer["type"] == "Input")


def _input(layer: Mapping[str, Any], layers: Sequence[Mapping[str, Any]], forward: list[Statement]) -> Value:
    """What an Input passes on; labels that layers compute with become numbers."""
    source, shape = layer["source"], tuple(layer["output_shape"])
    if source == "image":
        return Value(source, shape, channels_first=True)
    if source == "label":
        looked_up = all(
            reader["inputs"].index(layer["id"]) == LOOKS_UP.get(reader["type"])
            for reader in layers
            if layer["id"] in reader["inputs"]
        )
        if not looked_up:
            forward.append(Statement("label = ", "label.float()"))
        if shape:
            forward.append(Statement("label = ", f"label.reshape(-1, {', '.join(map(str, shape))})"))
    elif len(shape) != 1:
        forward.append(Statement(f"{source} = ", f"{source}.reshape(-1, {', '.join(map(str, shape))})"))
    return Value(source, shape)
