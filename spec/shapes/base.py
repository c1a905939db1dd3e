"""What all shape rules share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from spec import catalogue

Shape = tuple[int, ...]
Weight = tuple[str, Shape, bool]  # variable name, shape, trainable
Parameters = Mapping[str, Any]
Rule = Callable[[Parameters, Sequence[Shape]], "Built"]

# What an input has to be, by the axes that a layer moves along: steps, rows and columns, or planes, rows and columns.
_KINDS = {
    1: "a sequence (steps, numbers)",
    2: "an image (height, width, channels)",
    3: "a volume (depth, height, width, channels)",
}


class ShapeError(ValueError):
    """A layer that does not fit its input."""


@dataclass(frozen=True)
class Built:
    """A layer in its place.

    Attributes:
        output_shape: What it puts out for one example.
        weights: The variables it holds, in Keras's order.
        largest: Numbers in the largest thing it computes on the way, where that is larger than what it puts out.
        largest_name: What that thing is, for messages.
    """

    output_shape: Shape
    weights: tuple[Weight, ...] = ()
    largest: int = 0
    largest_name: str = ""

    @property
    def parameter_count(self) -> int:
        """Numbers in all weights, trainable or not, as Keras counts them."""
        return sum(prod(shape) for _, shape, _ in self.weights)


RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a shape rule under its function's name."""
    RULES[function.__name__] = function
    return function


def measure(layer: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """A resolved layer (`type` and every parameter) on inputs of these shapes.

    Raises:
        ShapeError: It does not fit them.
    """
    return RULES[catalogue.load()["layers"][layer["type"]]["shape_rule"]](layer, inputs)


def text(shape: Sequence[int]) -> str:
    """`4x4x128` or `a list of 100`, as shapes are written in messages."""
    if len(shape) < 2:
        return f"a list of {shape[0]}" if shape else "a single number"
    return by(shape)


def by(sizes: Sequence[int]) -> str:
    """`3x3`, or `3` along a single axis."""
    return "x".join(map(str, sizes))


def spatial(shape: Shape, rank: int) -> Shape:
    """The shape, after making sure that it has `rank` axes to move along, and channels."""
    if len(shape) != rank + 1:
        raise ShapeError(f"needs {_KINDS[rank]}, but its input is {text(shape)}; put a Reshape before it")
    return shape


def axis_index(axis: int, shape: Shape) -> int:
    """Index into `shape` of a Keras axis, which counts the batch as axis 0 and -1 as the last."""
    index = axis + len(shape) if axis < 0 else axis - 1
    if not 0 <= index < len(shape):
        last = f"1 to {len(shape)}" if len(shape) > 1 else "1" if shape else "none"
        raise ShapeError(f"axis {axis} is not an axis of its input {text(shape)}; there is {last}, or -1 for the last")
    return index


def same_rank(inputs: Sequence[Shape]) -> Shape:
    """The first shape, after making sure that the others have as many axes."""
    if any(len(shape) != len(inputs[0]) for shape in inputs):
        raise ShapeError(
            f"joins inputs of the same kind, but has {and_more(inputs)}; put a Flatten or Reshape before one of them"
        )
    return inputs[0]


def and_more(inputs: Sequence[Shape]) -> str:
    """The first few of several shapes, for messages."""
    return " and ".join(text(shape) for shape in inputs[:4])


def channels_of(shape: Shape) -> int:
    """The size of the last axis, which has to be there."""
    if not shape:
        raise ShapeError("needs at least one channel, but its input is a single number")
    return shape[-1]


def bias(parameters: Parameters, size: int) -> tuple[Weight, ...]:
    """The bias, where there is one."""
    return (("bias", (size,), True),) if parameters["use_bias"] else ()
