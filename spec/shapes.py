"""What each layer does to the shape of its input, and which weights it holds.

Shapes are channels-last, without the batch axis. A rule is a pure function `(parameters, input_shapes) -> Built`; the
catalogue's `shape_rule` names it. Weights are in Keras orientation (`kernel (kh, kw, in, out)`). A layer that does not
fit raises `ShapeError` with words for the person who drew it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

Shape = tuple[int, ...]
Weight = tuple[str, Shape, bool]  # variable name, shape, trainable
Rule = Callable[[Mapping[str, Any], Sequence[Shape]], "Built"]


class ShapeError(ValueError):
    """A layer that does not fit its input."""


@dataclass(frozen=True)
class Built:
    """A layer in its place: what it puts out, and the weights it holds."""

    output_shape: Shape
    weights: tuple[Weight, ...] = ()

    @property
    def parameter_count(self) -> int:
        """Numbers in all weights, trainable or not, as Keras counts them."""
        return sum(prod(shape) for _, shape, _ in self.weights)


RULES: dict[str, Rule] = {}


def rule(function: Rule) -> Rule:
    """Register a shape rule under its function's name."""
    RULES[function.__name__] = function
    return function


def text(shape: Sequence[int]) -> str:
    """`4x4x128`, as shapes are written in messages."""
    return "x".join(map(str, shape)) if shape else "a single number"


def _image(shape: Shape) -> Shape:
    if len(shape) != 3:
        raise ShapeError(
            f"needs an image (height, width, channels), but its input is {text(shape)}; put a Reshape before it"
        )
    return shape


def _window(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int | None:
    """Positions of a sliding window along one axis; None when it does not fit."""
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        return -(-size // stride)
    return (size - reach) // stride + 1 if reach <= size else None


def _slide(shape: Shape, kernel: Shape, strides: Shape, dilation: Shape, padding: str, what: str) -> Shape:
    height, width, _ = shape
    out = [
        _window(size, kernel[axis], strides[axis], dilation[axis], padding) for axis, size in enumerate((height, width))
    ]
    if None in out:
        reach = [(kernel[axis] - 1) * dilation[axis] + 1 for axis in range(2)]
        dilated = f" (dilated to {text(reach)})" if tuple(reach) != tuple(kernel) else ""
        raise ShapeError(
            f"{what} {text(kernel)}{dilated} does not fit its {height}x{width} input; "
            f"use padding 'same' or a smaller {what}"
        )
    return tuple(size for size in out if size is not None)


def _bias(parameters: Mapping[str, Any], size: int) -> tuple[Weight, ...]:
    return (("bias", (size,), True),) if parameters["use_bias"] else ()


@rule
def source(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """An Input: puts out what comes from outside."""
    return Built(tuple(parameters["shape"]))


@rule
def unchanged(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Every number is changed in its place."""
    return Built(inputs[0])


@rule
def dense(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(…, in) -> (…, units)`."""
    shape = inputs[0]
    if not shape:
        raise ShapeError("needs a list of numbers, but its input is a single number; put an Embedding before it")
    units = parameters["units"]
    return Built((*shape[:-1], units), (("kernel", (shape[-1], units), True), *_bias(parameters, units)))


@rule
def flatten(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h * w * c,)`."""
    return Built((prod(inputs[0]),))


@rule
def reshape(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """The same numbers in another shape; one -1 stands for what remains."""
    target, total = list(parameters["target_shape"]), prod(inputs[0])
    known = prod(size for size in target if size != -1)
    if known < 1:
        raise ShapeError("target_shape must hold sizes of 1 or more, or -1 for what remains")
    if target.count(-1) > 1:
        raise ShapeError("target_shape may hold -1 only once")
    if -1 in target and total % known == 0:
        target[target.index(-1)] = total // known
    if prod(target) != total or -1 in target:
        raise ShapeError(
            f"{text(parameters['target_shape'])} holds {known} numbers{' or a multiple' if -1 in target else ''}, "
            f"but its input {text(inputs[0])} holds {total}; change target_shape or the layer before it"
        )
    return Built(tuple(target))


@rule
def conv2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', filters)`; "same": `h' = ceil(h / stride)`."""
    shape, filters, groups = _image(inputs[0]), parameters["filters"], parameters["groups"]
    kernel, channels = tuple(parameters["kernel_size"]), shape[2]
    if channels % groups or filters % groups:
        raise ShapeError(f"groups {groups} must divide both its {channels} input channels and its {filters} filters")
    if max(parameters["strides"]) > 1 and max(parameters["dilation_rate"]) > 1:
        raise ShapeError("either strides or dilation_rate may be more than 1, not both")
    size = _slide(shape, kernel, parameters["strides"], parameters["dilation_rate"], parameters["padding"], "kernel")
    weights = (("kernel", (*kernel, channels // groups, filters), True), *_bias(parameters, filters))
    return Built((*size, filters), weights)


@rule
def upsampling2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h * size, w * size, c)`."""
    height, width, channels = _image(inputs[0])
    rows, columns = parameters["size"]
    return Built((height * rows, width * columns, channels))


@rule
def cropping2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h - top - bottom, w - left - right, c)`."""
    height, width, channels = _image(inputs[0])
    (top, bottom), (left, right) = parameters["cropping"]
    if top + bottom >= height or left + right >= width:
        raise ShapeError(
            f"cropping {top + bottom} rows and {left + right} columns leaves nothing of its {height}x{width} input"
        )
    return Built((height - top - bottom, width - left - right, channels))


@rule
def batch_normalization(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Normalizes each channel; the moving statistics count as weights that are not trained."""
    shape = inputs[0]
    if not shape:
        raise ShapeError("needs at least one channel, but its input is a single number")
    size = (shape[-1],)
    scale = (("gamma", size, True),) if parameters["scale"] else ()
    center = (("beta", size, True),) if parameters["center"] else ()
    return Built(shape, (*scale, *center, ("moving_mean", size, False), ("moving_variance", size, False)))
