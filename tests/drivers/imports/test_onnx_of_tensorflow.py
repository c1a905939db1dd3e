"""ONNX files as converters of TensorFlow graphs write them: images have their channels last, and each operator of ONNX
that has them first stands between two Transposes; shapes are computed in the graph."""

from __future__ import annotations

import numpy as np
import pytest
from onnx import TensorProto, helper

from tests.drivers.imports.comparing import agree, computed, imported, types
from tests.drivers.imports.test_onnx_networks import graph, run_onnx, weight

make = helper.make_node
FIRST, LAST = [0, 3, 1, 2], [0, 2, 3, 1]
TWICE = np.array([1, 1, 2, 2], np.float32)


def whole(*numbers):
    return np.array(numbers, np.int64)


def turned(operator, inputs, output, **attributes):
    """An operator on an image that has its channels last."""
    image, *others = inputs
    return [
        make("Transpose", [image], [f"{output}_first"], perm=FIRST),
        make(operator, [f"{output}_first", *others], [f"{output}_made"], **attributes),
        make("Transpose", [f"{output}_made"], [output], perm=LAST),
    ]


def shape_with_batch(tensor, rest, output):
    """[N, …rest], N taken from a tensor."""
    return [
        make("Shape", [tensor], [f"{output}_all"]),
        make("Slice", [f"{output}_all", "zero", "one"], [f"{output}_batch"]),
        make("Concat", [f"{output}_batch", rest], [output], axis=0),
    ]


def generator():
    nodes = [
        make("MatMul", ["x", "matrix"], ["a"]),
        *(make("Mul", ["a", "scale"], ["b"]), make("Add", ["b", "shift"], ["c"])),
        *(make("LeakyRelu", ["c"], ["d"], alpha=0.3), *shape_with_batch("d", "image", "shape")),
        make("Reshape", ["d", "shape"], ["e"]),
        *turned("ConvTranspose", ["e", "large"], "f", strides=[2, 2], pads=[1, 1, 2, 2]),
        *turned("BatchNormalization", ["f", "gamma", "beta", "mean", "variance"], "g", epsilon=1e-3),
        *(make("Relu", ["g"], ["h"]), *turned("Resize", ["h", "", "twice"], "i", mode="nearest",
          coordinate_transformation_mode="asymmetric", nearest_mode="floor")),
        *turned("Conv", ["i", "small", "offsets"], "j", auto_pad="SAME_UPPER"),
        make("Tanh", ["j"], ["y"]),
    ]  # fmt: skip
    weights = {
        "matrix": weight(6, 128), "scale": weight(128), "shift": weight(128), "zero": whole(0), "one": whole(1),
        "image": whole(4, 4, 8), "large": 0.1 * weight(8, 4, 5, 5), "gamma": weight(4), "beta": weight(4),
        "mean": weight(4), "variance": np.abs(weight(4)) + 0.5, "twice": TWICE, "small": weight(3, 4, 3, 3),
        "offsets": weight(3),
    }  # fmt: skip
    drawn = "Input Dense BatchNormalization LeakyReLU Reshape Conv2DTranspose BatchNormalization ReLU"
    return nodes, weights, (6,), f"{drawn} UpSampling2D Conv2D Tanh"


def critic():
    nodes = [
        make("Pad", ["x", "edges"], ["a"], mode="constant"),
        *turned("Conv", ["a", "large"], "b", strides=[2, 2]),
        *(make("Add", ["b", "bias"], ["c"]), make("Mul", ["c", "scale"], ["d"]), make("Add", ["d", "shift"], ["e"])),
        make("LeakyRelu", ["e"], ["f"], alpha=0.2),
        *turned("Conv", ["f", "depthwise"], "g", group=4, auto_pad="SAME_UPPER"),
        *turned("MaxPool", ["g"], "h", kernel_shape=[2, 2], strides=[2, 2], auto_pad="VALID"),
        make("ReduceMean", ["h"], ["i"], axes=[1, 2], keepdims=0),
        *(make("MatMul", ["i", "matrix"], ["j"]), make("Add", ["j", "offset"], ["y"])),
    ]  # fmt: skip
    weights = {
        "edges": whole(0, 1, 1, 0, 0, 2, 2, 0), "large": weight(4, 3, 4, 4), "bias": weight(4), "scale": weight(4),
        "shift": weight(4), "depthwise": weight(4, 1, 3, 3), "matrix": weight(4, 1), "offset": weight(1),
    }  # fmt: skip
    drawn = "Input ZeroPadding2D Conv2D BatchNormalization LeakyReLU DepthwiseConv2D"
    return nodes, weights, (10, 10, 3), f"{drawn} MaxPooling2D GlobalAveragePooling2D Dense"


def enlarged_by_computed_sizes():
    nodes = [
        *turned("Conv", ["x", "kernel"], "a", auto_pad="SAME_UPPER", strides=[2, 2]),
        *(make("Shape", ["a"], ["b"]), make("Slice", ["b", "one", "three"], ["c"]), make("Mul", ["c", "two"], ["d"])),
        *(make("Transpose", ["a"], ["e"], perm=FIRST), make("Shape", ["e"], ["f"])),
        *(make("Slice", ["f", "zero", "two_axes"], ["g"]), make("Concat", ["g", "d"], ["h"], axis=0)),
        make("Resize", ["e", "", "", "h"], ["i"], mode="linear", coordinate_transformation_mode="half_pixel"),
        make("Transpose", ["i"], ["y"], perm=LAST),
    ]  # fmt: skip
    weights = {
        "kernel": weight(4, 3, 3, 3), "zero": whole(0), "one": whole(1), "two_axes": whole(2), "three": whole(3),
        "two": whole(2, 2),
    }  # fmt: skip
    return nodes, weights, (8, 8, 3), "Input Conv2D UpSampling2D"


def cut_to_a_computed_size():
    """A transposed convolution of which the middle is kept."""
    nodes = [
        *(make("Transpose", ["x"], ["a"], perm=FIRST), make("ConvTranspose", ["a", "kernel"], ["b"], strides=[2, 2])),
        *(make("Shape", ["a"], ["c"]), make("Slice", ["c", "two", "four"], ["d"])),
        make("Mul", ["d", "twos"], ["want"]),
        *(make("Shape", ["b"], ["e"]), make("Slice", ["e", "two", "four"], ["f"])),
        make("Sub", ["f", "want"], ["more"]),
        *(make("Div", ["more", "twos"], ["start"]), make("Add", ["start", "want"], ["stop"])),
        *(make("Slice", ["b", "start", "stop", "axes"], ["g"]), make("Transpose", ["g"], ["h"], perm=LAST)),
        make("Add", ["h", "bias"], ["y"]),
    ]  # fmt: skip
    weights = {
        "kernel": weight(3, 5, 5, 5), "two": whole(2), "four": whole(4), "twos": whole(2, 2), "axes": whole(2, 3),
        "bias": weight(5),
    }  # fmt: skip
    return nodes, weights, (4, 4, 3), "Input Conv2DTranspose"


def dense_of_steps():
    """Steps and batch are one axis for the product."""
    nodes = [
        *(make("Reshape", ["x", "rows"], ["a"]), make("MatMul", ["a", "matrix"], ["b"])),
        *(*shape_with_batch("x", "steps", "shape"), make("Reshape", ["b", "shape"], ["c"])),
        make("Add", ["c", "bias"], ["y"]),
    ]  # fmt: skip
    weights = {
        "rows": whole(-1, 3), "matrix": weight(3, 5), "zero": whole(0), "one": whole(1), "steps": whole(8, 5),
        "bias": weight(5),
    }  # fmt: skip
    return nodes, weights, (8, 3), "Input Dense"


def convolution_of_steps():
    """A sequence is an image of one row for it."""
    nodes = [
        *(make("Unsqueeze", ["x", "one"], ["a"]), *turned("Conv", ["a", "kernel"], "b", auto_pad="SAME_UPPER",
          strides=[1, 2], kernel_shape=[1, 3])),
        *(make("Squeeze", ["b", "one"], ["c"]), make("Add", ["c", "bias"], ["d"]), make("Relu", ["d"], ["y"])),
    ]  # fmt: skip
    return nodes, {"one": whole(1), "kernel": weight(4, 3, 1, 3), "bias": weight(4)}, (8, 3), "Input Conv1D ReLU"


def lstm():
    """The steps come first for the operator, and its first state is made as large as the batch."""
    nodes = [
        *(make("Shape", ["x"], ["a"]), make("Slice", ["a", "zero", "one"], ["b"])),
        *(make("Concat", ["one", "b", "units"], ["c"], axis=0), make("ConstantOfShape", ["c"], ["state"])),
        make("Transpose", ["x"], ["d"], perm=[1, 0, 2]),
        make("LSTM", ["d", "w", "r", "b_", "", "state", "state"], ["", "e", ""], hidden_size=4),
        *(make("Squeeze", ["e", "zero"], ["f"]), make("MatMul", ["f", "matrix"], ["y"])),
    ]  # fmt: skip
    weights = {
        "zero": whole(0), "one": whole(1), "units": whole(4), "w": weight(1, 16, 3), "r": weight(1, 16, 4),
        "b_": weight(1, 32), "matrix": weight(4, 1),
    }  # fmt: skip
    return nodes, weights, (6, 3), "Input LSTM Dense"


CASES = (
    generator,
    critic,
    enlarged_by_computed_sizes,
    cut_to_a_computed_size,
    dense_of_steps,
    convolution_of_steps,
    lstm,
)


@pytest.mark.parametrize("case", CASES, ids=[case.__name__ for case in CASES])
def test_a_graph_gives_the_same_numbers_and_no_layer_that_only_moves_them(tmp_path, case):
    nodes, weights, shape, drawn = case()
    path = graph(tmp_path / "m.onnx", nodes, weights, {"x": (TensorProto.FLOAT, ["n", *shape])}, opset=15)
    network, x = imported(path), weight(2, *shape)
    assert types(network) == drawn.split()
    agree(computed(network, x), run_onnx(path, x))
