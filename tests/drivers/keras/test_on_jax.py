"""Windows on JAX give what JAX's own operations give, and so do their first and second derivatives."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from drivers.keras.layers import on_jax
from drivers.keras.layers.on_jax import Grid
from drivers.padding import window_padding

GRIDS = {
    "4x4, stride 2": Grid((8, 8), (4, 4), (4, 4), (2, 2), (1, 1), ((1, 1), (1, 1))),
    "uneven": Grid((7, 6), (3, 6), (3, 2), (3, 1), (1, 1), ((1, 1), (0, 1))),
    "dilated": Grid((9,), (5,), (3,), (1,), (2,), ((0, 0),)),
    "cut at the end": Grid((9,), (4,), (2,), (2,), (1,), ((0, -1),)),
    "three axes": Grid((4, 4, 5), (2, 2, 5), (2, 3, 1), (2, 2, 1), (1, 1, 1), ((0, 0), (0, 1), (0, 0))),
}


@pytest.fixture(autouse=True)
def float64():
    with jax.enable_x64(True):
        yield


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape)


def plain(large, kernel, grid):
    return lax.conv_general_dilated(
        large, kernel, grid.strides, grid.sides, rhs_dilation=grid.dilation, dimension_numbers=grid.letters
    )


def plain_transposed(small, kernel, grid):
    shape = jax.ShapeDtypeStruct((small.shape[0], *grid.large, kernel.shape[-2]), small.dtype)
    return jax.linear_transpose(lambda large: plain(large, kernel, grid), shape)(small)[0]


def same(ours, theirs, *given):
    """Values, gradients, and gradients of the sum of squared gradients."""

    def slopes(function):
        return jax.grad(lambda *x: jnp.sum(jnp.sin(function(*x))), tuple(range(len(given))))

    def penalty(function):
        return jax.grad(lambda *x: sum(jnp.sum(slope**2) for slope in slopes(function)(*x)), tuple(range(len(given))))

    np.testing.assert_allclose(ours(*given), theirs(*given), rtol=1e-10, atol=1e-10)
    for derived in (slopes, penalty):
        for found, wanted in zip(derived(ours)(*given), derived(theirs)(*given), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
def test_strided_and_transposed_convolutions(grid):
    kernel = normal(*grid.kernel, 2, 3)
    large, small = normal(2, *grid.large, 2), normal(2, *grid.small, 3)
    same(lambda *x: on_jax.convolve(*x, grid), lambda *x: plain(*x, grid), large, kernel)
    same(lambda *x: on_jax.paint(*x, grid), lambda *x: plain_transposed(*x, grid), small, kernel)


@pytest.mark.parametrize(("strides", "dilation"), [((1, 1), (1, 1)), ((2, 1), (1, 1)), ((1, 1), (2, 1))])
def test_depthwise_convolutions(strides, dilation):
    sides = tuple(window_padding("same", (5, 6), (3, 2), strides, dilation))

    def grouped(x, kernel):
        of_groups = kernel.reshape(3, 2, 1, 8)  # of 4 channels, 2 filters each
        letters = ("NHWC", "HWIO", "NHWC")
        return lax.conv_general_dilated(
            x, of_groups, strides, sides, rhs_dilation=dilation, dimension_numbers=letters, feature_group_count=4
        )

    given = normal(2, 5, 6, 4), normal(3, 2, 4, 2)
    same(lambda *x: on_jax.depthwise(*x, strides, dilation, sides), grouped, *given)


def test_the_first_of_equal_numbers_is_the_largest():
    def largest(x):
        return on_jax.largest(on_jax.pooled(x, (2,), (2,), ((0, 1),), -np.inf))

    x = jnp.array([3.0, 3.0, -1.0, 2.0, -5.0]).reshape(1, 5, 1)
    np.testing.assert_array_equal(largest(x).ravel(), [3, 2, -5])
    np.testing.assert_array_equal(jax.grad(lambda x: largest(x).sum())(x).ravel(), [1, 0, 0, 1, 1])


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_no_number_stays_so(place):
    x = np.zeros((1, 2, 1))
    x[0, place] = np.nan
    assert np.isnan(on_jax.largest(on_jax.pooled(jnp.asarray(x), (2,), (2,), ((0, 0),), -np.inf))).all()


def test_slopes_of_an_activation_that_windows_read_reshaped():
    """XLA would write them over the activation while windows still read it; it takes a network like this."""
    rng = np.random.default_rng(0)
    shapes = {"dense": (10, 64), "bias": (64,), "window": (2, 2), "shift": (1,), "out": (113, 1), "base": (1,)}
    weights = {name: jnp.asarray(rng.normal(size=shape)) for name, shape in shapes.items()}
    noise = jnp.asarray(rng.normal(size=(3, 10)))

    def score(weights, noise):
        x = on_jax.reshaped(jnp.tanh(0.2 * noise @ weights["dense"] + weights["bias"]).reshape(3, 8, 8))
        window = weights["window"]
        y = sum(x[:, row : row + 7, column : column + 7] * window[row, column] for row in (0, 1) for column in (0, 1))
        y = y + weights["shift"]
        curved = x + 2 * jax.nn.softplus(x)
        bent = jnp.where(curved > 0, curved, jnp.expm1(jnp.minimum(curved, 0)))
        both = jnp.concatenate([(y * y * y).reshape(3, 49), bent.reshape(3, 64)], axis=-1)
        return (both @ weights["out"] + weights["base"]).sum()

    _, found = jax.jit(jax.value_and_grad(score))(weights, noise)
    for name, wanted in jax.grad(score)(weights, noise).items():
        np.testing.assert_allclose(found[name], wanted, rtol=1e-9, atol=1e-9, err_msg=name)
