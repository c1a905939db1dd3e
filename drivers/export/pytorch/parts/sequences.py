"""Layers over sequences, with Keras's gates; the name at the top is the program's."""

import torch
import torch.nn.functional as F
from torch import nn

dropout = None


class Recurrent(nn.Module):
    """Goes through (N, T, …) step by step; kernels are (…, in, gates · units)."""

    activation, gate = staticmethod(torch.tanh), staticmethod(torch.sigmoid)
    dropout = recurrent_dropout = 0.0
    sequences = backwards = False
    states = input_choices = 1

    def __init__(self, memory, kernel, recurrent_kernel, bias=None, **settings):
        super().__init__()
        self.memory = memory  # the shape of what a step puts out
        self.kernel, self.recurrent_kernel = kernel, recurrent_kernel
        self.bias = bias
        for name, value in settings.items():
            setattr(self, name, value)

    def forward(self, x):
        x = x.flip(1) if self.backwards else x
        state = (x.new_zeros(len(x), *self.memory),) * self.states
        choices = self.gates if self.recurrent_dropout else self.input_choices
        seen = self.masks(x[:, 0], self.dropout, choices)
        kept = self.masks(state[0], self.recurrent_dropout, self.gates)
        out = []
        for step in x.unbind(1):
            inputs = self.project(step, self.kernel, seen)
            if self.bias is not None:
                inputs = inputs + self.input_bias()
            state = self.step(inputs, state, kept)
            out.append(state[0])
        return torch.stack(out, 1) if self.sequences else out[-1]

    def masks(self, like, rate, count):
        """What is dropped, the same at every step; nothing is a mask of 1."""
        if not rate:
            return [1.0]
        whole = torch.ones_like(like).flatten(1)
        masks = [dropout(whole, rate * self.training) for _ in range(count)]
        return [mask.view(like.shape) for mask in masks]

    def project(self, x, kernel, masks):
        """x · kernel; of several masks each gate sees x through its own."""
        parts = zip(masks, kernel.chunk(len(masks), -1), strict=True)
        return torch.cat([(x * mask) @ part for mask, part in parts], 1)

    def input_bias(self):
        return self.bias


class SimpleRNN(Recurrent):
    """h <- activation(x·W + h·U + b). Elman 1990."""

    gates = 1

    def step(self, inputs, state, kept):
        memory = self.project(state[0], self.recurrent_kernel, kept)
        return (self.activation(inputs + memory),)


class LSTM(Recurrent):
    """c <- f·c + i·c̃; h <- o·activation(c). Hochreiter & Schmidhuber 1997."""

    gates, states = 4, 2

    def step(self, inputs, state, kept):
        memory, carry = state
        gates = inputs + self.project(memory, self.recurrent_kernel, kept)
        entry, forget, candidate, leave = gates.chunk(4, 1)
        candidate = self.activation(candidate)
        carry = self.gate(forget) * carry + self.gate(entry) * candidate
        return self.gate(leave) * self.activation(carry), carry


class GRU(Recurrent):
    """h <- z·h + (1 - z)·h̃, with the reset gate r inside h̃. Cho et al. 2014."""

    gates = 3
    reset_after = True

    def input_bias(self):
        return self.bias[0] if self.reset_after else self.bias

    def step(self, inputs, state, kept):
        (memory,), kernel = state, self.recurrent_kernel
        update, reset, candidate = inputs.chunk(3, 1)
        if self.reset_after:
            hidden = self.project(memory, kernel, kept)
            hidden = hidden if self.bias is None else hidden + self.bias[1]
            more_update, more_reset, hidden = hidden.chunk(3, 1)
            candidate = candidate + self.gate(reset + more_reset) * hidden
        else:
            first, last = kernel.split([2 * len(kernel), len(kernel)], -1)
            more = self.project(memory, first, kept[:2])
            more_update, more_reset = more.chunk(2, 1)
            remembered = self.gate(reset + more_reset) * memory
            candidate = candidate + self.project(remembered, last, kept[-1:])
        update = self.gate(update + more_update)
        return (update * memory + (1.0 - update) * self.activation(candidate),)


class ConvLSTM(LSTM):
    """An LSTM with convolutions for products, (N, T, H, W, C). Shi et al. 2015."""

    input_choices = 4
    strides = dilation = 1

    def forward(self, x):
        return super().forward(x.movedim(-1, 2)).movedim(-3, -1)

    def project(self, x, kernel, masks):
        inward = kernel is self.kernel
        strides, dilation = (self.strides, self.dilation) if inward else (1, 1)
        around = self.around if inward else self.memory_around
        images = [F.pad(x * mask, around) for mask in masks]
        kernels = kernel.permute(3, 2, 0, 1).chunk(len(masks))
        parts = zip(images, kernels, strict=True)
        return torch.cat(
            [F.conv2d(x, part, None, strides, 0, dilation) for x, part in parts], 1
        )

    def input_bias(self):
        return self.bias[:, None, None]


class MultiHeadAttention(nn.Module):
    """Attention in several projections side by side. Vaswani et al. 2017, 3.2.2."""

    def __init__(self, heads, query, key, value, output, rate=0.0, causal=False):
        super().__init__()
        self.heads, self.rate, self.causal = heads, rate, causal
        self.query, self.key, self.value, self.output = query, key, value, output

    def forward(self, query, value, key):
        shape = query.shape
        query, key, value = (
            part(x.flatten(1, -2)).unflatten(2, (self.heads, -1)).transpose(1, 2)
            for part, x in (
                (self.query, query),
                (self.key, key),
                (self.value, value),
            )
        )  # (N, heads, T, numbers)
        scores = query @ key.mT / query.shape[-1] ** 0.5
        if self.causal:
            ahead = torch.ones_like(scores[0, 0], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(ahead, -torch.inf)
        weights = scores.softmax(-1)
        if self.rate:
            kept = dropout(weights.flatten(1), self.rate * self.training)
            weights = kept.view(weights.shape)
        return self.output((weights @ value).transpose(1, 2).flatten(2)).view(shape)
