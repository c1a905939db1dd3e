"""Rules of layers that go through a sequence step by step."""

from collections.abc import Sequence

from spec import nesting
from spec.shapes.base import Built, Parameters, Shape, ShapeError, Weight, measure, rule, spatial, text
from spec.shapes.convolutional import slide


@rule
def simple_rnn(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(t, in) -> (units)`, or `(t, units)` with return_sequences."""
    return _recurrent(parameters, inputs[0], gates=1)


@rule
def lstm(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`simple_rnn` with four gates: input, forget, cell, output."""
    return _recurrent(parameters, inputs[0], gates=4)


@rule
def gru(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`simple_rnn` with three gates: update, reset, candidate; with `reset_after` each has two biases."""
    return _recurrent(parameters, inputs[0], gates=3, biases=(2,) if parameters["reset_after"] else ())


def _recurrent(parameters: Parameters, shape: Shape, *, gates: int, biases: Shape = ()) -> Built:
    steps, numbers = spatial(shape, 1)
    units = parameters["units"]
    weights: tuple[Weight, ...] = (
        ("kernel", (numbers, gates * units), True),
        ("recurrent_kernel", (units, gates * units), True),
    )
    if parameters["use_bias"]:
        weights += (("bias", (*biases, gates * units), True),)
    return Built((steps, units) if parameters["return_sequences"] else (units,), weights)


@rule
def conv_lstm2d(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(t, h, w, in) -> (h', w', filters)`, or `(t, h', w', filters)` with return_sequences."""
    shape = inputs[0]
    if len(shape) != 4:
        raise ShapeError(
            f"needs a film (steps, height, width, channels), but its input is {text(shape)}; put a Reshape before it"
        )
    kernel, filters = tuple(parameters["kernel_size"]), parameters["filters"]
    image = (*slide(shape[1:], kernel, parameters, "kernel"), filters)
    weights: tuple[Weight, ...] = (
        ("kernel", (*kernel, shape[-1], 4 * filters), True),
        ("recurrent_kernel", (*kernel, filters, 4 * filters), True),
    )
    if parameters["use_bias"]:
        weights += (("bias", (4 * filters,), True),)
    return Built((shape[0], *image) if parameters["return_sequences"] else image, weights)


@rule
def bidirectional(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """The inner layer twice, forwards and backwards; "concat" joins their last axes, the other modes keep the shape."""
    if parameters["layer"]["go_backwards"]:
        raise ShapeError("its layer runs in both directions already; set the layer's go_backwards to false")
    inner = measure(parameters["layer"], inputs)
    shape = inner.output_shape
    if parameters["merge_mode"] == "concat":
        shape = (*shape[:-1], 2 * shape[-1])
    weights = [
        (f"{direction}/{name}", size, trainable)
        for direction in ("forward_layer", "backward_layer")
        for name, size, trainable in inner.weights
    ]
    return Built(shape, tuple(weights))


@rule
def time_distributed(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`(t, …) -> (t, …)`: the same inner layer at every step."""
    shape = inputs[0]
    if len(shape) < 2 and not (shape and nesting.label_inputs(parameters["layer"])):
        raise ShapeError(f"needs steps, each with numbers, but its input is {text(shape)}; put a Reshape before it")
    try:
        inner = measure(parameters["layer"], [shape[1:]])
    except ShapeError as error:
        raise ShapeError(f"its {parameters['layer']['type']} sees one step at a time and {error}") from None
    largest = shape[0] * inner.largest
    return Built((shape[0], *inner.output_shape), inner.weights, largest, inner.largest_name)
