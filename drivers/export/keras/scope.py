"""One layer of a Keras program being written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.export.code import Call, call, source

Shape = tuple[int, ...]


@dataclass
class Scope:
    """One layer being written.

    Attributes:
        name: what its result is called, and what a part of it may be called after.
        layer: the resolved layer.
        inputs: the expressions that it takes.
        shapes: theirs, without the batch.
        backend: of Keras.
        is_penalized: the program differentiates its gradients.
        rests: it is frozen, and computes as in use.
        is_named: layers of Keras have the names of the spec's, by which weights are found.
        lines: statements before the layer's own, each a head and an expression.
    """

    name: str
    layer: Mapping[str, Any]
    inputs: Sequence[str]
    shapes: Sequence[Shape]
    backend: str
    is_penalized: bool
    rests: bool = False
    is_named: bool = False
    lines: list[tuple[str, str | Call]] = field(default_factory=list)

    @property
    def x(self) -> str:
        """The only input, or the first."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        return tuple(self.layer["output_shape"])

    def __getitem__(self, name: str) -> Any:
        return self.layer[name]

    def assign(self, name: str, expression: str | Call) -> str:
        """Has the function compute something before; returns its name."""
        self.lines.append((f"{name} = ", expression))
        return name

    def apply(self, layer: Call, inputs: Sequence[str] | None = None, **options: Any) -> Call:
        """A layer of Keras on the inputs, one after another."""
        if self.is_named:
            layer = named(layer, self.layer["id"])
        if self.layer.get("trainable") is False:
            layer = frozen(layer)
            if self.rests:
                options["training"] = False
        taken = list(self.inputs if inputs is None else inputs)
        return Call(layer.function, layer.arguments, behind=str(call("", *taken, **options)))


def frozen(layer: Call) -> Call:
    """A layer that does not learn."""
    return _with(layer, "trainable=False")


def named(layer: Call, name: str) -> Call:
    """A layer with a name of its own."""
    return _with(layer, f'name="{name}"')


def _with(layer: Call, argument: str) -> Call:
    """A layer with one more argument; what is wrapped around it is no layer of Keras."""
    if layer.function.startswith("drawing"):
        return Call(layer.function, tuple(_with(item, argument) for item in layer.arguments if isinstance(item, Call)))
    return Call(layer.function, (*layer.arguments, argument))


def literal(value: Any) -> str:
    """A parameter as Python source: text quoted, lists as tuples, one number for several that are the same."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list | tuple):
        if value and len(set(map(str, value))) == 1 and not isinstance(value[0], list | tuple):
            return literal(value[0])
        items = ", ".join(_within(item) for item in value)
        return f"({items},)" if len(value) == 1 else f"({items})"
    return source(value)


def _within(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"({', '.join(_within(item) for item in value)})"
    return literal(value)
