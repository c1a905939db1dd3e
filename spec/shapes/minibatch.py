"""Rules of layers that compare the examples of a batch."""

from collections.abc import Sequence

from spec.shapes.base import Built, Parameters, Shape, ShapeError, channels_of, rule, text


@rule
def minibatch_stddev(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(…, c) -> (…, c + 1)`."""
    return Built((*inputs[0][:-1], channels_of(inputs[0]) + 1))


@rule
def minibatch_discrimination(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(a) -> (a + num_kernels)`."""
    shape = inputs[0]
    if len(shape) != 1:
        raise ShapeError(f"compares lists of numbers, but its input is {text(shape)}; put a Flatten before it")
    kernels = parameters["num_kernels"]
    return Built((shape[0] + kernels,), (("kernel", (shape[0], kernels, parameters["kernel_dim"]), True),))
