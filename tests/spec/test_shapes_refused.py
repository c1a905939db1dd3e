"""What each shape rule refuses, and in which words; attention maps count towards the size of a layer."""

from typing import Any

import pytest

import spec
from spec.shapes import ShapeError

from .test_help_examples import Shapes, built

REFUSED: list[tuple[str, Shapes, dict[str, Any], str]] = [
    (
        "Conv1D",
        [(4, 4, 1)],
        {"filters": 1, "kernel_size": 3},
        "needs a sequence (steps, numbers), but its input is 4x4x1",
    ),
    ("Conv1D", [(4, 1)], {"filters": 1, "kernel_size": 5}, "kernel 5 does not fit its input of 4 steps"),
    ("Conv1D", [(4, 1)], {"filters": 1, "kernel_size": 3, "dilation_rate": 2}, "kernel 3 (dilated to 5)"),
    ("Conv3D", [(4, 4, 1)], {"filters": 1, "kernel_size": 3}, "needs a volume (depth, height, width, channels)"),
    ("Conv3D", [(4, 2, 4, 1)], {"filters": 1, "kernel_size": 3}, "kernel 3x3x3 does not fit its 4x2x4 input"),
    (
        "Conv2DTranspose",
        [(4, 4, 1)],
        {"filters": 1, "kernel_size": 3, "output_padding": 1},
        "smaller than its stride 1",
    ),
    (
        "Conv1DTranspose",
        [(1, 1)],
        {"filters": 1, "kernel_size": 2, "strides": 2, "padding": "same", "output_padding": 0},
        "nothing is left of its input",
    ),
    ("DepthwiseConv2D", [(4, 4, 1)], {"kernel_size": 3, "strides": 2, "dilation_rate": 2}, "not both"),
    ("Cropping1D", [(4, 1)], {"cropping": 2}, "cropping 4 steps leaves nothing of its input of 4 steps"),
    ("LSTM", [(8,)], {"units": 2}, "needs a sequence (steps, numbers), but its input is a list of 8"),
    ("ConvLSTM2D", [(8, 8, 1)], {"filters": 1, "kernel_size": 3}, "needs a film (steps, height, width, channels)"),
    ("ConvLSTM2D", [(3, 2, 2, 1)], {"filters": 1, "kernel_size": 3}, "kernel 3x3 does not fit its 2x2 input"),
    ("TimeDistributed", [(8,)], {"layer": {"type": "Dense", "units": 1}}, "needs steps, each with numbers"),
    ("Permute", [(2, 3)], {"dims": [1]}, "must hold each axis of its input 2x3 once; its axes are 1, 2"),
    ("RepeatVector", [(2, 3)], {"n": 2}, "repeats a list of numbers, but its input is 2x3; put a Flatten before it"),
    ("SpatialDropout1D", [(4, 4, 1)], {"rate": 0.5}, "needs a sequence"),
    ("Dot", [(2, 3), (4, 5)], {}, "but these have 3 and 5 numbers"),
    ("Dot", [(2, 3), (4, 3)], {"axes": [1, 2, 1]}, "one axis for both inputs, or one for each"),
    ("Dot", [(3,), (3,)], {"axes": 2}, "axis 2 is not an axis"),
    ("Subtract", [(3,), (4,)], {}, "a list of 3 and a list of 4 differ"),
    ("MultiHeadAttention", [(3,)], {"num_heads": 1, "key_dim": 1}, "needs a sequence (steps, numbers) as its query"),
    ("MultiHeadAttention", [(3, 2), (2, 2, 2)], {"num_heads": 1, "key_dim": 1}, "must have as many axes"),
    ("MultiHeadAttention", [(3, 2), (4, 2), (5, 2)], {"num_heads": 1, "key_dim": 1}, "must have the same steps"),
    (
        "MultiHeadAttention",
        [(3, 3, 2)],
        {"num_heads": 1, "key_dim": 1, "use_causal_mask": True},
        "use_causal_mask needs a sequence",
    ),
    ("MinibatchDiscrimination", [(2, 3)], {}, "compares lists of numbers, but its input is 2x3"),
    ("MinibatchStdDev", [()], {}, "a single number"),
    ("PReLU", [(3,)], {"shared_axes": [2]}, "axis 2 is not an axis"),
    ("LayerNormalization", [(4, 6)], {"axis": [2, -1]}, "names the same axis of its input 4x6 twice"),
    ("GroupNormalization", [(4, 4, 6)], {"groups": 4}, "groups 4 must divide its 6 input channels"),
    ("GroupNormalization", [(4, 4, 6)], {"groups": 0}, "not 0"),
    ("InstanceNormalization", [(6,)], {}, "takes the mean of a channel over its pixels or steps"),
    ("ConditionalBatchNormalization", [(6,), (1,)], {"num_classes": 2}, "needs one label an example"),
    ("AdaIN", [(4, 4, 6), (2, 2)], {}, "needs a list of numbers, the style, as its second input"),
]


@pytest.mark.parametrize(("layer", "shapes", "parameters", "words"), REFUSED)
def test_what_does_not_fit_says_why(layer, shapes, parameters, words):
    with pytest.raises(ShapeError) as error:
        built(layer, shapes, **parameters)
    assert words in str(error.value)


def test_an_attention_map_counts_as_numbers():
    assert built("SelfAttention2D", [(64, 64, 8)]).largest == 4096**2
    assert built("MultiHeadAttention", [(10, 4), (20, 4)], num_heads=3, key_dim=2).largest == 3 * 10 * 20
    inner = {"type": "MultiHeadAttention", "num_heads": 3, "key_dim": 2}
    assert built("TimeDistributed", [(5, 10, 4)], layer=inner).largest == 5 * 3 * 10 * 10


def test_an_attention_map_that_is_too_large_is_said():
    document = {
        "data": {"choice": "digits", "image_size": 128},
        "generator": {"choice": "dcgan"},
        "discriminator": {
            "choice": "custom",
            "layers": [
                {"id": "image", "type": "Input", "source": "image"},
                {"id": "look", "type": "SelfAttention2D", "inputs": ["image"]},
                {"id": "row", "type": "Flatten", "inputs": ["look"]},
                {"id": "score", "type": "Dense", "units": 1, "inputs": ["row"]},
            ],
        },
    }
    with pytest.raises(spec.SpecError) as error:
        spec.resolve(document)
    [problem] = error.value.problems
    assert (problem["pointer"], problem["code"]) == ("/discriminator/layers/1", "too_large")
    assert "its attention map, 16384x16384 are more numbers than the 16777216 allowed" in problem["message"]
