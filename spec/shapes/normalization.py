"""Rules of normalizations."""

from collections.abc import Sequence

from spec.shapes.base import Built, Parameters, Shape, ShapeError, Weight, axis_index, channels_of, measure, rule, text


@rule
def batch_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Normalizes each channel; the moving statistics count as weights that are not trained."""
    channels = channels_of(inputs[0])
    return Built(inputs[0], (*_affine(parameters, (channels,)), *_moving(channels)))


@rule
def conditional_batch_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`batch_normalization` with one row of scales and one of shifts for each class."""
    features, label = inputs
    if label:
        raise ShapeError(f"needs one label an example as its second input, but has {text(label)}")
    channels = channels_of(features)
    table = (parameters["num_classes"], channels)
    return Built(features, (("gamma", table, True), ("beta", table, True), *_moving(channels)))


@rule
def layer_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Normalizes each example along `axis`; gamma and beta have the sizes of those axes."""
    shape = inputs[0]
    axes = sorted(axis_index(axis, shape) for axis in parameters["axis"])
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {list(parameters['axis'])} names the same axis of its input {text(shape)} twice")
    return Built(shape, _affine(parameters, tuple(shape[axis] for axis in axes)))


@rule
def group_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Normalizes each example in groups of channels; `groups` -1 makes every channel a group."""
    channels, groups = channels_of(inputs[0]), parameters["groups"]
    if groups == 0:
        raise ShapeError("groups must be 1 or more, or -1 for a group for each channel, not 0")
    if groups != -1 and channels % groups:
        raise ShapeError(f"groups {groups} must divide its {channels} input channels")
    return Built(inputs[0], _affine(parameters, (channels,)))


@rule
def instance_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Normalizes each channel of each example."""
    return Built(inputs[0], _affine(parameters, (_placed_channels(inputs[0]),)))


@rule
def pixel_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """Brings the channels of each pixel to length 1."""
    channels_of(inputs[0])
    return Built(inputs[0])


@rule
def adaptive_instance_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """`instance_normalization` whose scales and shifts come from a list of numbers, the style."""
    features, style = inputs
    if len(style) != 1:
        raise ShapeError(
            f"needs a list of numbers, the style, as its second input, but has {text(style)}; put a Flatten before it"
        )
    channels = _placed_channels(features)
    return Built(features, (("kernel", (style[0], 2 * channels), True), ("bias", (2 * channels,), True)))


@rule
def spectral_normalization(parameters: Parameters, inputs: Sequence[Shape]) -> Built:
    """The inner layer as it is, and the vector that follows the largest direction of its kernel."""
    inner = measure(parameters["layer"], inputs)
    shapes = {name: shape for name, shape, _ in inner.weights}
    kernel = shapes.get("kernel") or shapes["embeddings"]
    return Built(inner.output_shape, (*inner.weights, ("vector_u", (1, kernel[-1]), False)))


def _placed_channels(shape: Shape) -> int:
    """The channels of a shape that has pixels or steps to take a mean over."""
    if len(shape) < 2:
        raise ShapeError(
            f"takes the mean of a channel over its pixels or steps, but its input is {text(shape)}; "
            "use LayerNormalization, or put a Reshape before it"
        )
    return shape[-1]


def _affine(parameters: Parameters, size: Shape) -> tuple[Weight, ...]:
    """The learned scale and shift of a normalization."""
    scale = (("gamma", size, True),) if parameters["scale"] else ()
    center = (("beta", size, True),) if parameters["center"] else ()
    return (*scale, *center)


def _moving(channels: int) -> tuple[Weight, ...]:
    return (("moving_mean", (channels,), False), ("moving_variance", (channels,), False))
