"""The worked example in every layer's help is true, and says as many weights as the layer holds."""

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
