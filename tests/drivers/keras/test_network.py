"""Networks of the Keras driver, here on PyTorch: initial weights, modes, what they draw, and what is frozen."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch

from drivers.errors import DriverError
from drivers.keras.network import Network
from drivers.pytorch.network import Network as PyTorchNetwork
from spec.weights import weights
from tests.drivers.conftest import small_spec
from tests.drivers.pytorch.building import resolved

LSTM = {"type": "LSTM", "units": 3, "bias_initializer": "random_normal"}
# Every initializer, and layers that draw several variables.
DRAWN: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
    ("Conv2D", {"filters": 4, "kernel_size": 3, "kernel_initializer": "he_normal"}, (6, 6, 3)),
    ("Conv2DTranspose", {"filters": 4, "kernel_size": 3, "bias_initializer": "random_uniform"}, (6, 6, 3)),
    ("DepthwiseConv2D", {"kernel_size": 3, "depthwise_initializer": "he_uniform"}, (6, 6, 3)),
    ("SeparableConv2D", {"filters": 4, "kernel_size": 3, "pointwise_initializer": "glorot_normal"}, (6, 6, 3)),
    ("ConvLSTM2D", {"filters": 2, "kernel_size": 3}, (3, 6, 6, 3)),
    ("Bidirectional", {"layer": LSTM}, (4, 5)),
    ("GRU", {"units": 4}, (4, 5)),
    ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "bias_initializer": "ones"}, (4, 5)),
    ("SelfAttention2D", {}, (4, 4, 8)),
    ("SpectralNormalization", {"layer": {"type": "Dense", "units": 4}}, (5,)),
    ("MinibatchDiscrimination", {"num_kernels": 3, "kernel_dim": 2}, (5,)),
    ("PReLU", {"alpha_initializer": "random_normal"}, (5,)),
    ("BatchNormalization", {}, (5,)),
]


def drawn(kind: str, *shapes: tuple[int, ...], **parameters: Any) -> list[dict[str, Any]]:
    """The resolved layers of a network of one layer, 'it'."""
    layer = resolved(kind, shapes, **parameters)
    sources = ("image", "label") if kind == "ConditionalBatchNormalization" else ("image", "noise")
    inputs = [
        {"id": source, "type": "Input", "source": source, "inputs": [], "shape": list(shape), "output_shape": shape}
        for source, shape in zip(sources, shapes, strict=False)
    ]
    return [*inputs, {"id": "it", "inputs": [source["id"] for source in inputs], **layer}]


def build(layers: list[dict[str, Any]], outputs: list[str] | None = None, precision: str = "float32") -> Network:
    """With the streams of one seed."""
    draws = keras.random.SeedGenerator(1)
    weights = np.random.default_rng(0)
    return Network(layers, outputs or ["it"], weights=weights, dropout=draws, precision=precision)


def build_pytorch(layers: list[dict[str, Any]], outputs: list[str] | None = None) -> PyTorchNetwork:
    """The same with the PyTorch driver."""
    draws = torch.Generator().manual_seed(1)
    return PyTorchNetwork(layers, outputs or ["it"], weights=np.random.default_rng(0), dropout=draws)


def numbers(network: Network) -> dict[str, np.ndarray]:
    return {name: keras.ops.convert_to_numpy(variable.value).copy() for name, variable in network.weights().items()}


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(2).normal(size=shape).astype(np.float32)


def run(network: Network, **sources: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(**sources))


@pytest.mark.parametrize(("kind", "parameters", "shape"), DRAWN)
def test_one_seed_starts_both_drivers_alike(kind, parameters, shape):
    layers = drawn(kind, shape, **parameters)
    ours, theirs = numbers(build(layers)), build_pytorch(layers).weights()
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        np.testing.assert_array_equal(ours[name], value.numpy(), err_msg=name)


@pytest.mark.parametrize("family", ["gan", "cgan", "dcgan", "wgan_gp"])
def test_families_start_alike_and_compute_the_same(family):
    given = small_spec(family)
    for role in ("generator", "discriminator"):
        layers, outputs = given[role]["layers"], given[role]["outputs"]
        ours, theirs = build(layers, outputs), build_pytorch(layers, outputs)
        assert [(f"{role}/{name}", tuple(v.shape), v.trainable) for name, v in ours.weights().items()] == [
            tuple(weight) for weight in weights(given, role)
        ]
        ours.mode.training = theirs.mode.training = False
        shapes = {layer["source"]: layer["output_shape"] for layer in layers if layer["type"] == "Input"}
        x = {source: np.arange(3) if source == "label" else normal(3, *shape) for source, shape in shapes.items()}
        expected = theirs(**{source: torch.from_numpy(value) for source, value in x.items()})
        np.testing.assert_allclose(run(ours, **x), expected.detach().numpy(), rtol=1e-5, atol=1e-5)


def test_bfloat16_is_inside_a_network_and_a_regularizer_sees_none_of_it():
    given = small_spec("dcgan")["discriminator"]
    exact, fast = (build(given["layers"], given["outputs"], precision) for precision in ("float32", "bfloat16"))
    x = {"image": normal(5, *given["layers"][0]["output_shape"])}
    with exact.penalized(), fast.penalized():
        np.testing.assert_array_equal(run(fast, **x), run(exact, **x))
    for network in (exact, fast):
        network.mode.training = False
    rounded, expected = run(fast, **x), run(exact, **x)
    assert rounded.dtype == np.float32
    assert 0 < np.abs(rounded - expected).max() < 0.02
    assert {value.dtype for value in numbers(fast).values()} == {np.dtype(np.float32)}


def test_bfloat16_leaves_the_numbers_of_classes_whole():
    """Of whole numbers it has every one up to 256 alone."""
    layers = drawn("Embedding", (1,), input_dim=600, output_dim=3)
    layers[0] = {**layers[0], "source": "label", "id": "class", "shape": [], "output_shape": []}
    vector = resolved("Reshape", [()], target_shape=[1])
    layers = [layers[0], {"id": "vector", "inputs": ["class"], **vector}, {**layers[1], "inputs": ["vector"]}]
    classes = np.arange(600)
    np.testing.assert_array_equal(
        run(build(layers, precision="bfloat16"), label=classes), run(build(layers), label=classes)
    )


@pytest.mark.parametrize(
    ("kind", "parameters", "shapes"),
    [
        ("BatchNormalization", {}, [(4,)]),
        ("ConditionalBatchNormalization", {"num_classes": 3}, [(4, 2), ()]),
        ("SpectralNormalization", {"layer": {"type": "Dense", "units": 3}}, [(4,)]),
        ("TimeDistributed", {"layer": "BatchNormalization"}, [(2, 4)]),
    ],
)
def test_only_a_training_moves_statistics(kind, parameters, shapes):
    network = build(drawn(kind, *shapes, **parameters))
    x = {"image": normal(5, *shapes[0]) + 1, "label": np.array([0, 1, 2, 0, 1])}
    before = numbers(network)

    def changed():
        return [name for name, value in numbers(network).items() if (value != before[name]).any()]

    network.mode.update_statistics = False
    penalized = run(network, **x)
    assert changed() == []
    network.mode.training = False
    run(network, **x)
    assert changed() == []
    network.mode.training = network.mode.update_statistics = True
    trained = run(network, **x)
    assert changed() == (
        ["it/kernel", "it/vector_u"] if kind == "SpectralNormalization" else ["it/moving_mean", "it/moving_variance"]
    )
    if kind != "SpectralNormalization":
        np.testing.assert_allclose(penalized, trained, rtol=1e-5)


def test_spectral_normalization_used_again_and_again():
    """A training step uses a discriminator several times before the gradient is computed."""
    layers = drawn("SpectralNormalization", (4,), layer={"type": "Dense", "units": 3, "use_bias": False})
    ours, theirs, x = build(layers), build_pytorch(layers), torch.from_numpy(normal(5, 4))
    total = sum(ours(image=x * use).square().sum() for use in (1, 2, 3))
    expected = sum(theirs(image=x * use).square().sum() for use in (1, 2, 3))
    (slopes,) = torch.autograd.grad(total, [ours.trainable()["it/kernel"].value])
    (wanted,) = torch.autograd.grad(expected, [theirs.trainable()["it/kernel"]])
    np.testing.assert_allclose(slopes, theirs.layers["it"].to_keras("kernel", wanted), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("rate", "shape"), [(0.25, (40, 40, 8)), (0.9, (40, 40, 8))])
def test_dropout_drops_its_rate_and_keeps_the_mean(rate, shape):
    y = run(build(drawn("Dropout", shape, rate=rate)), image=np.ones((16, *shape), np.float32))
    # 204,800 independent choices: five standard deviations
    assert (y == 0).mean() == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / y.size))
    assert np.unique(y[y > 0]) == pytest.approx([1 / (1 - rate)])


DRAWING = [
    ("Dropout", {"rate": 0.5}, (500,)),
    ("SpatialDropout1D", {"rate": 0.5}, (4, 500)),
    ("SpatialDropout2D", {"rate": 0.5}, (2, 2, 500)),
    ("GaussianNoise", {"stddev": 1}, (500,)),
    ("LSTM", {"units": 2, "dropout": 0.5}, (3, 50)),
    ("GRU", {"units": 50, "recurrent_dropout": 0.5}, (3, 4)),
    ("ConvLSTM2D", {"filters": 4, "kernel_size": 2, "dropout": 0.5, "recurrent_dropout": 0.5}, (3, 4, 4, 2)),
    ("MultiHeadAttention", {"num_heads": 4, "key_dim": 3, "dropout": 0.5}, (9, 4)),
]


@pytest.mark.parametrize(("kind", "parameters", "shape"), DRAWING)
def test_what_is_drawn_follows_one_state(kind, parameters, shape):
    draws = keras.random.SeedGenerator(1)
    network = Network(drawn(kind, shape, **parameters), ["it"], weights=np.random.default_rng(0), dropout=draws)
    x, start = normal(2, *shape) + 3, keras.ops.convert_to_numpy(draws.state).copy()
    first, second = run(network, image=x), run(network, image=x)
    assert (first != second).any()
    draws.state.assign(start)
    np.testing.assert_array_equal(run(network, image=x), first)
    after = keras.ops.convert_to_numpy(draws.state).copy()
    assert (after != start).any()
    network.mode.training = False
    in_use = run(network, image=x)
    np.testing.assert_array_equal(run(network, image=x), in_use)
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(draws.state), after)


def test_frozen_layers_do_not_learn_and_rest():
    layers = [
        *drawn("BatchNormalization", (4,)),
        {"id": "dense", "inputs": ["it"], **resolved("Dense", [(4,)], units=2)},
        {"id": "score", "inputs": ["dense"], **resolved("Dense", [(2,)], units=1)},
    ]
    layers[1]["trainable"] = layers[2]["trainable"] = False
    network = build(layers, ["score"])
    assert list(network.trainable()) == ["score/kernel", "score/bias"]
    assert not network.mixes_samples
    before = numbers(network)
    run(network, image=normal(5, 4))
    assert all((value == before[name]).all() for name, value in numbers(network).items())
    frozen = {layer.name for layer in network.keras_model().layers if layer.weights and not layer.trainable_weights}
    assert frozen == {"it", "dense"}


def test_a_network_says_what_it_takes_and_mixes():
    network = build(drawn("ConditionalBatchNormalization", (4,), ()))
    assert network.sources == {"image", "label"}
    assert network.mixes_samples
    with pytest.raises(DriverError, match="'label' needs labels"):
        network(image=normal(2, 4))


@pytest.mark.parametrize(
    ("kind", "channels", "filters", "shape"),
    [
        ("Conv1D", 2, 1, (1,)),
        ("Conv2D", 2, 1, (4, 4)),
        ("Conv1DTranspose", 1, 2, (4,)),
        ("Conv2DTranspose", 1, 2, (4, 4)),
    ],
)
def test_convolutions_learn_from_one_sample_at_a_time(kind, channels, filters, shape):
    """PyTorch finds no gradient then of a kernel with one filter, or channel, that lies in memory as Keras has it."""
    layers = drawn(kind, (*shape, channels), filters=filters, kernel_size=3, padding="same")
    network, x = build(layers), torch.from_numpy(normal(2, *shape, channels))
    kernel = network.weights()["it/kernel"].value

    def slope(samples):
        return torch.autograd.grad(network(image=samples).square().sum(), kernel)[0]

    torch.testing.assert_close(sum(slope(sample) for sample in x.split(1)), slope(x))


def test_what_cannot_be_built_is_told():
    layers = drawn("Dense", (4,))
    with pytest.raises(DriverError, match="no layer 'Convolution' \\(layer 'it'\\)"):
        build([layers[0], {**layers[1], "type": "Convolution"}])
    with pytest.raises(DriverError, match="wait for each other"):
        build([layers[0], {**layers[1], "inputs": ["it"]}])


def test_a_network_with_several_outputs():
    layers = [*drawn("Dense", (4,), units=3), {"id": "b", "inputs": ["it"], **resolved("Tanh", [(3,)])}]
    network, x = build(layers, ["it", "b"]), normal(2, 4)
    outputs = {id_: keras.ops.convert_to_numpy(y) for id_, y in network.call_all(image=x).items()}
    np.testing.assert_allclose(outputs["b"], np.tanh(outputs["it"]), rtol=1e-5)
    copied = network.keras_model()(x)
    assert set(copied) == {"it", "b"}
    np.testing.assert_allclose(keras.ops.convert_to_numpy(copied["b"]), outputs["b"], rtol=1e-5)
