"""Shape rules by hand. Keras 3 gives the same shapes and counts (`model.summary()`)."""

import pytest

import spec
from spec.parameters import fill
from spec.problems import Report
from spec.shapes import RULES, Built, ShapeError

LAYERS = spec.catalogue.load()["layers"]


def build(layer: str, *inputs: tuple[int, ...], **parameters) -> Built:
    """One layer of the catalogue on inputs of the given shapes."""
    report = Report()
    filled = fill(LAYERS[layer]["parameters"], parameters, report=report, pointer="", subject=layer)
    assert report.problems == []
    return RULES[LAYERS[layer]["shape_rule"]](filled, inputs)


@pytest.mark.parametrize(
    ("layer", "parameters", "shape", "output", "count"),
    [
        ("Dense", {"units": 10}, (784,), (10,), 784 * 10 + 10),
        ("Dense", {"units": 10, "use_bias": False}, (4, 4, 3), (4, 4, 10), 30),
        ("Flatten", {}, (4, 4, 64), (1024,), 0),
        ("Reshape", {"target_shape": [4, 4, -1]}, (2048,), (4, 4, 128), 0),
        ("Embedding", {"input_dim": 10, "output_dim": 50}, (), (50,), 500),
        ("Embedding", {"input_dim": 10, "output_dim": 50}, (1,), (1, 50), 500),
        # A first DCGAN block on MNIST: 4 * 4 * 1 * 64 + 64.
        ("Conv2D", {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"}, (28, 28, 1), (14, 14, 64), 1088),
        (
            "Conv2D",
            {"filters": 8, "kernel_size": 3, "strides": 2, "padding": "same"},
            (7, 7, 4),
            (4, 4, 8),
            9 * 4 * 8 + 8,
        ),
        ("Conv2D", {"filters": 8, "kernel_size": 5}, (28, 28, 1), (24, 24, 8), 25 * 8 + 8),
        ("Conv2D", {"filters": 8, "kernel_size": 3, "strides": 2}, (28, 28, 1), (13, 13, 8), 80),
        ("Conv2D", {"filters": 8, "kernel_size": 3, "dilation_rate": 2}, (9, 9, 1), (5, 5, 8), 80),
        ("Conv2D", {"filters": 8, "kernel_size": [1, 3], "groups": 4}, (9, 9, 4), (9, 7, 8), 3 * 1 * 8 + 8),
        (
            "Conv2DTranspose",
            {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"},
            (7, 7, 128),
            (14, 14, 64),
            131136,
        ),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 5}, (4, 4, 2), (8, 8, 1), 25 * 2 + 1),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 2, "strides": 3}, (4, 4, 2), (12, 12, 1), 4 * 2 + 1),
        ("Conv2DTranspose", {"filters": 1, "kernel_size": 3, "dilation_rate": 2}, (4, 4, 2), (8, 8, 1), 9 * 2 + 1),
        ("UpSampling2D", {}, (7, 7, 3), (14, 14, 3), 0),
        ("UpSampling2D", {"size": [2, 3]}, (7, 7, 3), (14, 21, 3), 0),
        ("Cropping2D", {"cropping": [[1, 2], [0, 1]]}, (8, 8, 3), (5, 7, 3), 0),
        ("ZeroPadding2D", {}, (8, 8, 3), (10, 10, 3), 0),
        ("ZeroPadding2D", {"padding": [0, 2]}, (8, 8, 3), (8, 12, 3), 0),
        ("AveragePooling2D", {}, (7, 7, 3), (3, 3, 3), 0),
        ("AveragePooling2D", {"padding": "same"}, (7, 7, 3), (4, 4, 3), 0),
        ("MaxPooling2D", {"pool_size": 3, "strides": 1}, (7, 7, 3), (5, 5, 3), 0),
        ("GlobalAveragePooling2D", {}, (4, 4, 128), (128,), 0),
        ("GlobalAveragePooling2D", {"keepdims": True}, (4, 4, 128), (1, 1, 128), 0),
        ("BatchNormalization", {}, (8, 8, 64), (8, 8, 64), 256),
        ("BatchNormalization", {"center": False, "scale": False}, (8, 8, 64), (8, 8, 64), 128),
        ("LayerNormalization", {}, (8, 8, 64), (8, 8, 64), 128),
        ("LayerNormalization", {"axis": [1, 2, 3]}, (8, 8, 4), (8, 8, 4), 512),
        ("Dropout", {"rate": 0.5}, (3, 3), (3, 3), 0),
        ("SpatialDropout2D", {"rate": 0.5}, (3, 3, 2), (3, 3, 2), 0),
        ("ReLU", {}, (5,), (5,), 0),
        ("LeakyReLU", {}, (5,), (5,), 0),
        ("Sigmoid", {}, (5,), (5,), 0),
        ("Tanh", {}, (5,), (5,), 0),
        ("Softmax", {"axis": 1}, (5,), (5,), 0),
    ],
)
def test_shapes_and_counts(layer, parameters, shape, output, count):
    built = build(layer, shape, **parameters)
    assert built.output_shape == output
    assert built.parameter_count == count


@pytest.mark.parametrize(
    ("layer", "parameters", "shapes", "output"),
    [
        ("Concatenate", {}, [(100,), (16,)], (116,)),
        ("Concatenate", {}, [(8, 8, 32), (8, 8, 64), (8, 8, 1)], (8, 8, 97)),
        ("Concatenate", {"axis": 1}, [(8, 8, 3), (2, 8, 3)], (10, 8, 3)),
        ("Add", {}, [(8, 8, 64), (8, 8, 64)], (8, 8, 64)),
        ("Add", {}, [(8, 8, 64), (1, 1, 64), (8, 8, 1)], (8, 8, 64)),
    ],
)
def test_layers_that_join(layer, parameters, shapes, output):
    assert build(layer, *shapes, **parameters).output_shape == output


def test_weights_are_in_keras_orientation():
    assert build("Conv2D", (8, 8, 4), filters=16, kernel_size=[3, 5], groups=2).weights == (
        ("kernel", (3, 5, 2, 16), True),
        ("bias", (16,), True),
    )
    assert build("Conv2DTranspose", (8, 8, 4), filters=16, kernel_size=3).weights[0] == ("kernel", (3, 3, 16, 4), True)
    assert build("BatchNormalization", (4,)).weights == (
        ("gamma", (4,), True),
        ("beta", (4,), True),
        ("moving_mean", (4,), False),
        ("moving_variance", (4,), False),
    )


@pytest.mark.parametrize(
    ("layer", "parameters", "shapes", "words"),
    [
        (
            "Conv2D",
            {"filters": 8, "kernel_size": 5},
            [(4, 4, 1)],
            "kernel 5x5 does not fit its 4x4 input; use padding 'same' or a smaller kernel",
        ),
        ("Conv2D", {"filters": 8, "kernel_size": 3, "dilation_rate": 3}, [(4, 4, 1)], "kernel 3x3 (dilated to 7x7)"),
        ("Conv2D", {"filters": 8, "kernel_size": 3}, [(100,)], "its input is a list of 100; put a Reshape before it"),
        ("Conv2D", {"filters": 9, "kernel_size": 3, "groups": 2}, [(8, 8, 4)], "groups 2 must divide"),
        ("Conv2D", {"filters": 9, "kernel_size": 3, "strides": 2, "dilation_rate": 2}, [(8, 8, 4)], "not both"),
        (
            "Conv2DTranspose",
            {"filters": 9, "kernel_size": 3, "strides": 2, "dilation_rate": 2},
            [(8, 8, 4)],
            "not both",
        ),
        ("MaxPooling2D", {"pool_size": 5}, [(4, 4, 1)], "pool_size 5x5 does not fit its 4x4 input"),
        ("Cropping2D", {"cropping": 2}, [(4, 4, 1)], "leaves nothing of its 4x4 input"),
        ("Reshape", {"target_shape": [4, 4, 2]}, [(100,)], "holds 32 numbers, but its input holds 100"),
        ("Reshape", {"target_shape": [3, -1]}, [(100,)], "holds 3 numbers or a multiple"),
        ("Reshape", {"target_shape": [-1, -1]}, [(100,)], "only once"),
        ("Reshape", {"target_shape": [0, 5]}, [(100,)], "1 or more"),
        ("Dense", {"units": 5}, [()], "put an Embedding before it"),
        ("BatchNormalization", {}, [()], "a single number"),
        ("Concatenate", {}, [(8, 8, 3), (8, 4, 3)], "8x8x3 and 8x4x3 differ along more than axis -1"),
        ("Concatenate", {}, [(8, 8, 3), (100,)], "put a Flatten or Reshape"),
        ("Concatenate", {"axis": 0}, [(8,), (8,)], "axis 0 is not an axis"),
        ("Add", {}, [(8, 8, 3), (8, 8, 2)], "8x8x3 and 8x8x2 differ"),
        ("Softmax", {"axis": 3}, [(8, 8)], "there is 1 to 2, or -1 for the last"),
    ],
)
def test_what_does_not_fit_says_why(layer, parameters, shapes, words):
    with pytest.raises(ShapeError) as error:
        build(layer, *shapes, **parameters)
    assert words in str(error.value)
