"""Rewrites of the Keras driver, here on PyTorch, give the same results and gradients; who is rewritten."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import torch

from drivers.keras.layers import LAYERS, Building, Mode
from drivers.keras.layers.convolutional import in_bundles
from drivers.keras.precision import Precision
from drivers.keras.rewrites import rewrite
from drivers.rewrites import Call
from tests.drivers.pytorch.building import resolved

SMALL, LARGE = (4, 5, 3), (8, 10, 3)


def layer(kind, shape, **parameters):
    building = Building(np.random.default_rng(0), keras.random.SeedGenerator(0), Mode(), Precision())
    return LAYERS[kind](resolved(kind, [shape], **parameters), [shape], building)


def pair(up=None, convolution=None):
    plain = {"filters": 6, "kernel_size": 3, "padding": "same", "activation": "tanh"}
    first = layer("UpSampling2D", SMALL, **(up or {}))
    second = layer("Conv2D", first.output_shape, bias_initializer="random_normal", **{**plain, **(convolution or {})})
    return [Call("up", first, ("image",)), Call("convolution", second, ("up",))]


def test_upsampling_and_convolution_become_one():
    calls = pair()
    (fused,) = rewrite(calls, ["convolution"])
    assert fused.inputs == ("image",)
    up, convolution = (call.function for call in calls)
    x = torch.randn(2, *SMALL, requires_grad=True)
    variables = [variable.value for variable in convolution.variables().values()]

    def derived(function):
        y = function(x)
        (slope,) = torch.autograd.grad(y.square().sum(), [x], create_graph=True)
        return [y, slope, *torch.autograd.grad(y.sum() + slope.square().sum(), [x, *variables])]

    for found, wanted in zip(derived(fused.function), derived(lambda x: convolution(up(x))), strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("up", "convolution"),
    [
        ({"size": [2, 1]}, {}),
        ({"interpolation": "bilinear"}, {}),
        ({}, {"kernel_size": 5}),
        ({}, {"strides": 2}),
        ({}, {"padding": "valid"}),
        ({}, {"dilation_rate": 2}),
        ({}, {"groups": 3}),
    ],
)
def test_other_pairs_are_left_alone(up, convolution):
    calls = pair(up, convolution)
    assert rewrite(calls, ["convolution"]) == calls


def test_an_upsampled_image_that_is_wanted_is_kept():
    calls = pair()
    assert rewrite(calls, ["up", "convolution"]) == calls
    read = [*calls, Call("other", layer("Tanh", LARGE), ("up",))]
    assert rewrite(read, ["convolution", "other"]) == read


@pytest.mark.parametrize(("channels", "groups", "bundles"), [(8, 4, 1), (96, 2, 2), (96, 12, 3)])
def test_groups_become_plain_convolutions(channels, groups, bundles):
    x, kernel = torch.randn(2, 5, 5, channels), torch.randn(3, 3, channels // groups, 2 * groups)
    made = in_bundles(x, kernel, groups)
    assert len(made) == bundles
    found = torch.cat([keras.ops.conv(*bundle) for bundle in made], -1)
    torch.testing.assert_close(found, keras.ops.conv(x, kernel), rtol=1e-4, atol=1e-4)
