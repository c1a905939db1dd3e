"""Layers that Keras does not have, against the formulas of their papers written out in NumPy (float64)."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from drivers.pytorch.layers import Mode
from tests.drivers.pytorch.building import build, randomize, resolved

rng = np.random.default_rng(0)


def made(kind, *shapes, training=True, **parameters):
    """A layer with random weights, and these as float64."""
    layer = build(resolved(kind, shapes, **parameters), shapes, training=training)
    return layer, {name: value.astype(np.float64) for name, value in randomize(layer, rng).items()}


def normal(*shape):
    return rng.normal(size=shape).astype(np.float32)


def run(layer, *inputs):
    return layer(*[torch.from_numpy(np.asarray(x)) for x in inputs]).detach().numpy()


def close(ours, expected):
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(("shape", "epsilon"), [((5,), 1e-8), ((3, 4, 6), 1e-8), ((7, 2), 0.5)])
def test_pixel_normalization(shape, epsilon):
    """Karras et al. 2017, section 4.2."""
    layer, _ = made("PixelNormalization", shape, epsilon=epsilon)
    x = normal(3, *shape)
    close(run(layer, x), x / np.sqrt((x.astype(np.float64) ** 2).mean(-1, keepdims=True) + epsilon))


def normalized(x, axes, epsilon):
    x = x.astype(np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)


@pytest.mark.parametrize(("shape", "style", "epsilon"), [((3, 4, 6), 5, 1e-5), ((7, 2), 1, 0.1), ((1, 1, 3), 2, 1e-5)])
def test_adain(shape, style, epsilon):
    """Huang & Belongie 2017, eq. 8, with the style's affine map of Karras et al. 2018."""
    layer, weights = made("AdaIN", shape, (style,), epsilon=epsilon)
    x, w = normal(3, *shape), normal(3, style)
    scales, shifts = np.split(w @ weights["kernel"] + weights["bias"], 2, axis=1)
    along = (3, *(1 for _ in shape[:-1]), shape[-1])
    content = normalized(x, tuple(range(1, len(shape))), epsilon)
    close(run(layer, x, w), (1 + scales.reshape(along)) * content + shifts.reshape(along))


@pytest.mark.parametrize(("shape", "momentum"), [((5,), 0.9), ((3, 4, 2), 0.5), ((6, 3), 0.99)])
def test_conditional_batch_normalization(shape, momentum):
    """De Vries et al. 2017, section 3: the label picks gamma and beta; the statistics are the whole batch's."""
    layer, weights = made("ConditionalBatchNormalization", shape, (), num_classes=4, momentum=momentum)
    x, labels = normal(6, *shape) * 2 + 1, np.array([3, 0, 1, 1, 2, 3])
    over, along = tuple(range(x.ndim - 1)), (6, *(1 for _ in shape[:-1]), shape[-1])
    gamma, beta = weights["gamma"][labels].reshape(along), weights["beta"][labels].reshape(along)
    close(run(layer, x, labels), gamma * normalized(x, over, 1e-3) + beta)
    moved = momentum * weights["moving_mean"] + (1 - momentum) * x.mean(over)
    close(layer.variables()["moving_mean"], moved)
    layer.mode.training = False
    variance = momentum * weights["moving_variance"] + (1 - momentum) * x.var(over)
    close(run(layer, x, labels), gamma * (x - moved) / np.sqrt(variance + 1e-3) + beta)


@pytest.mark.parametrize(("size", "channels", "reduction"), [((4, 4), 16, 8), ((3, 5), 6, 2), ((2, 2), 3, 8)])
@pytest.mark.parametrize("penalized", [False, True])
def test_self_attention(size, channels, reduction, penalized):
    """Zhang et al. 2018, eq. 1 to 3: β[j, i] = softmaxᵢ(f(xᵢ)ᵀg(xⱼ)), o[j] = v(Σᵢ β[j, i]·h(xᵢ)), y = γ·o + x."""
    layer, weights = made("SelfAttention2D", (*size, channels), channel_reduction=reduction)
    layer.mode.update_statistics = not penalized
    x = normal(2, *size, channels)
    pixels = x.astype(np.float64).reshape(2, -1, channels)
    f, g, h = (pixels @ weights[name] for name in ("key_kernel", "query_kernel", "value_kernel"))
    scores = np.einsum("nic,njc->nji", f, g)
    attention = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = weights["gamma"] * (attention @ h @ weights["output_kernel"]) + pixels
    np.testing.assert_allclose(run(layer, x), expected.reshape(x.shape), rtol=1e-4, atol=1e-4)


def test_self_attention_first_changes_nothing():
    layer = build(resolved("SelfAttention2D", [(4, 4, 8)]), [(4, 4, 8)])
    x = normal(2, 4, 4, 8)
    np.testing.assert_array_equal(run(layer, x), x)


@pytest.mark.parametrize("shape", [(3,), (2, 4, 3)])
@pytest.mark.parametrize(("count", "group_size"), [(8, 4), (8, None), (6, 4), (5, 2), (3, 4), (1, 4), (13, 4)])
def test_minibatch_stddev(shape, count, group_size):
    """Karras et al. 2017, section 3; sample i is in group i modulo the number of groups."""
    layer, _ = made("MinibatchStdDev", shape, group_size=group_size)
    x = normal(count, *shape)
    groups = -(-count // (group_size or count))
    expected = np.empty((count, *shape[:-1], 1))
    for group in range(groups):
        members = x[group::groups].astype(np.float64)
        expected[group::groups] = np.sqrt(members.var(0) + 1e-8).mean()
    y = run(layer, x)
    np.testing.assert_array_equal(y[..., :-1], x)
    close(y[..., -1:], expected)


@pytest.mark.parametrize(("size", "kernels", "dim", "count"), [(6, 4, 3, 5), (2, 1, 1, 4), (3, 5, 2, 1)])
def test_minibatch_discrimination(size, kernels, dim, count):
    """Salimans et al. 2016, section 3.2: o[i, b] = Σⱼ exp(-‖M[i, b] - M[j, b]‖₁)."""
    layer, weights = made("MinibatchDiscrimination", (size,), num_kernels=kernels, kernel_dim=dim)
    x = normal(count, size)
    m = np.einsum("na,abc->nbc", x.astype(np.float64), weights["kernel"])
    distances = np.abs(m[:, None] - m[None]).sum(-1)
    expected = np.concatenate([x, np.exp(-distances).sum(1)], 1)
    np.testing.assert_allclose(run(layer, x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["MinibatchStdDev", "MinibatchDiscrimination", "ConditionalBatchNormalization"])
def test_layers_that_mix_the_samples_of_a_batch_say_so(kind):
    shapes = [(3,), ()] if kind == "ConditionalBatchNormalization" else [(3,)]
    assert made(kind, *shapes)[0].MIXES_SAMPLES


def test_a_wrapper_mixes_what_its_layer_mixes():
    assert made("TimeDistributed", (2, 3), layer="MinibatchStdDev")[0].MIXES_SAMPLES
    assert not made("TimeDistributed", (2, 3), layer="PixelNormalization")[0].MIXES_SAMPLES


def test_mode_tells_the_pass_of_a_penalty():
    mode = Mode(dropout=torch.Generator())
    assert not mode.is_penalized
    mode.update_statistics = False
    assert mode.is_penalized
    mode.training = False
    assert not mode.is_penalized
