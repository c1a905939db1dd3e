"""Rules of convolutions and poolings; how many axes they move along follows from their `kernel_size` or `pool_size`."""

from collections.abc import Sequence

from spec.shapes.base import Built, Parameters, Shape, ShapeError, Weight, bias, by, rule, spatial


@rule
def convolution(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', filters)`; "same" and "causal": `h' = ceil(h / stride)`."""
    kernel, filters, groups = tuple(parameters["kernel_size"]), parameters["filters"], parameters.get("groups", 1)
    shape = spatial(inputs[0], len(kernel))
    channels = shape[-1]
    if channels % groups or filters % groups:
        raise ShapeError(f"groups {groups} must divide both its {channels} input channels and its {filters} filters")
    size = slide(shape, kernel, parameters, "kernel")
    weights = (("kernel", (*kernel, channels // groups, filters), True), *bias(parameters, filters))
    return Built((*size, filters), weights)


@rule
def transposed_convolution(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', filters)`; "same": `h' = h * stride`; "valid": what the kernel reaches further.

    With `output_padding` p, "same" gives `(h - 1) * stride + (1 if the kernel is odd, else 0) + p`, and "valid"
    `(h - 1) * stride + kernel + p`.
    """
    kernel, filters = tuple(parameters["kernel_size"]), parameters["filters"]
    shape = spatial(inputs[0], len(kernel))
    _one_of_strides_and_dilation(parameters)
    extra = parameters["output_padding"] or [None] * len(kernel)
    size = []
    for axis, stride in enumerate(parameters["strides"]):
        reach = (kernel[axis] - 1) * parameters["dilation_rate"][axis] + 1
        size.append(_grown(shape[axis], reach, stride, extra[axis], parameters["padding"]))
    weights = (("kernel", (*kernel, filters, shape[-1]), True), *bias(parameters, filters))
    return Built((*size, filters), weights)


def _grown(size: int, reach: int, stride: int, extra: int | None, padding: str) -> int:
    """Size of one axis after a transposed convolution."""
    if extra is None:
        return size * stride + (max(reach - stride, 0) if padding == "valid" else 0)
    if extra >= stride:
        raise ShapeError(f"output_padding {extra} must be smaller than its stride {stride}")
    grown = (size - 1) * stride + (reach if padding == "valid" else reach % 2) + extra
    if grown < 1:
        raise ShapeError("nothing is left of its input; leave output_padding empty or make it larger")
    return grown


@rule
def depthwise_convolution(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', in * depth_multiplier)`: every channel through filters of its own."""
    kernel, multiplier = tuple(parameters["kernel_size"]), parameters["depth_multiplier"]
    shape = spatial(inputs[0], len(kernel))
    size, channels = slide(shape, kernel, parameters, "kernel"), shape[-1] * multiplier
    return Built((*size, channels), (("kernel", (*kernel, shape[-1], multiplier), True), *bias(parameters, channels)))


@rule
def separable_convolution(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, in) -> (h', w', filters)`: every channel by itself, then 1x1 filters over all of them."""
    kernel, multiplier, filters = (
        tuple(parameters["kernel_size"]),
        parameters["depth_multiplier"],
        parameters["filters"],
    )
    shape = spatial(inputs[0], len(kernel))
    size = slide(shape, kernel, parameters, "kernel")
    weights: tuple[Weight, ...] = (
        ("depthwise_kernel", (*kernel, shape[-1], multiplier), True),
        ("pointwise_kernel", (*(1 for _ in kernel), shape[-1] * multiplier, filters), True),
    )
    return Built((*size, filters), (*weights, *bias(parameters, filters)))


@rule
def pooling(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (h', w', c)` by windows of `pool_size`, `strides` (or `pool_size`) apart."""
    pool = tuple(parameters["pool_size"])
    shape = spatial(inputs[0], len(pool))
    windows = {"strides": parameters["strides"] or pool, "padding": parameters["padding"]}
    return Built((*slide(shape, pool, windows, "pool_size"), shape[-1]))


@rule
def global_pooling1d(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(t, c) -> (c)`, or `(1, c)` with keepdims."""
    return _global_pooling(parameters, spatial(inputs[0], 1))


@rule
def global_pooling2d(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(h, w, c) -> (c)`, or `(1, 1, c)` with keepdims."""
    return _global_pooling(parameters, spatial(inputs[0], 2))


def _global_pooling(parameters: Parameters, shape: Shape) -> Built:
    ones = (1,) * (len(shape) - 1) if parameters["keepdims"] else ()
    return Built((*ones, shape[-1]))


def slide(shape: Shape, kernel: Shape, parameters: Parameters, what: str) -> Shape:
    """Positions of a sliding window along each axis but the last."""
    _one_of_strides_and_dilation(parameters)
    dilation = parameters.get("dilation_rate") or [1] * len(kernel)
    reach = [(size - 1) * gap + 1 for size, gap in zip(kernel, dilation, strict=True)]
    out = [
        _window(size, reach[axis], parameters["strides"][axis], parameters["padding"])
        for axis, size in enumerate(shape[:-1])
    ]
    if None in out:
        dilated = f" (dilated to {by(reach)})" if tuple(reach) != kernel else ""
        source = f"{by(shape[:-1])} input" if len(kernel) > 1 else f"input of {shape[0]} steps"
        raise ShapeError(
            f"{what} {by(kernel)}{dilated} does not fit its {source}; use padding 'same' or a smaller {what}"
        )
    return tuple(size for size in out if size is not None)


def _window(size: int, reach: int, stride: int, padding: str) -> int | None:
    """Positions of a sliding window along one axis; None when it does not fit."""
    if padding != "valid":
        return -(-size // stride)
    return (size - reach) // stride + 1 if reach <= size else None


def _one_of_strides_and_dilation(parameters: Parameters) -> None:
    if max(parameters["strides"]) > 1 and max(parameters.get("dilation_rate") or (1,)) > 1:
        raise ShapeError("either strides or dilation_rate may be more than 1, not both")
