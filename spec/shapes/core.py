"""Rules of layers that take any shape, or move numbers about."""

from collections.abc import Sequence
from math import prod

from spec.shapes.base import Built, Parameters, Shape, ShapeError, axis_index, bias, rule, spatial, text


@rule
def source(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """An Input: puts out what comes from outside."""
    return Built(tuple(parameters["shape"]))


@rule
def unchanged(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Every number is changed in its place."""
    return Built(inputs[0])


@rule
def unchanged_sequence(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`unchanged`, for sequences only."""
    return Built(spatial(inputs[0], 1))


@rule
def unchanged_image(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`unchanged`, for images only."""
    return Built(spatial(inputs[0], 2))


@rule
def along_axis(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`unchanged`, computed along one axis that has to be there."""
    axis_index(parameters["axis"], inputs[0])
    return Built(inputs[0])


@rule
def prelu(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`unchanged`, with a learned slope for every number; one slope along each of `shared_axes`."""
    slopes = list(inputs[0])
    for axis in parameters["shared_axes"] or ():
        slopes[axis_index(axis, inputs[0])] = 1
    return Built(inputs[0], (("alpha", tuple(slopes), True),))


@rule
def dense(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(…, in) -> (…, units)`."""
    shape = inputs[0]
    if not shape:
        raise ShapeError("needs a list of numbers, but its input is a single number; put an Embedding before it")
    units = parameters["units"]
    return Built((*shape[:-1], units), (("kernel", (shape[-1], units), True), *bias(parameters, units)))


@rule
def embedding(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(…) -> (…, output_dim)`; every number picks a row of the table."""
    rows, columns = parameters["input_dim"], parameters["output_dim"]
    return Built((*inputs[0], columns), (("embeddings", (rows, columns), True),))


@rule
def flatten(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h * w * c,)`."""
    return Built((prod(inputs[0]),))


@rule
def reshape(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
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
def permute(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """The axes in another order: axis i of the output is axis `dims[i]` of the input, counted from 1."""
    shape, dims = inputs[0], list(parameters["dims"])
    if sorted(dims) != list(range(1, len(shape) + 1)):
        every = ", ".join(str(axis) for axis in range(1, len(shape) + 1)) or "none"
        raise ShapeError(
            f"dims {dims} must hold each axis of its input {text(shape)} once; its axes are {every} (0 is the batch)"
        )
    return Built(tuple(shape[axis - 1] for axis in dims))


@rule
def repeat_vector(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(numbers) -> (n, numbers)`."""
    shape = inputs[0]
    if len(shape) != 1:
        raise ShapeError(f"repeats a list of numbers, but its input is {text(shape)}; put a Flatten before it")
    return Built((parameters["n"], *shape))
