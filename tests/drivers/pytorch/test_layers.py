"""Every layer against Keras's meaning, written out in NumPy."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch

from spec import catalogue
from spec.shapes import measure
from tests.drivers.pytorch import building

rng = np.random.default_rng(0)


def build(layer: str, *input_shapes: tuple[int, ...], training: bool = True, **parameters: Any):
    """The built layer, its random weights in Keras orientation, and its resolved parameters."""
    config = building.resolved(layer, input_shapes, **parameters)
    built = building.build(config, input_shapes, training=training)
    return built, building.randomize(built, rng), config


def run(built, *inputs: np.ndarray) -> np.ndarray:
    return built(*[torch.from_numpy(x) for x in inputs]).detach().numpy()


def images(*shape: int) -> np.ndarray:
    return rng.normal(size=shape).astype(np.float32)


def pad_same(x: np.ndarray, kernel, strides, dilation, value=0.0) -> np.ndarray:
    """TensorFlow's "same": ceil(size / stride) windows, the odd pixel of padding below and to the right."""
    edges = [(0, 0)]
    for size, k, s, d in zip(x.shape[1:3], kernel, strides, dilation, strict=True):
        total = max((-(-size // s) - 1) * s + (k - 1) * d + 1 - size, 0)
        edges.append((total // 2, total - total // 2))
    return np.pad(x, [*edges, (0, 0)], constant_values=value)


def windows(x: np.ndarray, kernel, strides, dilation=(1, 1)):
    """((row, column), the window (N, kh, kw, C) that gives that output pixel) for every output pixel."""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
    rows = range(0, x.shape[1] - reach[0] + 1, strides[0])
    columns = range(0, x.shape[2] - reach[1] + 1, strides[1])
    for (i, top), (j, left) in itertools.product(enumerate(rows), enumerate(columns)):
        yield (i, j), x[:, top : top + reach[0] : dilation[0], left : left + reach[1] : dilation[1]]


def conv2d(x, kernel, bias, strides, padding, dilation, groups):
    if padding == "same":
        x = pad_same(x, kernel.shape[:2], strides, dilation)
    pixels = {}
    inputs, filters = kernel.shape[2], kernel.shape[3] // groups
    for place, window in windows(x, kernel.shape[:2], strides, dilation):
        parts = [
            np.tensordot(
                window[..., g * inputs : (g + 1) * inputs],
                kernel[..., g * filters : (g + 1) * filters],
                [[1, 2, 3], [0, 1, 2]],
            )
            for g in range(groups)
        ]
        pixels[place] = np.concatenate(parts, -1)
    height, width = (max(place[axis] for place in pixels) + 1 for axis in (0, 1))
    y = np.zeros((len(x), height, width, kernel.shape[3]), np.float32)
    for (i, j), value in pixels.items():
        y[:, i, j] = value
    return y + bias


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("size", "kernel", "strides", "dilation", "groups"),
    [
        ((6, 7), 3, 1, 1, 1),
        ((6, 7), 3, 2, 1, 1),  # asymmetric padding of the even side
        ((8, 8), 4, 2, 1, 1),
        ((8, 8), 5, 2, 1, 1),
        ((7, 6), 2, 1, 1, 1),
        ((9, 9), 3, 3, 1, 1),
        ((5, 5), 1, 2, 1, 1),  # a kernel smaller than its stride
        ((9, 8), 3, 1, 2, 1),
        ((6, 6), [1, 3], [1, 2], 1, 1),
        ((6, 6), 3, 1, 1, 2),
    ],
)
def test_conv2d(padding, size, kernel, strides, dilation, groups):
    shape = (*size, 4)
    layer, weights, config = build(
        "Conv2D",
        shape,
        filters=6,
        kernel_size=kernel,
        strides=strides,
        dilation_rate=dilation,
        groups=groups,
        padding=padding,
    )
    x = images(2, *shape)
    expected = conv2d(
        x, weights["kernel"], weights["bias"], config["strides"], padding, config["dilation_rate"], groups
    )
    assert expected.shape[1:] == tuple(config["output_shape"])
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-4)


def conv2d_transpose(x, kernel, bias, strides, padding, dilation):
    """Every pixel paints its kernel; "same" crops to size · stride as the gradient of a padded Conv2D does."""
    n, height, width, _ = x.shape
    reach = [(k - 1) * d + 1 for k, d in zip(kernel.shape[:2], dilation, strict=True)]
    full = [(size - 1) * s + max(r, s) for size, s, r in zip((height, width), strides, reach, strict=True)]
    canvas = np.zeros((n, *full, kernel.shape[2]), np.float32)
    for i, j, a, b in itertools.product(range(height), range(width), *map(range, kernel.shape[:2])):
        row, column = i * strides[0] + a * dilation[0], j * strides[1] + b * dilation[1]
        canvas[:, row, column] += x[:, i, j] @ kernel[a, b].T
    if padding == "same":
        crops = [max(r - s, 0) // 2 for r, s in zip(reach, strides, strict=True)]
        canvas = canvas[:, crops[0] : crops[0] + height * strides[0], crops[1] : crops[1] + width * strides[1]]
    return canvas + bias


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(
    ("kernel", "strides", "dilation"),
    [(4, 2, 1), (3, 2, 1), (5, 2, 1), (3, 1, 1), (4, 1, 1), (2, 3, 1), (1, 2, 1), ([5, 2], [2, 1], 1), (3, 1, 2)],
)
def test_conv2d_transpose(padding, kernel, strides, dilation):
    shape = (3, 4, 3)
    layer, weights, config = build(
        "Conv2DTranspose",
        shape,
        filters=5,
        kernel_size=kernel,
        strides=strides,
        dilation_rate=dilation,
        padding=padding,
    )
    x = images(2, *shape)
    expected = conv2d_transpose(
        x, weights["kernel"], weights["bias"], config["strides"], padding, config["dilation_rate"]
    )
    assert expected.shape[1:] == tuple(config["output_shape"])
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("padding", ["same", "valid"])
def test_conv2d_transpose_is_the_gradient_of_conv2d(padding):
    """Dumoulin & Visin 2016, section 4: ⟨conv(u), x⟩ = ⟨u, conv_transpose(x)⟩ with the same kernel."""
    transposed, weights, config = build(
        "Conv2DTranspose", (4, 4, 3), filters=2, kernel_size=3, strides=2, padding=padding, use_bias=False
    )
    x, u = images(1, 4, 4, 3), images(1, *config["output_shape"])
    forward = conv2d(u, weights["kernel"], 0.0, (2, 2), padding, (1, 1), 1)
    assert np.vdot(forward, x) == pytest.approx(np.vdot(u, run(transposed, x)), rel=1e-4)


@pytest.mark.parametrize("layer", ["Conv2D", "Conv2DTranspose", "Dense"])
def test_activation_parameter(layer):
    sizes = {"units": 4} if layer == "Dense" else {"filters": 4, "kernel_size": 1}
    functions = {
        "linear": lambda y: y,
        "relu": lambda y: np.maximum(y, 0),
        "leaky_relu": lambda y: np.where(y >= 0, y, 0.2 * y),
        "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
        "tanh": np.tanh,
        "softmax": lambda y: np.exp(y) / np.exp(y).sum(-1, keepdims=True),
    }
    x = images(2, 3, 3, 4)
    for name, function in functions.items():
        built, weights, _ = build(layer, (3, 3, 4), activation=name, **sizes)
        kernel = weights["kernel"].reshape(4, 4)
        y = x @ (kernel.T if layer == "Conv2DTranspose" else kernel) + weights["bias"]
        np.testing.assert_allclose(run(built, x), function(y), rtol=1e-4, atol=1e-5, err_msg=name)


def test_dense_works_on_the_last_axis():
    layer, weights, _ = build("Dense", (2, 3, 4), units=5, use_bias=False)
    x = images(6, 2, 3, 4)
    assert set(weights) == {"kernel"}
    np.testing.assert_allclose(run(layer, x), x @ weights["kernel"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("shape", [(5,), (4, 3, 5)])
def test_batch_normalization_while_training(shape):
    """Keras: the biased variance normalizes and is what moves; new = momentum·old + (1 - momentum)·batch."""
    layer, weights, _ = build("BatchNormalization", shape, momentum=0.7)
    x = images(6, *shape) * 3 + 2
    over = tuple(range(x.ndim - 1))
    mean, variance = x.mean(over), x.var(over)
    expected = weights["gamma"] * (x - mean) / np.sqrt(variance + 1e-3) + weights["beta"]
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(layer.moving_mean, 0.7 * weights["moving_mean"] + 0.3 * mean, rtol=1e-5)
    np.testing.assert_allclose(layer.moving_variance, 0.7 * weights["moving_variance"] + 0.3 * variance, rtol=1e-5)


def test_batch_normalization_in_use():
    layer, weights, _ = build("BatchNormalization", (4, 3, 5), training=False, epsilon=0.1)
    x = images(1, 4, 3, 5)
    scale = weights["gamma"] / np.sqrt(weights["moving_variance"] + 0.1)
    np.testing.assert_allclose(run(layer, x), (x - weights["moving_mean"]) * scale + weights["beta"], atol=1e-4)
    np.testing.assert_array_equal(layer.moving_mean, weights["moving_mean"])


def test_batch_normalization_of_a_single_value_is_beta():
    layer, weights, _ = build("BatchNormalization", (3,), momentum=0.5)
    np.testing.assert_allclose(run(layer, images(1, 3))[0], weights["beta"], atol=1e-6)
    np.testing.assert_allclose(layer.moving_variance, 0.5 * weights["moving_variance"], rtol=1e-6)


def test_batch_normalization_can_leave_its_averages_alone():
    layer, *_ = build("BatchNormalization", (3,))
    x = images(6, 3)
    moved = run(layer, x)
    before = layer.moving_mean.clone()
    layer.mode.update_statistics = False
    np.testing.assert_allclose(run(layer, x), moved, rtol=1e-5)
    assert torch.equal(layer.moving_mean, before)


def test_batch_normalization_without_scale_and_center():
    layer, weights, _ = build("BatchNormalization", (3,), scale=False, center=False)
    x = images(6, 3)
    assert set(weights) == {"moving_mean", "moving_variance"}
    np.testing.assert_allclose(run(layer, x), (x - x.mean(0)) / np.sqrt(x.var(0) + 1e-3), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("axis", [-1, [1, 2], [1, 3], [-3, -2, -1]])
def test_layer_normalization(axis):
    layer, weights, config = build("LayerNormalization", (4, 3, 5), axis=axis)
    x = images(2, 4, 3, 5) * 3 + 2
    axes = tuple(sorted(a % 4 for a in config["axis"]))
    normalized = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    along = tuple(size if axis in axes else 1 for axis, size in enumerate(x.shape))
    expected = normalized * weights["gamma"].reshape(along) + weights["beta"].reshape(along)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-4)


def test_flatten_and_reshape_count_rows_then_columns_then_channels():
    x = np.arange(2 * 3 * 4 * 5, dtype=np.float32).reshape(2, 3, 4, 5)
    # channels-last memory behind a channels-first tensor, as a convolution leaves it
    memory = torch.from_numpy(x).permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    flat = build("Flatten", (3, 4, 5))[0](memory)
    np.testing.assert_array_equal(flat, x.reshape(2, 60))
    reshaped = build("Reshape", (3, 4, 5), target_shape=[-1, 6])[0](memory)
    np.testing.assert_array_equal(reshaped, x.reshape(2, 10, 6))


def test_upsampling_by_repetition():
    x = images(2, 3, 4, 2)
    y = run(build("UpSampling2D", (3, 4, 2), size=[2, 3])[0], x)
    np.testing.assert_array_equal(y, x.repeat(2, 1).repeat(3, 2))


def test_upsampling_bilinear():
    """Half-pixel centres: output pixel i lies at (i + ½)/2 - ½ of the input, edges repeat."""
    x = np.array([0.0, 4.0, 8.0], np.float32).reshape(1, 1, 3, 1)
    y = run(build("UpSampling2D", (1, 3, 1), size=[1, 2], interpolation="bilinear")[0], x)
    assert y.ravel().tolist() == [0, 1, 3, 5, 7, 8]


def test_cropping_and_zero_padding():
    x = images(2, 5, 6, 2)
    np.testing.assert_array_equal(run(build("Cropping2D", (5, 6, 2), cropping=[[1, 2], [0, 3]])[0], x), x[:, 1:3, 0:3])
    np.testing.assert_array_equal(
        run(build("ZeroPadding2D", (5, 6, 2), padding=[[1, 2], [0, 3]])[0], x),
        np.pad(x, [(0, 0), (1, 2), (0, 3), (0, 0)]),
    )


@pytest.mark.parametrize("layer", ["MaxPooling2D", "AveragePooling2D"])
@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize(("pool", "strides"), [(2, None), (3, 2), ([2, 3], [1, 2])])
def test_pooling(layer, padding, pool, strides):
    built, _, config = build(layer, (6, 7, 2), pool_size=pool, strides=strides, padding=padding)
    x = images(2, 6, 7, 2)
    pool = config["pool_size"]
    strides = config["strides"] or pool
    padded = pad_same(x, pool, strides, (1, 1), np.nan) if padding == "same" else x
    reduce = np.nanmax if layer == "MaxPooling2D" else np.nanmean
    y = run(built, x)
    assert y.shape[1:] == tuple(config["output_shape"])
    for (i, j), window in windows(padded, pool, strides):
        np.testing.assert_allclose(y[:, i, j], reduce(window, (1, 2)), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("keepdims", [False, True])
def test_global_average_pooling(keepdims):
    x = images(2, 3, 4, 5)
    y = run(build("GlobalAveragePooling2D", (3, 4, 5), keepdims=keepdims)[0], x)
    np.testing.assert_allclose(y, x.mean((1, 2), keepdims=keepdims), rtol=1e-5, atol=1e-6)


def test_embedding_picks_rows():
    layer, weights, _ = build("Embedding", (), input_dim=4, output_dim=3)
    np.testing.assert_array_equal(run(layer, np.array([3, 0, 3])), weights["embeddings"][[3, 0, 3]])


def test_add_stretches_sizes_of_one_and_concatenate_follows_its_axis():
    a, b, c = images(2, 3, 4, 5), images(2, 1, 4, 5), images(2, 3, 4, 5)
    np.testing.assert_allclose(run(build("Add", (3, 4, 5), (1, 4, 5), (3, 4, 5))[0], a, b, c), a + b + c, rtol=1e-5)
    layer = build("Concatenate", (3, 4, 5), (1, 4, 5), axis=1)[0]
    np.testing.assert_array_equal(run(layer, a, b), np.concatenate([a, b], 1))


@pytest.mark.parametrize(
    ("layer", "parameters", "expected"),
    [
        ("ReLU", {}, [0, 0, 0.5, 3]),
        ("ReLU", {"max_value": 2}, [0, 0, 0.5, 2]),
        ("ReLU", {"negative_slope": 0.5, "threshold": 1}, [-1.5, -0.75, -0.25, 3]),
        ("LeakyReLU", {}, [-0.6, -0.15, 0.5, 3]),
        ("LeakyReLU", {"negative_slope": 0.1}, [-0.2, -0.05, 0.5, 3]),
        ("Tanh", {}, np.tanh([-2, -0.5, 0.5, 3])),
        ("Sigmoid", {}, 1 / (1 + np.exp([2, 0.5, -0.5, -3]))),
        ("Softmax", {}, np.exp([-2, -0.5, 0.5, 3]) / np.exp([-2, -0.5, 0.5, 3]).sum()),
    ],
)
def test_activations(layer, parameters, expected):
    y = run(build(layer, (4,), **parameters)[0], np.array([[-2, -0.5, 0.5, 3]], np.float32))
    assert y[0] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [0.25, 0.3, 0.9])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate):
    layer, *_ = build("Dropout", (40, 40, 8), rate=rate)
    y = run(layer, np.ones((16, 40, 40, 8), np.float32))
    dropped = (y == 0).mean()
    # 204,800 independent choices: five standard deviations
    assert dropped == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / y.size))
    assert np.unique(y[y > 0]) == pytest.approx([1 / (1 - rate)])
    assert np.abs(np.corrcoef(y[0, ..., 0].ravel(), y[1, ..., 0].ravel())[0, 1]) < 0.15
    # neighbours share a draw of 64 random bits, but are independent
    assert np.abs(np.corrcoef(y[..., ::2].ravel(), y[..., 1::2].ravel())[0, 1]) < 0.02


def test_dropout_is_drawn_anew_and_follows_its_generator():
    layer, *_ = build("Dropout", (500,), rate=0.5)
    x = np.ones((2, 500), np.float32)
    before = layer.mode.dropout.get_state()
    first, second = run(layer, x), run(layer, x)
    layer.mode.dropout.set_state(before)
    assert (first != second).any()
    np.testing.assert_array_equal(run(layer, x), first)


def test_spatial_dropout_drops_whole_channels():
    layer, *_ = build("SpatialDropout2D", (4, 4, 64), rate=0.5)
    y = run(layer, np.ones((8, 4, 4, 64), np.float32))
    kept = y[:, 0, 0]
    assert (y == kept[:, None, None]).all()
    assert 0.35 < (kept == 0).mean() < 0.65


@pytest.mark.parametrize("layer", ["Dropout", "SpatialDropout2D"])
def test_dropout_in_use_changes_nothing(layer):
    x = images(2, 4, 4, 8)
    np.testing.assert_array_equal(run(build(layer, (4, 4, 8), training=False, rate=0.5)[0], x), x)


# Inputs other than one small image.
IMAGE, SEQUENCE, VOLUME = (4, 4, 2), (6, 4), (4, 4, 4, 2)
SHAPES = {
    **dict.fromkeys(("Dense", "MinibatchDiscrimination", "RepeatVector"), ((7,),)),
    **dict.fromkeys(("Add", "Average", "Concatenate", "Maximum", "Minimum", "Multiply", "Subtract"), (IMAGE, IMAGE)),
    **dict.fromkeys(("Conv3D", "Conv3DTranspose", "ConvLSTM2D"), (VOLUME,)),
    **dict.fromkeys(("Bidirectional", "GRU", "LSTM", "Permute", "SimpleRNN", "SpatialDropout1D"), (SEQUENCE,)),
    "Dot": [SEQUENCE] * 2,
    "Embedding": [()],
    "AdaIN": [IMAGE, (3,)],
    "ConditionalBatchNormalization": [IMAGE, ()],
}
PARAMETERS: dict[str, dict[str, Any]] = {"Reshape": {"target_shape": [8, 4]}, "GroupNormalization": {"groups": 2}}


@pytest.mark.parametrize("name", sorted(set(catalogue.load()["layers"]) - {"Input"}))
def test_weights_and_shape_are_those_the_catalogue_says(name):
    shapes = SHAPES.get(name, [SEQUENCE] if name.endswith(("1D", "1DTranspose")) else [IMAGE])
    layer, weights, config = build(name, *shapes, **PARAMETERS.get(name, {}))
    expected = measure(config, shapes)
    assert {key: value.shape for key, value in weights.items()} == {key: shape for key, shape, _ in expected.weights}
    trainable = {key for key, _, trained in expected.weights if trained}
    assert {key for key, value in layer.variables().items() if isinstance(value, torch.nn.Parameter)} == trainable
    x = [images(2, *shape) if shape else np.array([0, 1]) for shape in shapes]
    assert run(layer, *x).shape[1:] == expected.output_shape


def test_kernels_of_convolutions_lie_channels_last_in_memory():
    layer, *_ = build("Conv2D", (4, 4, 2), filters=3)
    assert layer.kernel.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("kind", "channels", "filters"), [("Conv2D", 2, 1), ("Conv2DTranspose", 1, 2)])
def test_convolutions_learn_from_one_sample_at_a_time(kind, channels, filters):
    """As the last layer of a generator of grey images does, and the first that is transposed behind a flat one."""
    layer, *_ = build(kind, (4, 4, channels), filters=filters, kernel_size=3)
    x = torch.from_numpy(images(2, 4, 4, channels))
    one_by_one = sum(torch.autograd.grad(layer(sample).square().sum(), layer.kernel)[0] for sample in x.split(1))
    (together,) = torch.autograd.grad(layer(x).square().sum(), layer.kernel)
    torch.testing.assert_close(one_by_one, together)


@pytest.mark.parametrize("name", sorted(set(catalogue.load()["layers"]) - {"Input"}))
def test_every_layer_computes_and_learns_in_bfloat16(name):
    """Near what it computes in float32, whichever of the two its inputs come in."""
    shapes = SHAPES.get(name, [SEQUENCE] if name.endswith(("1D", "1DTranspose")) else [IMAGE])
    config = building.resolved(name, shapes, **PARAMETERS.get(name, {}))
    layer = building.build(config, shapes, training=False)
    inputs = [torch.from_numpy(images(2, *shape)) if shape else torch.tensor([0, 1]) for shape in shapes]
    expected = layer(*inputs)
    for given in (inputs, [x.bfloat16() if x.is_floating_point() else x for x in inputs]):
        layer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16):
            result = layer(*given)
        assert (result - expected).abs().max() < 0.05 * max(1.0, expected.abs().max().item())
        if result.requires_grad:
            result.float().sum().backward()
            assert all(torch.isfinite(weight.grad).all() for weight in layer.parameters())
