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
    """`4x4x128` or `a list of 100`, as shapes are written in messages."""
    if len(shape) < 2:
        return f"a list of {shape[0]}" if shape else "a single number"
    return "x".join(map(str, shape))


def _image(shape: Shape) -> Shape:
    if len(shape) != 3:
        raise ShapeError(
            f"needs an image (height, width, channels), but its input is {text(shape)}; put a Reshape before it"
        )
    return shape


def _axis(axis: int, shape: Shape) -> int:
    """Index into `shape` of a Keras axis, which counts the batch as axis 0 and -1 as the last."""
    index = axis + len(shape) if axis < 0 else axis - 1
    if not 0 <= index < len(shape):
        last = f"1 to {len(shape)}" if len(shape) > 1 else "1" if shape else "none"
        raise ShapeError(f"axis {axis} is not an axis of its input {text(shape)}; there is {last}, or -1 for the last")
    return index


def _window(size: int, kernel: int, stride: int, dilation: int, padding: str) -> int | None:
    """Positions of a sliding window along one axis; None when it does not fit."""
    reach = (kernel - 1) * dilation + 1
    if padding == "same":
        return -(-size // stride)
    return (size - reach) // stride + 1 if reach <= size else None


def _slide(
    shape: Shape, kernel: Shape, strides: Sequence[int], dilation: Sequence[int], padding: str, what: str
) -> Shape:
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


def _same_rank(inputs: Sequence[Shape]) -> Shape:
    """The first shape, after making sure that the others have as many axes."""
    if any(len(shape) != len(inputs[0]) for shape in inputs):
        raise ShapeError(
            f"joins inputs of the same kind, but has {' and '.join(text(shape) for shape in inputs[:4])}; "
            "put a Flatten or Reshape before one of them"
        )
    return inputs[0]


def _affine(parameters: Mapping[str, Any], size: Shape) -> tuple[Weight, ...]:
    """The learned scale and shift of a normalization."""
    scale = (("gamma", size, True),) if parameters["scale"] else ()
    center = (("beta", size, True),) if parameters["center"] else ()
    return (*scale, *center)


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
def unchanged_image(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`unchanged`, for images only."""
    return Built(_image(inputs[0]))


@rule
def along_axis(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`unchanged`, computed along one axis that has to be there."""
    _axis(parameters["axis"], inputs[0])
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
        or_more = " or a multiple" if -1 in target else ""
        raise ShapeError(
            f"target_shape {parameters['target_shape']} holds {known} numbers{or_more}, but its "
            f"input holds {total} ({text(inputs[0])}); change target_shape or the layer before it"
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
def conv2d_transpose(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', filters)`; "same": `h' = h * stride`; "valid": what the kernel reaches further."""
    height, width, channels = _image(inputs[0])
    kernel, strides, filters = tuple(parameters["kernel_size"]), parameters["strides"], parameters["filters"]
    if max(strides) > 1 and max(parameters["dilation_rate"]) > 1:
        raise ShapeError("either strides or dilation_rate may be more than 1, not both")
    size = [height * strides[0], width * strides[1]]
    if parameters["padding"] == "valid":
        for axis in range(2):
            reach = (kernel[axis] - 1) * parameters["dilation_rate"][axis] + 1
            size[axis] += max(reach - strides[axis], 0)
    weights = (("kernel", (*kernel, filters, channels), True), *_bias(parameters, filters))
    return Built((*size, filters), weights)


@rule
def pooling2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h', w', c)` by windows of `pool_size`, `strides` (or `pool_size`) apart."""
    shape, pool = _image(inputs[0]), tuple(parameters["pool_size"])
    size = _slide(shape, pool, parameters["strides"] or pool, (1, 1), parameters["padding"], "pool_size")
    return Built((*size, shape[2]))


@rule
def global_pooling2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (c)`, or `(1, 1, c)` with keepdims."""
    channels = _image(inputs[0])[2]
    return Built((1, 1, channels) if parameters["keepdims"] else (channels,))


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
def zero_padding2d(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h + top + bottom, w + left + right, c)`."""
    height, width, channels = _image(inputs[0])
    (top, bottom), (left, right) = parameters["padding"]
    return Built((height + top + bottom, width + left + right, channels))


@rule
def batch_normalization(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Normalizes each channel; the moving statistics count as weights that are not trained."""
    shape = inputs[0]
    if not shape:
        raise ShapeError("needs at least one channel, but its input is a single number")
    size = (shape[-1],)
    moving: tuple[Weight, ...] = (("moving_mean", size, False), ("moving_variance", size, False))
    return Built(shape, (*_affine(parameters, size), *moving))


@rule
def layer_normalization(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Normalizes each example along `axis`; gamma and beta have the sizes of those axes."""
    shape = inputs[0]
    axes = sorted({_axis(axis, shape) for axis in parameters["axis"]})
    return Built(shape, _affine(parameters, tuple(shape[axis] for axis in axes)))


@rule
def embedding(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """`(…) -> (…, output_dim)`; every number picks a row of the table."""
    rows, columns = parameters["input_dim"], parameters["output_dim"]
    return Built((*inputs[0], columns), (("embeddings", (rows, columns), True),))


@rule
def concatenate(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Sizes along `axis` add up; the others must agree."""
    first = _same_rank(inputs)
    axis = _axis(parameters["axis"], first)
    if any(shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :] for shape in inputs):
        raise ShapeError(
            f"its inputs {' and '.join(text(shape) for shape in inputs[:4])} differ along more than axis "
            f"{parameters['axis']}; bring them to the same size first"
        )
    return Built((*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :]))


@rule
def broadcast(parameters: Mapping[str, Any], inputs: Sequence[Shape]) -> Built:
    """Number by number; sizes must agree, or be 1 and are stretched."""
    _same_rank(inputs)
    sizes = [{size for size in along if size != 1} for along in zip(*inputs, strict=True)]
    if any(len(different) > 1 for different in sizes):
        raise ShapeError(
            f"its inputs {' and '.join(text(shape) for shape in inputs[:4])} differ; bring them to the same size first"
        )
    return Built(tuple(different.pop() if different else 1 for different in sizes))
