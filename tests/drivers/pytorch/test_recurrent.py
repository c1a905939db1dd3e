"""What recurrent layers and attention do while training: dropout, passes of a penalty, initial weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.drivers.pytorch.building import build, randomize, resolved

CELLS = ["SimpleRNN", "LSTM", "GRU"]
FILM = (3, 4, 4, 2)


def made(kind, shape, *, training=True, **parameters):
    layer = build(resolved(kind, [shape], **parameters), [shape], training=training)
    randomize(layer, np.random.default_rng(0))
    return layer


def normal(*shape):
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("kind", CELLS)
@pytest.mark.parametrize("bias", [True, False])
def test_a_fused_kernel_and_the_steps_agree(kind, bias):
    layer = made(kind, (6, 4), units=5, return_sequences=True, use_bias=bias)
    x = normal(3, 6, 4)
    fused = layer(x)
    layer.mode.update_statistics = False  # the pass of a penalty goes step by step
    np.testing.assert_allclose(fused.detach(), layer(x).detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("parameters", [{}, {"use_causal_mask": True}, {"value_dim": 2}])
def test_attention_in_both_ways_agrees(parameters):
    layer = made("MultiHeadAttention", (6, 4), num_heads=2, key_dim=3, **parameters)
    x = normal(3, 6, 4)
    fused = layer(x)
    layer.mode.update_statistics = False
    np.testing.assert_allclose(fused.detach(), layer(x).detach(), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", [*CELLS, "ConvLSTM2D"])
@pytest.mark.parametrize(
    "rates", [{"dropout": 0.5}, {"recurrent_dropout": 0.5}, {"dropout": 0.5, "recurrent_dropout": 0.3}]
)
def test_dropout_drops_while_training_only(kind, rates):
    sizes = {"filters": 2, "kernel_size": 2} if kind == "ConvLSTM2D" else {"units": 5}
    shape = FILM if kind == "ConvLSTM2D" else (6, 4)
    layer, x = made(kind, shape, **sizes, **rates), normal(3, *shape)
    before = layer.mode.dropout.get_state()
    first, second = layer(x), layer(x)
    assert not torch.equal(first, second)
    layer.mode.dropout.set_state(before)
    torch.testing.assert_close(layer(x), first)
    layer.mode.training = False
    plain = made(kind, shape, training=False, **sizes)
    torch.testing.assert_close(layer(x), plain(x))


@pytest.mark.parametrize("recurrent_dropout", [0.0, 0.5])
def test_the_same_inputs_are_dropped_at_every_step(recurrent_dropout):
    """With a recurrent kernel of zeros each step shows what it was given."""
    layer = made(
        "SimpleRNN",
        (4, 3),
        units=3,
        return_sequences=True,
        activation="linear",
        use_bias=False,
        dropout=0.5,
        recurrent_dropout=recurrent_dropout,
    )
    with torch.no_grad():
        layer.kernel.copy_(torch.eye(3))
        layer.recurrent_kernel.zero_()
    y = layer(torch.ones(50, 4, 3))
    assert torch.equal(y, y[:, :1].expand_as(y))
    assert set(y.unique().tolist()) == {0.0, 2.0}


def test_gates_drop_their_own_inputs_where_memories_are_dropped():
    """Keras: one choice for all four gates, unless recurrent_dropout is used."""

    def seen_by_gates(**rates):
        layer = made("LSTM", (1, 1), units=1, use_bias=False, dropout=0.5, **rates)
        with torch.no_grad():
            layer.kernel.fill_(1.0)
        x = torch.ones(200, 1, 1)
        return layer.project_inputs(x, layer.masks(x[:, 0], 0.5, layer.input_choices()))[:, 0]

    shared, apart = seen_by_gates(), seen_by_gates(recurrent_dropout=0.5)
    assert (shared == shared[:, :1]).all()
    assert not (apart == apart[:, :1]).all()


def test_dropped_attention_keeps_its_mean():
    layer = made("MultiHeadAttention", (40, 4), num_heads=2, key_dim=3, dropout=0.4)
    x = normal(2, 40, 4)
    dropped = torch.stack([layer(x) for _ in range(400)]).mean(0)
    layer.mode.training = False
    # the mean of 400 draws over 40 places each
    assert (dropped - layer(x)).abs().mean() < 0.03 * layer(x).abs().mean()


@pytest.mark.parametrize(
    ("kind", "sizes", "shape"), [("LSTM", {"units": 3}, (5, 2)), ("ConvLSTM2D", {"filters": 3, "kernel_size": 2}, FILM)]
)
def test_the_forget_gate_starts_open(kind, sizes, shape):
    ones = build(resolved(kind, [shape], **sizes), [shape]).bias
    assert ones.tolist() == [0.0] * 3 + [1.0] * 3 + [0.0] * 6
    zeros = build(resolved(kind, [shape], unit_forget_bias=False, **sizes), [shape]).bias
    assert not zeros.any()


@pytest.mark.parametrize("kind", CELLS)
def test_recurrent_weights_start_orthogonal(kind):
    kernel = build(resolved(kind, [(5, 2)], units=4), [(5, 2)]).recurrent_kernel.detach()  # (gates · units, units)
    torch.testing.assert_close(kernel.T @ kernel, torch.eye(4))


def test_bidirectional_layers_start_apart():
    layer = build(resolved("Bidirectional", [(5, 2)], layer={"type": "LSTM", "units": 3}), [(5, 2)])
    assert not torch.equal(layer.forward_layer.kernel, layer.backward_layer.kernel)
