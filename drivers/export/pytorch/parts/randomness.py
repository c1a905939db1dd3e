"""What layers start from and draw; the name at the top is the program's."""

import numpy as np
import torch
from torch import nn

layers_rng = torch.Generator()


def drawn(layer, kernel):
    """A layer with a kernel drawn in Keras's order, (…, in, out); its bias is zero."""
    shape = (*layer.weight.shape[2:], *layer.weight.shape[1::-1])
    values = torch.from_numpy(kernel(shape)).movedim(-1, 0).contiguous()
    layer.weight.data = values.movedim(-1, 1)  # in memory, channels come last
    if layer.bias is not None:
        layer.bias.data.zero_()
    return layer


def drawn_as(layer, kernel, bias, shape=None):
    """`drawn` with a bias that is drawn, or a kernel that Keras gives another shape."""
    shape = shape or (*layer.weight.shape[2:], *layer.weight.shape[1::-1])
    values = kernel(shape)
    drawn(layer, values.reshape)
    if layer.bias is not None:
        layer.bias.data.copy_(torch.from_numpy(bias(layer.bias.shape)))
    return layer


def drawn_cell(layer, kernel, recurrent_kernel, bias=None):
    """A recurrent layer with kernels drawn in Keras's order, (in, gates · units)."""
    starts = {layer.weight_ih_l0: kernel, layer.weight_hh_l0: recurrent_kernel}
    for weight, draw in starts.items():
        weight.data = torch.from_numpy(draw(weight.shape[::-1])).T.contiguous()
    if bias is not None:  # Keras has one, PyTorch two, of which one stays zero
        layer.bias_ih_l0.data = torch.from_numpy(bias(layer.bias_ih_l0.shape))
        layer.bias_hh_l0.requires_grad_(False).zero_()
    return layer


def lasting(shape):
    """A bias of zeros, but for the forget gates: it starts at one, so memories last."""
    return np.repeat(np.float32([0.0, 1.0, 0.0, 0.0]), shape[0] // 4)


def remembering(initializer):
    """A bias whose forget gates start at one, so that a memory lasts."""

    def bias(shape):
        values = initializer(shape)
        values.reshape(4, -1)[1] = 1.0
        return values

    return bias


def shaped(initializer, shape):
    """Numbers drawn for another shape, as Keras has them."""
    return lambda wanted: initializer(shape).reshape(wanted)


def parameter(initializer, *shape):
    """A trained tensor with its initial numbers."""
    return nn.Parameter(torch.from_numpy(initializer(shape)))


def dropout(x, rate):
    """Zeroes a share of the numbers, enlarges the others; 16 random bits for each."""
    shape = x.movedim(1, -1).shape  # drawn pixel by pixel, and there channel by channel
    draws = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    bits = draws.random_(-(2**63), None, generator=layers_rng).view(torch.int16)
    kept = bits[: x.numel()].view(shape) >= round(rate * 2**16) - 2**15
    return x * (kept.to(x) * (1.0 / (1.0 - rate))).movedim(-1, 1)


def channel_dropout(x, rate):
    """Zeroes whole channels of (N, C, …)."""
    chosen = dropout(x.new_ones(x.shape[:2]), rate)
    return x * chosen.view(*chosen.shape, *(1 for _ in x.shape[2:]))


def gaussian_noise(x, stddev):
    """Adds normal numbers, drawn pixel by pixel, and there channel by channel."""
    numbers = torch.empty(x.movedim(1, -1).shape, device=x.device)
    return x + numbers.normal_(0.0, stddev, generator=layers_rng).movedim(-1, 1)
