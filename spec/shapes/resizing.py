"""Rules of layers that enlarge, crop or pad an image or a sequence without learning anything."""

from collections.abc import Sequence

from spec.shapes.base import Built, Parameters, Shape, ShapeError, by, rule, spatial


@rule
def upsampling(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h * size, w * size, c)`."""
    factors = parameters["size"]
    shape = spatial(inputs[0], len(factors))
    return Built((*(size * factor for size, factor in zip(shape, factors, strict=False)), shape[-1]))


@rule
def cropping(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h - top - bottom, w - left - right, c)`."""
    edges = edges_of(parameters["cropping"])
    shape = spatial(inputs[0], len(edges))
    size = [size - before - after for size, (before, after) in zip(shape, edges, strict=False)]
    if min(size) < 1:
        lost = [before + after for before, after in edges]
        what = f"{lost[0]} rows and {lost[1]} columns" if len(lost) == 2 else f"{lost[0]} steps"
        source = f"{by(shape[:-1])} input" if len(lost) == 2 else f"input of {shape[0]} steps"
        raise ShapeError(f"cropping {what} leaves nothing of its {source}")
    return Built((*size, shape[-1]))


@rule
def zero_padding(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h + top + bottom, w + left + right, c)`."""
    edges = edges_of(parameters["padding"])
    shape = spatial(inputs[0], len(edges))
    size = (size + before + after for size, (before, after) in zip(shape, edges, strict=False))
    return Built((*size, shape[-1]))


def edges_of(edges: Sequence) -> list[tuple[int, int]]:
    """`[left, right]` or `[[top, bottom], [left, right]]` -> a pair for every axis."""
    pairs = [edges] if isinstance(edges[0], int) else edges
    return [(before, after) for before, after in pairs]
