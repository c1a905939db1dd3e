"""The values inside a network as a program names them, and which way their axes lie.

The spec's shapes are channels-last and so is what Keras's Flatten, Reshape and Dense mean; PyTorch's kernels take the
channels first. So each value knows how its axes lie, and is turned only where a layer needs it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from drivers.export.code import Call, call, source
from drivers.export.initializers import initializer

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Value:
    """A tensor of the program.

    Attributes:
        code: the expression that holds it.
        shape: without the batch, channels last, as in the spec.
        channels_first: how the axes behind the batch lie in the program.
        half: the expression of what it repeats every pixel twice of, along both axes; None for other values.
    """

    code: str
    shape: Shape
    channels_first: bool = False
    half: str | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)

    def first(self) -> str:
        """The expression with channels first."""
        if self.channels_first or self.rank < 2:
            return self.code
        return f"{self.code}.{_permute(0, self.rank, *range(1, self.rank))}"

    def last(self) -> str:
        """The expression with channels last."""
        if not self.channels_first or self.rank < 2:
            return self.code
        return f"{self.code}.{_permute(0, *range(2, self.rank + 1), 1)}"

    def axis(self, axis: int) -> int:
        """Where an axis of the spec (the batch is 0) lies in the program."""
        axis %= self.rank + 1
        if not self.channels_first or axis == 0 or self.rank < 2:
            return axis
        return 1 if axis == self.rank else axis + 1

    def comment(self) -> str:
        """``(N, 64, 8, 8)``."""
        sizes = (self.shape[-1], *self.shape[:-1]) if self.channels_first else self.shape
        return f"({', '.join(map(str, ('N', *sizes)))})"


def _permute(*axes: int) -> str:
    return f"permute({', '.join(map(str, axes))})"


@dataclass
class Scope:
    """One layer being written.

    Attributes:
        id: its name in the program.
        layer: the resolved layer.
        inputs: what it takes.
        is_penalized: the program differentiates its gradients.
        modules: what the network's ``__init__`` makes, by attribute.
        extra: further lines of ``__init__``.
    """

    id: str
    layer: Mapping[str, Any]
    inputs: Sequence[Value]
    is_penalized: bool = False
    modules: dict[str, str | Call] = field(default_factory=dict)
    extra: list[str] = field(default_factory=list)

    @property
    def x(self) -> Value:
        """The only input, or the first."""
        return self.inputs[0]

    @property
    def shape(self) -> Shape:
        return tuple(self.layer["output_shape"])

    def __getitem__(self, name: str) -> Any:
        return self.layer[name]

    def module(self, made: str | Call, suffix: str = "") -> str:
        """Has ``__init__`` make something; returns the attribute that holds it."""
        name = f"{self.id}{suffix}"
        self.modules[name] = made
        return f"self.{name}"

    def first(self, code: str) -> Value:
        """What the layer puts out, with channels first."""
        return Value(code, self.shape, channels_first=len(self.shape) > 1)

    def last(self, code: str) -> Value:
        """What the layer puts out, with channels last."""
        return Value(code, self.shape)

    def alike(self, code: str, like: Value) -> Value:
        """What the layer puts out, lying as an input does."""
        return Value(code, self.shape, like.channels_first and len(self.shape) > 1)


def drawn(made: Call, kernel: Mapping[str, Any], bias: Mapping[str, Any] | None, shape: Shape | None = None) -> Call:
    """A module whose weights start as the spec says."""
    if shape is None and (bias is None or bias["choice"] == "zeros"):
        return call("drawn", made, initializer(kernel))
    start = "zeros" if bias is None else initializer(bias)
    return call("drawn_as", made, initializer(kernel), start, **({} if shape is None else {"shape": shape}))


def activated(name: str, code: str, axis: int = -1) -> str:
    """The expression with an ``activation`` parameter applied."""
    if name == "softmax":
        return f"{code}.softmax({axis})"
    return ACTIVATIONS[name].format(code)


ACTIVATIONS = {
    "linear": "{}",
    "relu": "F.relu({})",
    "leaky_relu": "F.leaky_relu({}, 0.2)",
    "sigmoid": "torch.sigmoid({})",
    "tanh": "torch.tanh({})",
    "elu": "F.elu({})",
    "selu": "F.selu({})",
    "gelu": "F.gelu({})",
    "silu": "F.silu({})",
    "softplus": "F.softplus({})",
}


def sizes(values: Sequence[int]) -> str:
    """One number where all axes have the same, else a tuple."""
    return source(values[0] if len(set(values)) == 1 else tuple(values))
