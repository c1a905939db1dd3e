"""The worked example in every layer's help is true: its shapes, its weights, its sums and its numbers."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from spec import catalogue
from spec.parameters import fill
from spec.problems import Report
from spec.shapes import Built, measure

LAYERS = catalogue.load()["layers"]
Shapes = list[tuple[int, ...]]


def built(kind: str, shapes: Shapes, /, **parameters: Any) -> Built:
    report = Report()
    filled = fill(LAYERS[kind]["parameters"], parameters, report=report, pointer="", subject=kind)
    assert report.problems == []
    return measure({"type": kind, **filled}, shapes)


CONV2D = {"type": "Conv2D", "filters": 64, "kernel_size": 3}
EXAMPLES: list[tuple[str, Shapes, dict[str, Any], tuple[int, ...], int]] = [
    ("Dense", [(100,)], {"units": 2048}, (2048,), 206848),
    ("Flatten", [(4, 4, 64)], {}, (1024,), 0),
    ("Reshape", [(2048,)], {"target_shape": [4, 4, 128]}, (4, 4, 128), 0),
    ("Embedding", [()], {"input_dim": 10, "output_dim": 16}, (16,), 160),
    ("Concatenate", [(100,), (16,)], {}, (116,), 0),
    ("Concatenate", [(8, 8, 32), (8, 8, 64)], {}, (8, 8, 96), 0),
    ("Add", [(8, 8, 64), (8, 8, 64)], {}, (8, 8, 64), 0),
    ("Multiply", [(8, 8, 64), (1, 1, 64)], {}, (8, 8, 64), 0),
    ("AveragePooling2D", [(8, 8, 32)], {"pool_size": 2}, (4, 4, 32), 0),
    ("GlobalAveragePooling2D", [(4, 4, 128)], {}, (128,), 0),
    ("UpSampling2D", [(4, 4, 128)], {"size": 2}, (8, 8, 128), 0),
    ("ZeroPadding2D", [(8, 8, 32)], {"padding": 1}, (10, 10, 32), 0),
    ("Cropping2D", [(32, 32, 8)], {"cropping": [[1, 2], [1, 2]]}, (29, 29, 8), 0),
    ("Conv1D", [(128, 1)], {"filters": 32, "kernel_size": 5, "strides": 2, "padding": "same"}, (64, 32), 192),
    ("Conv2D", [(16, 16, 1)], {"filters": 32, "kernel_size": 4, "strides": 2, "padding": "same"}, (8, 8, 32), 544),
    (
        "Conv3D",
        [(8, 16, 16, 1)],
        {"filters": 16, "kernel_size": 3, "strides": 2, "padding": "same"},
        (4, 8, 8, 16),
        448,
    ),
    ("Conv1DTranspose", [(16, 64)], {"filters": 32, "kernel_size": 4, "strides": 2, "padding": "same"}, (32, 32), 8224),
    (
        "Conv2DTranspose",
        [(4, 4, 128)],
        {"filters": 64, "kernel_size": 4, "strides": 2, "padding": "same"},
        (8, 8, 64),
        131136,
    ),
    (
        "Conv3DTranspose",
        [(2, 4, 4, 32)],
        {"filters": 16, "kernel_size": 4, "strides": 2, "padding": "same"},
        (4, 8, 8, 16),
        32784,
    ),
    ("DepthwiseConv2D", [(16, 16, 8)], {"kernel_size": 3, "padding": "same"}, (16, 16, 8), 80),
    ("SeparableConv2D", [(16, 16, 32)], {"filters": 64, "kernel_size": 3, "padding": "same"}, (16, 16, 64), 2400),
    ("MaxPooling1D", [(16, 32)], {"pool_size": 2}, (8, 32), 0),
    ("MaxPooling2D", [(8, 8, 32)], {"pool_size": 2}, (4, 4, 32), 0),
    ("AveragePooling1D", [(16, 32)], {"pool_size": 2}, (8, 32), 0),
    ("GlobalAveragePooling1D", [(16, 32)], {}, (32,), 0),
    ("GlobalMaxPooling2D", [(4, 4, 128)], {}, (128,), 0),
    ("UpSampling1D", [(16, 4)], {"size": 2}, (32, 4), 0),
    ("ZeroPadding1D", [(16, 4)], {"padding": [2, 0]}, (18, 4), 0),
    ("Cropping1D", [(32, 4)], {"cropping": [1, 2]}, (29, 4), 0),
    ("SimpleRNN", [(32, 1)], {"units": 16}, (16,), 288),
    ("LSTM", [(32, 1)], {"units": 16}, (16,), 1152),
    ("GRU", [(32, 1)], {"units": 16}, (16,), 912),
    ("GRU", [(32, 1)], {"units": 16, "reset_after": False}, (16,), 864),
    ("ConvLSTM2D", [(8, 16, 16, 1)], {"filters": 4, "kernel_size": 3, "padding": "same"}, (16, 16, 4), 736),
    ("Bidirectional", [(32, 1)], {"layer": {"type": "LSTM", "units": 16}}, (32,), 2304),
    (
        "TimeDistributed",
        [(10, 16, 16, 1)],
        {"layer": {"type": "Conv2D", "filters": 8, "kernel_size": 3, "padding": "same"}},
        (10, 16, 16, 8),
        80,
    ),
    ("Permute", [(16, 4)], {"dims": [2, 1]}, (4, 16), 0),
    ("RepeatVector", [(100,)], {"n": 32}, (32, 100), 0),
    ("Dot", [(8, 4), (5, 4)], {"axes": 2}, (8, 5), 0),
    ("SelfAttention2D", [(16, 16, 64)], {"channel_reduction": 8}, (16, 16, 64), 2049),
    ("MultiHeadAttention", [(16, 32)], {"num_heads": 2, "key_dim": 8}, (16, 32), 2128),
    ("MinibatchStdDev", [(4, 4, 128)], {}, (4, 4, 129), 0),
    ("MinibatchDiscrimination", [(256,)], {"num_kernels": 50, "kernel_dim": 5}, (306,), 64000),
    ("PReLU", [(8, 8, 64)], {}, (8, 8, 64), 4096),
    ("PReLU", [(8, 8, 64)], {"shared_axes": [1, 2]}, (8, 8, 64), 64),
    ("BatchNormalization", [(8, 8, 64)], {}, (8, 8, 64), 256),
    ("LayerNormalization", [(512,)], {}, (512,), 1024),
    ("GroupNormalization", [(8, 8, 64)], {"groups": 32}, (8, 8, 64), 128),
    ("InstanceNormalization", [(8, 8, 64)], {}, (8, 8, 64), 128),
    ("SpectralNormalization", [(8, 8, 3)], {"layer": CONV2D}, (6, 6, 64), 3 * 3 * 3 * 64 + 64 + 64),
    ("ConditionalBatchNormalization", [(8, 8, 64), ()], {"num_classes": 10}, (8, 8, 64), 1408),
    ("AdaIN", [(8, 8, 64), (128,)], {}, (8, 8, 64), 16512),
]


@pytest.mark.parametrize(("layer", "shapes", "parameters", "shape", "count"), EXAMPLES)
def test_examples_are_true(layer, shapes, parameters, shape, count):
    example = built(layer, shapes, **parameters)
    assert (example.output_shape, example.parameter_count) == (shape, count)
    if count and layer != "SpectralNormalization":  # its help says it in words
        assert str(count) in LAYERS[layer]["help"]
    assert any(words in LAYERS[layer]["help"] for words in said(shape)), f"{layer}: its help does not say {shape}"


def said(shape: tuple[int, ...]) -> list[str]:
    """The ways in which a help says a shape."""
    image = "x".join(map(str, shape))
    if len(shape) == 1:
        return [f"{shape[0]} numbers", f"{shape[0]} features", f"become {shape[0]}", f"row 7, from 10 x {shape[0]}"]
    if len(shape) == 2:
        steps = [f"{shape[0]} steps", f"become {shape[0]}", f"into {shape[0]}"]
        return [image, *steps]
    # "16x16x64", "becomes 10 of 16x16x8", or a layer that changes no shape.
    return [
        image,
        f"[{', '.join(map(str, shape))}]",
        f"{shape[0]} of {'x'.join(map(str, shape[1:]))}",
        "The shape is that",
    ]


@pytest.mark.parametrize("layer", sorted(LAYERS))
def test_help_says_what_comes_out_when_one_uses_it_and_where_it_is_from(layer):
    entry = LAYERS[layer]
    assert re.search(r"^Example|Example: ", entry["help"], re.MULTILINE)
    assert re.search(r"^(Use (it|one) |Send it |Leave )|Send it through", entry["help"], re.MULTILINE)
    assert entry["reference"]["url"].startswith("https://")


SUM = re.compile(r"((?:\d|\()[\d x+()./]*\d\)?) = (\d+(?:\.\d+)?)")


@pytest.mark.parametrize("layer", [name for name, entry in sorted(LAYERS.items()) if SUM.search(entry["help"])])
def test_sums_are_right(layer):
    for left, right in SUM.findall(LAYERS[layer]["help"]):
        assert eval(left.replace("x", "*"), {"__builtins__": {}}) == float(right), left


def selu(x: float) -> float:
    return 1.05070098 * (x if x > 0 else 1.67326324 * math.expm1(x))


ELEMENTWISE: dict[str, Callable[[float], float]] = {
    "ReLU": lambda x: max(x, 0),
    "LeakyReLU": lambda x: x if x > 0 else 0.2 * x,  # the slope that the help names
    "ELU": lambda x: x if x > 0 else math.expm1(x),
    "SELU": selu,
    "GELU": lambda x: x * (1 + math.erf(x / math.sqrt(2))) / 2,
    "SiLU": lambda x: x / (1 + math.exp(-x)),
    "Sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "Tanh": math.tanh,
    "Rescaling": lambda x: 0.5 * x + 0.5,  # as the help says
    "Softplus": lambda x: math.log1p(math.exp(x)),
}


@pytest.mark.parametrize("layer", ELEMENTWISE)
def test_numbers_are_what_the_function_gives(layer):
    found = re.search(r"Example[^:]*: (-?[\d., -]+) becomes (-?[\d., -]+)\.", LAYERS[layer]["help"])
    assert found, "no example of the form 'a, b becomes c, d'"
    before, after = ([float(number) for number in side.split(",")] for side in found.groups())
    assert [ELEMENTWISE[layer](x) for x in before] == pytest.approx(after, abs=5e-4)


def test_pixel_normalization_and_the_merging_layers_compute_what_they_say():
    scale = math.sqrt((3**2 + 4**2) / 2)
    assert f"{3 / scale:.3f}, {4 / scale:.3f}" in LAYERS["PixelNormalization"]["help"]
    first, second = (1, 4), (3, 0)
    for layer, merge in [("Average", lambda a, b: (a + b) // 2), ("Maximum", max), ("Minimum", min)]:
        merged = list(map(merge, first, second))
        assert f"{list(first)} and {list(second)} become {merged}" in LAYERS[layer]["help"]
