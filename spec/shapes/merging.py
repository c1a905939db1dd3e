"""Rules of layers that join several inputs."""

from collections.abc import Sequence

from spec.shapes.base import Built, Parameters, Shape, ShapeError, and_more, axis_index, rule, same_rank, text


@rule
def concatenate(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Sizes along `axis` add up; the others must agree."""
    first = same_rank(inputs)
    axis = axis_index(parameters["axis"], first)
    if any(shape[:axis] + shape[axis + 1 :] != first[:axis] + first[axis + 1 :] for shape in inputs):
        raise ShapeError(
            f"its inputs {and_more(inputs)} differ along more than axis {parameters['axis']}; "
            "bring them to the same size first"
        )
    return Built((*first[:axis], sum(shape[axis] for shape in inputs), *first[axis + 1 :]))


@rule
def broadcast(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Number by number; sizes must agree, or be 1 and are stretched."""
    same_rank(inputs)
    sizes = [{size for size in along if size != 1} for along in zip(*inputs, strict=True)]
    if any(len(different) > 1 for different in sizes):
        raise ShapeError(f"its inputs {and_more(inputs)} differ; bring them to the same size first")
    return Built(tuple(different.pop() if different else 1 for different in sizes))


@rule
def dot(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Products summed over one axis of each input; what is left of the first comes before what is left of the second.

    Two lists leave a single number, which is a list of 1.
    """
    given = parameters["axes"]
    if len(given) > 2:
        raise ShapeError(f"axes names one axis for both inputs, or one for each, not {list(given)}")
    first, second = (axis_index(axis, shape) for axis, shape in zip((given[0], given[-1]), inputs, strict=True))
    if inputs[0][first] != inputs[1][second]:
        raise ShapeError(
            f"sums over axis {given[0]} of {text(inputs[0])} and axis {given[-1]} of {text(inputs[1])}, "
            f"but these have {inputs[0][first]} and {inputs[1][second]} numbers; they must have as many"
        )
    left = inputs[0][:first] + inputs[0][first + 1 :]
    return Built((*left, *inputs[1][:second], *inputs[1][second + 1 :]) or (1,))
