"""Rewrites give the same results and the same gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.pytorch import rewrites
from drivers.pytorch.layers import Building, Mode
from drivers.pytorch.layers.convolutional import Conv2D
from drivers.pytorch.layers.resizing import UpSampling2D
from drivers.pytorch.rewrites import UpsampledConv2D
from drivers.rewrites import Call

SIZE, CHANNELS = (4, 5), 3


def building():
    return Building(np.random.default_rng(0), Mode(dropout=torch.Generator()))


def upsampling(size=(2, 2), interpolation="nearest"):
    height, width = SIZE
    shape = [height * size[0], width * size[1], CHANNELS]
    return UpSampling2D(
        {"size": size, "interpolation": interpolation, "output_shape": shape}, [(*SIZE, CHANNELS)], building()
    )


def convolution(**changes):
    parameters = {
        "filters": 6,
        "kernel_size": [3, 3],
        "strides": [1, 1],
        "padding": "same",
        "dilation_rate": [1, 1],
        "groups": 1,
        "activation": "tanh",
        "use_bias": True,
        "kernel_initializer": {"choice": "glorot_uniform"},
        "bias_initializer": {"choice": "random_normal", "mean": 0.0, "stddev": 1.0},
        "output_shape": [8, 10, 6],
        **changes,
    }
    return Conv2D(parameters, [(8, 10, CHANNELS)], building())


def calls(up, conv):
    return [Call("up", up, ("image",)), Call("conv", conv, ("up",))]


def test_upsampling_and_convolution_become_one_exactly():
    up, conv = upsampling(), convolution()
    (fused,) = rewrites.rewrite(calls(up, conv), ["conv"])
    assert isinstance(fused.function, UpsampledConv2D)
    assert fused.inputs == ("image",)

    x = torch.randn(2, *SIZE, CHANNELS, dtype=torch.float64, requires_grad=True)
    conv = conv.double()
    upstream = torch.randn(2, 8, 10, 6, dtype=torch.float64)
    wanted = torch.autograd.grad((conv(up(x)) * upstream).sum(), [x, conv.kernel, conv.bias])
    found = torch.autograd.grad((fused.function(x) * upstream).sum(), [x, conv.kernel, conv.bias])
    torch.testing.assert_close(fused.function(x), conv(up(x)))
    torch.testing.assert_close(found, wanted)


def test_the_rewrite_can_be_differentiated_twice():
    fused = UpsampledConv2D(convolution().double())
    x = torch.randn(1, *SIZE, CHANNELS, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(fused, (x,))


@pytest.mark.parametrize(
    ("up", "conv", "outputs"),
    [
        (upsampling((2, 1)), convolution(), ["conv"]),
        (upsampling(interpolation="bilinear"), convolution(), ["conv"]),
        (upsampling(), convolution(kernel_size=[5, 5]), ["conv"]),
        (upsampling(), convolution(strides=[2, 2]), ["conv"]),
        (upsampling(), convolution(padding="valid"), ["conv"]),
        (upsampling(), convolution(dilation_rate=[2, 2]), ["conv"]),
        (upsampling(), convolution(groups=3), ["conv"]),
        (upsampling(), convolution(), ["up", "conv"]),
    ],
    ids=["size", "interpolation", "kernel", "strides", "padding", "dilation", "groups", "upsampling is an output"],
)
def test_other_pairs_are_left_alone(up, conv, outputs):
    before = calls(up, conv)
    assert rewrites.rewrite(before, outputs) == before


def test_an_upsampled_image_that_others_read_is_kept():
    before = [*calls(upsampling(), convolution()), Call("other", torch.tanh, ("up",))]
    assert rewrites.rewrite(before, ["conv", "other"]) == before
