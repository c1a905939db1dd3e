"""Directions of the noise: of matrices that are known, and of generators."""

from __future__ import annotations

import numpy as np
import pytest

import drivers
import spec
from drivers.latent.directions import behind, find, first_layer, moved, principal, sefa


def assert_same_directions(found, wanted, **tolerance):
    """Each of them, or its opposite."""
    np.testing.assert_allclose(np.abs((found * wanted).sum(1)), 1, **tolerance)


def test_sefa_of_a_stretched_circle():
    """A stretches the second axis most: 9 of 9 + 4 + 0 is its share."""
    vectors, shares = sefa(np.diag([2.0, -3.0, 0.0]))
    np.testing.assert_allclose(vectors, [[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(shares, [9 / 13, 4 / 13, 0])


def test_sefa_is_what_numpy_says_of_the_products_eigenvectors():
    matrix = np.random.default_rng(0).normal(size=(20, 6))
    values, columns = np.linalg.eigh(matrix.T @ matrix)
    vectors, shares = sefa(matrix)
    assert_same_directions(vectors, columns.T[::-1], rtol=1e-9)
    np.testing.assert_allclose(shares, values[::-1] / values.sum())
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(6), atol=1e-12)


@pytest.mark.parametrize("features", [3, 800], ids=["fewer features than samples", "more"])
def test_of_a_linear_layer_principal_directions_are_those_of_sefa(features):
    random = np.random.default_rng(1)
    matrix = random.normal(size=(features, 3)) * [4, 2, 1]
    noise = random.normal(size=(700, 3))
    wanted, shares = sefa(matrix)
    vectors, found_shares = principal(noise @ matrix.T, noise)
    assert_same_directions(vectors, wanted, atol=5e-2)
    np.testing.assert_allclose(found_shares, shares, atol=5e-2)


def test_what_is_constant_is_no_direction():
    noise = np.random.default_rng(2).normal(size=(50, 4))
    vectors, shares = principal(np.concatenate([noise[:, :1] * 3, np.ones((50, 5))], axis=1), noise)
    assert vectors.shape == (1, 4)
    np.testing.assert_allclose(shares, [1.0])


def test_noise_moves_by_standard_deviations():
    found = moved(np.array([[1.0, 1.0, 1.0]]), np.eye(3)[:2], {1: 2.5, 0: -1.0})
    np.testing.assert_array_equal(found, np.array([[0.0, 3.5, 1.0]], np.float32))


@pytest.mark.parametrize(
    ("family", "first", "after"),
    [("dcgan", "dense_1", "leakyrelu_1"), ("cgan", "dense_1", "leakyrelu_1"), ("gan", "dense_1", "leakyrelu_1")],
)
def test_the_first_layer_and_what_is_behind_it(make_spec, family, first, after):
    resolved = make_spec(family)
    assert first_layer(resolved) == first
    assert behind(resolved, first) == after


@pytest.mark.parametrize("driver", [{"driver": "pytorch"}, {"driver": "keras", "backend": "torch"}], ids=str)
@pytest.mark.parametrize("family", ["cgan", "dcgan"])
def test_sefa_of_a_generator_is_that_of_its_first_kernel(make_spec, family, driver, tmp_path):
    from safetensors.numpy import load_file

    session = drivers.open_session(make_spec(family, **driver), None, threads=1)
    session.save_weights(tmp_path / "weights.safetensors")
    kernel = load_file(tmp_path / "weights.safetensors")["generator/dense_1/kernel"][:8]  # the rows of the noise
    wanted, shares = sefa(kernel.T)
    found = find(session, "sefa")
    assert found.layer == "dense_1"
    np.testing.assert_allclose(found.shares, shares, rtol=1e-3)
    assert_same_directions(found.vectors, wanted, rtol=1e-3)


def test_principal_directions_of_a_generator(make_spec):
    session = drivers.open_session(make_spec("cgan"), None, threads=1)
    found = find(session, "principal")
    assert found.layer == "leakyrelu_1"
    assert found.vectors.shape == (8, 8)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1)
    assert (np.diff(found.shares) <= 0).all()
    assert find(session, "principal", "leakyrelu_2").layer == "leakyrelu_2"


def test_sefa_of_a_layer_that_is_not_linear_is_refused(make_spec):
    session = drivers.open_session(make_spec("dcgan"), None, threads=1)
    with pytest.raises(drivers.DriverError, match=r"'leakyrelu_1' \(LeakyReLU\) is not. Use the method 'principal'"):
        find(session, "sefa", "leakyrelu_1")


def test_a_convolution_of_the_noise_is_linear_too(make_spec):
    layers = [
        {"id": "noise", "type": "Input", "source": "noise", "shape": [8]},
        {"id": "point", "type": "Reshape", "target_shape": [1, 1, 8], "inputs": ["noise"]},
        {"id": "grown", "type": "Conv2DTranspose", "filters": 1, "kernel_size": 8, "strides": 8, "inputs": ["point"]},
    ]
    resolved = spec.resolve({**make_spec("gan"), "generator": {"choice": "custom", "layers": layers}})
    session = drivers.open_session(resolved, None, threads=1)
    found = find(session, "sefa")
    assert found.layer == "grown"
    assert find(session, "principal").layer == "grown"
