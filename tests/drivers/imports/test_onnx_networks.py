"""ONNX files of other programs become drawings that compute the same numbers."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from drivers.imports import UnreadableError
from tests.drivers.imports.comparing import agree, computed, imported, types
from tests.drivers.imports.networks import NETWORKS, with_weights

# What PyTorch's newer exporter, which takes a second a network, writes differently.
DYNAMO = (
    "dcgan_generator",
    "attention_block",
    "residual_generator",
    "normalizations",
    "pixel_shuffles",
    "squeeze_and_excitation",
)


def run_onnx(path, *inputs):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, dict(zip((put.name for put in session.get_inputs()), inputs, strict=True)))
    return output


def channels_last(x):
    """(N, C, …) -> (N, …, C)."""
    return np.ascontiguousarray(np.moveaxis(x, 1, -1))


def compare(path, x):
    """A file whose images have their channels first against the drawing, where they are last."""
    network, wanted = imported(path), run_onnx(path, x)
    shape = network.layers[0]["shape"]
    # Sequences of a recurrent network, and of attention, have their channels last in PyTorch, too.
    is_last = x.ndim == 3 and list(x.shape[1:]) == shape
    # Noise may come as an image of one pixel.
    given = x.reshape(len(x), *shape) if is_last or len(shape) == 1 else channels_last(x)
    found = computed(network, given)
    if wanted.size == len(x):
        wanted = wanted.reshape(len(x), -1)
    agree(found, wanted if is_last or wanted.ndim == 2 else channels_last(wanted))
    return network


def exported(name, path, *, dynamo=False, **options):
    network, shape = NETWORKS[name]()
    x = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    options |= {"external_data": False} if dynamo else {}
    torch.onnx.export(with_weights(network), (x,), path, dynamo=dynamo, verbose=False, **options)
    return x.numpy()


@pytest.mark.filterwarnings("ignore")  # the older exporter says of itself that there is a newer one
@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_of_pytorch_gives_the_same_numbers(tmp_path, name):
    path = tmp_path / "network.onnx"
    compare(path, exported(name, path))


@pytest.mark.parametrize("name", DYNAMO)
def test_so_does_one_of_the_newer_exporter(tmp_path, name):
    path = tmp_path / "network.onnx"
    compare(path, exported(name, path, dynamo=True))


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ["upsampling_generator", "recurrent", "attention_block"])
def test_the_batch_may_be_open(tmp_path, name):
    path = tmp_path / "network.onnx"
    x = exported(name, path, input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "n"}, "y": {0: "n"}})
    compare(path, x)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("dcgan_discriminator", "Input Conv2D LeakyReLU Conv2D LeakyReLU Conv2D Sigmoid Flatten"),
        ("mlp_generator", "Input Dense BatchNormalization LeakyReLU Dense Tanh Reshape"),
        ("u_net", "Input Conv2D LeakyReLU Conv2D LeakyReLU InstanceNormalization Conv2DTranspose ReLU Concatenate "
         "Conv2DTranspose Tanh"),
        ("pixel_normalization", "Input Conv2D PixelNormalization"),
        ("attention_block", "Input Dense MultiHeadAttention Add LayerNormalization Dense GELU Dense Add "
         "LayerNormalization"),
        ("heads_by_hand", "Input MultiHeadAttention"),
        ("heads_by_sums", "Input Cropping1D MultiHeadAttention"),
        ("parts_of_layers", "Input Dense GELU LayerNormalization Dense"),
        ("squeeze_and_excitation", "Input Conv2D GlobalAveragePooling2D Dense ReLU Dense Sigmoid Reshape Multiply"),
        ("recurrent", "Input Bidirectional GRU Cropping1D Flatten Dense"),
    ],
)  # fmt: skip
def test_what_only_moves_numbers_about_is_folded_away(tmp_path, name, drawn):
    exported(name, tmp_path / "network.onnx")
    assert types(imported(tmp_path / "network.onnx")) == drawn.split()


def graph(path, nodes, weights, inputs, *, opset=20):
    """A file of operators; inputs by name: their type and shape."""
    puts = [helper.make_tensor_value_info(name, *kind) for name, kind in inputs.items()]
    out = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    held = [numpy_helper.from_array(value, name) for name, value in weights.items()]
    model = helper.make_model(
        helper.make_graph(nodes, "g", puts, [out], held), opset_imports=[helper.make_opsetid("", opset)], ir_version=9
    )
    path.write_bytes(model.SerializeToString())
    return path


RANDOM = np.random.default_rng(0)


def weight(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def test_transposes_around_convolutions_are_folded_away(tmp_path):
    """As a converter of TensorFlow graphs writes them: images with their channels last, and each operator turned."""
    nodes = [
        helper.make_node("Transpose", ["x"], ["a"], perm=[0, 3, 1, 2]),
        helper.make_node("Conv", ["a", "k"], ["b"], strides=[2, 2], auto_pad="SAME_UPPER"),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 2, 3, 1]),
        helper.make_node("Add", ["c", "bias"], ["d"]),
        helper.make_node("Mul", ["d", "scale"], ["e"]),
        helper.make_node("Add", ["e", "shift"], ["f"]),
        helper.make_node("LeakyRelu", ["f"], ["g"], alpha=0.2),
        helper.make_node("Reshape", ["g", "row"], ["h"]),
        helper.make_node("MatMul", ["h", "m"], ["i"]),
        helper.make_node("Add", ["i", "one"], ["y"]),
    ]
    weights = {
        "k": weight(4, 3, 5, 5), "bias": weight(4), "scale": weight(1, 1, 1, 4), "shift": weight(1, 1, 1, 4),
        "row": np.array([-1, 64]), "m": weight(64, 1), "one": weight(1),
    }  # fmt: skip
    path = graph(tmp_path / "m.onnx", nodes, weights, {"x": (TensorProto.FLOAT, ["n", 8, 8, 3])})
    network, x = imported(path), weight(2, 8, 8, 3)
    assert types(network) == ["Input", "Conv2D", "BatchNormalization", "LeakyReLU", "Flatten", "Dense"]
    assert network.layers[1]["padding"] == "same"
    agree(computed(network, x), run_onnx(path, x))


def test_transposed_convolutions_that_say_their_output(tmp_path):
    nodes = [
        helper.make_node("Gemm", ["x", "m"], ["a"]),
        helper.make_node("Reshape", ["a", "image"], ["b"]),
        helper.make_node("Transpose", ["b"], ["c"], perm=[0, 3, 1, 2]),
        helper.make_node("ConvTranspose", ["c", "k"], ["d"], strides=[2, 2], output_shape=[8, 8]),
        helper.make_node("Pad", ["d", "pads"], ["e"]),
        helper.make_node("Transpose", ["e"], ["f"], perm=[0, 2, 3, 1]),
        helper.make_node("Tanh", ["f"], ["y"]),
    ]
    weights = {"m": weight(5, 48), "image": np.array([-1, 4, 4, 3]), "k": weight(3, 2, 5, 5)}
    weights["pads"] = np.array([0, 0, 1, 0, 0, 0, 0, -1])
    path = graph(tmp_path / "m.onnx", nodes, weights, {"x": (TensorProto.FLOAT, ["n", 5])})
    network, x = imported(path), weight(2, 5)
    agree(computed(network, x), run_onnx(path, x))


def test_labels_are_looked_up(tmp_path):
    """A conditional generator: one class by a table, the same as a list with a single one."""
    nodes = [
        helper.make_node("Gather", ["table", "label"], ["a"]),
        helper.make_node("OneHot", ["label", "ten", "off_on"], ["b"]),
        helper.make_node("Concat", ["noise", "a", "b"], ["c"], axis=1),
        helper.make_node("Gemm", ["c", "m", "bias"], ["d"], transB=1, alpha=0.5, beta=2.0),
        helper.make_node("Sigmoid", ["d"], ["y"]),
    ]
    weights = {
        "table": weight(10, 3), "ten": np.array(10), "off_on": np.array([0, 1], np.float32),
        "m": weight(6, 17), "bias": weight(6),
    }  # fmt: skip
    inputs = {"noise": (TensorProto.FLOAT, ["n", 4]), "label": (TensorProto.INT64, ["n"])}
    path = graph(tmp_path / "m.onnx", nodes, weights, inputs)
    network, noise, label = imported(path), weight(3, 4), np.array([1, 7, 9])
    assert [layer["trainable"] for layer in network.layers if "trainable" in layer] == [False]
    agree(computed(network, noise, label), run_onnx(path, noise, label))


def test_a_normalization_as_a_product_and_a_sum(tmp_path):
    """x · m + (β - mean(x) · m), m = γ / √(var x + ε), as TensorFlow computes it."""
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=1),
        helper.make_node("Sub", ["x", "mean"], ["centered"]),
        helper.make_node("Mul", ["centered", "centered"], ["squares"]),
        helper.make_node("ReduceMean", ["squares", "axes"], ["variance"], keepdims=1),
        helper.make_node("Add", ["variance", "epsilon"], ["v"]),
        helper.make_node("Sqrt", ["v"], ["root"]),
        helper.make_node("Reciprocal", ["root"], ["inverse"]),
        helper.make_node("Mul", ["inverse", "gamma"], ["m"]),
        helper.make_node("Mul", ["x", "m"], ["product"]),
        helper.make_node("Mul", ["mean", "m"], ["offset"]),
        helper.make_node("Sub", ["beta", "offset"], ["shift"]),
        helper.make_node("Add", ["product", "shift"], ["y"]),
    ]
    weights = {"epsilon": np.array(1e-3, np.float32), "gamma": weight(3), "beta": weight(3)}
    for axes, layer in ((np.array([3]), "LayerNormalization"), (np.array([1, 2]), "InstanceNormalization")):
        given = {**weights, "axes": axes}
        path = graph(tmp_path / "m.onnx", nodes, given, {"x": (TensorProto.FLOAT, ["n", 8, 8, 3])})
        network, x = imported(path), weight(2, 8, 8, 3)
        assert types(network) == ["Input", layer]
        agree(computed(network, x), run_onnx(path, x))


def test_softmax_silu_and_leaky_relu_as_arithmetic(tmp_path):
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"]),
        helper.make_node("Mul", ["s", "x"], ["silu"]),
        helper.make_node("Mul", ["silu", "slope"], ["less"]),
        helper.make_node("Max", ["silu", "less"], ["leaky"]),
        helper.make_node("ReduceMax", ["leaky", "axes"], ["most"], keepdims=1),
        helper.make_node("Sub", ["leaky", "most"], ["shifted"]),
        helper.make_node("Exp", ["shifted"], ["e"]),
        helper.make_node("ReduceSum", ["e", "axes"], ["sum"], keepdims=1),
        helper.make_node("Div", ["e", "sum"], ["y"]),
    ]
    weights = {"slope": np.array(0.1, np.float32), "axes": np.array([1])}
    path = graph(tmp_path / "m.onnx", nodes, weights, {"x": (TensorProto.FLOAT, ["n", 7])})
    network, x = imported(path), weight(2, 7)
    assert types(network) == ["Input", "SiLU", "LeakyReLU", "Softmax"]
    agree(computed(network, x), run_onnx(path, x))


@pytest.mark.parametrize(
    ("node", "told"),
    [
        (helper.make_node("Softmax", ["rows"], ["y"], "shares"), "Softmax 'shares' cannot be drawn: its input has the "
         "batch and other axes in one"),
        (helper.make_node("Einsum", ["x", "x"], ["y"], "sum", equation="nsc,nsc->n"), "the sum nsc,nsc->n"),
        (helper.make_node("Einsum", ["x", "x"], ["y"], "sum", equation="...c,...c->..."), "no layer does the sum"),
        (helper.make_node("Einsum", ["x", "m"], ["y"], "sum", equation="nsc,nc->ns"), "does not fit|no layer does"),
    ],
)  # fmt: skip
def test_batches_that_are_mixed_and_sums_that_no_layer_does_are_refused(tmp_path, node, told):
    nodes = [helper.make_node("Reshape", ["x", "shape"], ["rows"]), node]
    weights = {"shape": np.array([-1, 3]), "m": weight(3, 5)}
    path = graph(tmp_path / "m.onnx", nodes, weights, {"x": (TensorProto.FLOAT, ["n", 8, 3])})
    with pytest.raises(UnreadableError, match=told):
        imported(path)


@pytest.mark.filterwarnings("ignore")
def test_a_recurrent_layer_that_was_unrolled_is_refused_and_told_what_would_be_right(tmp_path):
    class Unrolled(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRUCell(3, 4)

        def forward(self, x):
            state = torch.zeros(len(x), 4)
            for step in range(5):
                state = self.cell(x[:, step], state)
            return state

    torch.onnx.export(Unrolled(), (torch.zeros(2, 5, 3),), tmp_path / "m.onnx", dynamo=False, verbose=False)
    with pytest.raises(UnreadableError) as error:
        imported(tmp_path / "m.onnx")
    told = [problem["message"] for problem in error.value.problems]
    assert len(told) == 2  # a matrix for what comes in, and one for the state
    assert all("is that of 5 operators" in message and "LSTM, GRU or RNN" in message for message in told)


def test_weights_that_are_not_finite_are_named(tmp_path):
    bad = weight(4, 1)
    bad[0] = np.nan
    nodes = [helper.make_node("MatMul", ["x", "m"], ["y"], "score")]
    path = graph(tmp_path / "m.onnx", nodes, {"m": bad}, {"x": (TensorProto.FLOAT, ["n", 4])})
    with pytest.raises(UnreadableError, match=r"'score/kernel' holds NaN or infinite numbers"):
        imported(path)


@pytest.mark.filterwarnings("ignore")
def test_a_sequential_of_keras_on_pytorch(tmp_path):
    keras = pytest.importorskip("keras", reason="the file is written with Keras")
    layers = keras.layers
    model = keras.Sequential([
        keras.Input((6,)), layers.Dense(128, use_bias=False), layers.BatchNormalization(), layers.LeakyReLU(0.2),
        layers.Reshape((4, 4, 8)), layers.UpSampling2D(2), layers.Conv2D(6, 3, padding="same", activation="relu"),
        layers.Conv2DTranspose(3, 5, strides=2, padding="same", activation="tanh"),
    ])  # fmt: skip
    x = weight(2, 6)
    wanted = keras.ops.convert_to_numpy(model(x))
    model.export(tmp_path / "m.onnx", format="onnx", verbose=False)
    network = imported(tmp_path / "m.onnx")
    drawn = "Input Dense BatchNormalization LeakyReLU Reshape UpSampling2D Conv2D ReLU Conv2DTranspose Tanh"
    assert types(network) == drawn.split()
    agree(computed(network, x), wanted)


def test_every_operator_of_a_large_graph_is_read_in_time(tmp_path):
    """Thousands of operators one behind the other are no recursion, and more than are allowed are told."""
    nodes = [helper.make_node("Add", [f"t{place}", f"t{place}"], [f"t{place + 1}"]) for place in range(5000)]
    nodes.append(helper.make_node("Identity", ["t5000"], ["y"]))
    path = graph(tmp_path / "m.onnx", nodes, {}, {"t0": (TensorProto.FLOAT, ["n", 4])})
    assert types(imported(path)) == ["Input"] + ["Add"] * 5000
    model = onnx.load(path)
    model.graph.node.extend([helper.make_node("Relu", ["t0"], [f"r{place}"]) for place in range(20_000)])
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UnreadableError, match=r"25,001 operators; 20,000 are allowed"):
        imported(path)


def test_circles_and_shapes_beyond_all_bounds_are_told(tmp_path):
    circle = [helper.make_node("Relu", ["b"], ["a"], "first"), helper.make_node("Relu", ["a"], ["b"], "second")]
    circle.append(helper.make_node("Add", ["a", "x"], ["y"]))
    path = graph(tmp_path / "m.onnx", circle, {}, {"x": (TensorProto.FLOAT, ["n", 4])})
    with pytest.raises(UnreadableError, match=r"Relu 'first' cannot be drawn: its input 'b' is made by no operator"):
        imported(path)
    huge = [helper.make_node("Expand", ["one", "shape"], ["e"], "big"), helper.make_node("Add", ["x", "e"], ["y"])]
    weights = {"one": np.ones(1, np.float32), "shape": np.array([10**5, 10**5, 4])}
    path = graph(tmp_path / "m.onnx", huge, weights, {"x": (TensorProto.FLOAT, ["n", 4])})
    with pytest.raises(UnreadableError, match=r"Expand 'big' cannot be drawn: gives 40,000,000,000 numbers"):
        imported(path)


def test_damaged_and_sparse_weights_are_told(tmp_path):
    path = graph(
        tmp_path / "m.onnx",
        [helper.make_node("MatMul", ["x", "m"], ["y"])],
        {"m": weight(4, 1)},
        {"x": (TensorProto.FLOAT, ["n", 4])},
    )
    model = onnx.load(path)
    model.graph.initializer[0].dims[0] = 10**9
    path.write_bytes(model.SerializeToString())
    with pytest.raises(UnreadableError, match=r"The weights 'm' \(1000000000x1\) are damaged"):
        imported(path)


@pytest.mark.filterwarnings("ignore")
def test_what_no_layer_does_is_refused_by_name(tmp_path):
    network = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1, padding_mode="reflect"), nn.Hardswish(), nn.Mish())
    torch.onnx.export(network.eval(), (torch.zeros(1, 3, 8, 8),), tmp_path / "m.onnx", dynamo=False, verbose=False)
    with pytest.raises(UnreadableError) as error:
        imported(tmp_path / "m.onnx")
    first, second = (problem["message"] for problem in error.value.problems)
    assert first.startswith("Pad ")
    assert second.startswith("A drawing has no layer for the operator HardSwish ")
