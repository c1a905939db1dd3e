"""Layers that go through a sequence step by step, with Keras's order of gates."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import torch
import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.padding import same_padding, split_padding
from drivers.pytorch.layers.activation import ACTIVATIONS, softmax
from drivers.pytorch.layers.base import Building, Layer, Shape
from drivers.pytorch.layers.regularization import scaled_mask

Masks = Sequence[Tensor] | None


class _Recurrent(Layer):
    """What all of them share: two kernels, a bias, activations, dropout and the walk through the sequence.

    Dropped inputs and dropped memories are the same at every step of a sequence, as in Keras: one choice for each
    gate where ``recurrent_dropout`` is used, else one for all gates.
    """

    GATES: ClassVar[int]

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.activation = ACTIVATIONS[parameters["activation"]]
        self.gate_activation = ACTIVATIONS[parameters.get("recurrent_activation", "linear")]
        self.dropout, self.recurrent_dropout = parameters["dropout"], parameters["recurrent_dropout"]
        self.return_sequences, self.go_backwards = parameters["return_sequences"], parameters["go_backwards"]

    def add_weights(
        self, parameters: Mapping[str, Any], kernel: Shape, recurrent: Shape, bias: Shape, building: Building
    ) -> None:
        """Adds the variables, given their shapes in Keras's orientation."""
        self.add_weight("kernel", kernel, parameters["kernel_initializer"], building)
        self.add_weight("recurrent_kernel", recurrent, parameters["recurrent_initializer"], building)
        if not parameters["use_bias"]:
            self.bias = None
            return
        self.add_weight("bias", bias, parameters["bias_initializer"], building)
        if parameters.get("unit_forget_bias"):
            with torch.no_grad():
                self.get_parameter("bias").view(4, -1)[1] = 1.0

    def forward(self, x: Tensor) -> Tensor:
        """(N, t, …) -> (N, …), the last step, or (N, t, …)."""
        steps = self.walk(x.flip(1) if self.go_backwards else x)
        return steps if self.return_sequences else steps[:, -1]

    def walk(self, x: Tensor) -> Tensor:
        """What every step puts out, (N, t, …)."""
        input_masks = self.masks(x[:, 0], self.dropout, self.input_choices())
        state = self.start(x)
        memory_masks = self.masks(state[0], self.recurrent_dropout, self.GATES)
        out = []
        for projected in self.project_inputs(x, input_masks).unbind(1):
            state = self.step(projected, state, memory_masks)
            out.append(state[0])
        return torch.stack(out, 1)

    def input_choices(self) -> int:
        """Independent choices of dropped inputs."""
        return self.GATES if self.recurrent_dropout else 1

    def masks(self, like: Tensor, rate: float, count: int) -> Masks:
        """``count`` masks in the shape of ``like``; None when nothing is dropped."""
        if not self.mode.training or rate == 0:
            return None
        return [scaled_mask(like.shape, rate, like, self.mode.dropout) for _ in range(count)]

    def start(self, x: Tensor) -> tuple[Tensor, ...]:
        """The state before the first step; what it puts out comes first."""
        raise NotImplementedError

    def project_inputs(self, x: Tensor, masks: Masks) -> Tensor:
        """What the inputs contribute to the gates of every step, (N, t, …, gates · units), bias included."""
        raise NotImplementedError

    def step(self, projected: Tensor, state: tuple[Tensor, ...], masks: Masks) -> tuple[Tensor, ...]:
        """The state after a step."""
        raise NotImplementedError


class RecurrentCell(_Recurrent):
    """(N, t, in) -> (N, units). Keras kernels: (in, gates · units), recurrent (units, gates · units)."""

    KERAS_AXES: ClassVar = {"kernel": (1, 0), "recurrent_kernel": (1, 0)}
    STATES: ClassVar[int] = 1

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.units = parameters["units"]
        gates = self.GATES * self.units
        bias = (2, gates) if parameters.get("reset_after") else (gates,)
        self.add_weights(parameters, (input_shapes[0][-1], gates), (self.units, gates), bias, building)
        names = parameters["activation"], parameters.get("recurrent_activation", "sigmoid")
        self.has_fused = names == ("tanh", "sigmoid") and parameters.get("reset_after", True)

    def walk(self, x: Tensor) -> Tensor:
        # The fused kernels have no second derivative on CUDA, and no dropout between steps.
        if not self.has_fused or self.mode.is_penalized or (self.mode.training and self.recurrent_dropout):
            return super().walk(x)
        masks = self.masks(x[:, 0], self.dropout, 1)
        start = torch.zeros((1, x.shape[0], self.units), dtype=x.dtype, device=x.device)
        return self.fused(x if masks is None else x * masks[0].unsqueeze(1), start)

    def fused(self, x: Tensor, start: Tensor) -> Tensor:
        """`walk` in one kernel of PyTorch, from a state of zeros (1, N, units)."""
        raise NotImplementedError

    def start(self, x: Tensor) -> tuple[Tensor, ...]:
        return (x.new_zeros(x.shape[0], self.units),) * self.STATES

    def project_inputs(self, x: Tensor, masks: Masks) -> Tensor:
        return self.project(
            x, self.kernel, self.input_bias(), None if masks is None else [m.unsqueeze(1) for m in masks]
        )

    def input_bias(self) -> Tensor | None:
        return self.bias

    @staticmethod
    def project(x: Tensor, kernel: Tensor, bias: Tensor | None, masks: Masks) -> Tensor:
        """x·kernelᵀ + bias; with several masks each gate sees x through its own."""
        if masks is None or len(masks) == 1:
            return F.linear(x if masks is None else x * masks[0], kernel, bias)
        parts = [F.linear(x * mask, part) for mask, part in zip(masks, kernel.chunk(len(masks)), strict=True)]
        projected = torch.cat(parts, -1)
        return projected if bias is None else projected + bias


class SimpleRNN(RecurrentCell):
    """h <- activation(x·kernel + h·recurrent_kernel + bias). Elman 1990."""

    GATES = 1

    def fused(self, x: Tensor, start: Tensor) -> Tensor:
        weights = [self.kernel, self.recurrent_kernel]
        if self.bias is not None:
            weights += [self.bias, torch.zeros_like(self.bias)]
        return torch.rnn_tanh(x, start, weights, self.bias is not None, 1, 0.0, self.mode.training, False, True)[0]

    def step(self, projected: Tensor, state: tuple[Tensor, ...], masks: Masks) -> tuple[Tensor, ...]:
        return (self.activation(projected + self.project(state[0], self.recurrent_kernel, None, masks)),)


class LSTM(RecurrentCell):
    """i, f, c̃, o = gates; c <- f·c + i·c̃; h <- o·activation(c). Hochreiter & Schmidhuber 1997, with forget gates."""

    GATES = 4
    STATES = 2

    def fused(self, x: Tensor, start: Tensor) -> Tensor:
        weights = [self.kernel, self.recurrent_kernel]
        if self.bias is not None:
            weights += [self.bias, torch.zeros_like(self.bias)]
        states = (start, start)
        return torch.lstm(x, states, weights, self.bias is not None, 1, 0.0, self.mode.training, False, True)[0]

    def step(self, projected: Tensor, state: tuple[Tensor, ...], masks: Masks) -> tuple[Tensor, ...]:
        memory, carry = state
        gates = projected + self.project(memory, self.recurrent_kernel, None, masks)
        return lstm_step(gates.chunk(4, 1), carry, self)


def lstm_step(gates: Sequence[Tensor], carry: Tensor, layer: _Recurrent) -> tuple[Tensor, Tensor]:
    """Memory and carry after a step from the four gates before their activations."""
    entry, forget, candidate, exit_ = gates
    carry = layer.gate_activation(forget) * carry + layer.gate_activation(entry) * layer.activation(candidate)
    return layer.gate_activation(exit_) * layer.activation(carry), carry


class GRU(RecurrentCell):
    """z, r = gates; h <- z·h + (1 - z)·h̃. Cho et al. 2014, eq. 5 to 8.

    ``reset_after``: h̃ = activation(x·W + b + r·(h·U + b′)), else h̃ = activation(x·W + b + (r·h)·U).
    """

    GATES = 3

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.reset_after = parameters["reset_after"]

    def fused(self, x: Tensor, start: Tensor) -> Tensor:
        # PyTorch puts the reset gate before the update gate.
        order = [1, 0, 2]
        weights = [
            weight.unflatten(0, (3, self.units))[order].flatten(0, 1) for weight in (self.kernel, self.recurrent_kernel)
        ]
        if self.bias is not None:
            weights += self.bias.unflatten(1, (3, self.units))[:, order].flatten(1).unbind()
        return torch.gru(x, start, weights, self.bias is not None, 1, 0.0, self.mode.training, False, True)[0]

    def input_bias(self) -> Tensor | None:
        return self.bias if self.bias is None or self.bias.dim() == 1 else self.bias[0]

    def step(self, projected: Tensor, state: tuple[Tensor, ...], masks: Masks) -> tuple[Tensor, ...]:
        (memory,), units = state, self.units
        update_x, reset_x, candidate_x = projected.chunk(3, 1)
        if self.reset_after:
            bias = None if self.bias is None else self.bias[1]
            update_h, reset_h, candidate_h = self.project(memory, self.recurrent_kernel, bias, masks).chunk(3, 1)
            candidate_h = self.gate_activation(reset_x + reset_h) * candidate_h
        else:
            gates, last = self.recurrent_kernel.split([2 * units, units])
            update_h, reset_h = self.project(memory, gates, None, masks and masks[:2]).chunk(2, 1)
            kept = self.gate_activation(reset_x + reset_h) * memory
            candidate_h = self.project(kept, last, None, masks and masks[2:])
        update = self.gate_activation(update_x + update_h)
        return (update * memory + (1.0 - update) * self.activation(candidate_x + candidate_h),)


class ConvLSTM2D(_Recurrent):
    """An LSTM with convolutions for products: (N, t, h, w, in) -> (N, h', w', filters). Shi et al. 2015, eq. 3.

    Keras kernels: (kh, kw, in, 4 · filters), recurrent (kh, kw, filters, 4 · filters).
    """

    GATES = 4
    KERAS_AXES: ClassVar = {"kernel": (2, 3, 1, 0), "recurrent_kernel": (2, 3, 1, 0)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.filters, kernel = parameters["filters"], tuple(parameters["kernel_size"])
        self.strides, self.dilation_rate = tuple(parameters["strides"]), tuple(parameters["dilation_rate"])
        sizes = list(zip(input_shapes[0][1:3], kernel, self.strides, self.dilation_rate, strict=True))
        self.activation, self.gate_activation = over_channels(self.activation), over_channels(self.gate_activation)
        valid = parameters["padding"] == "valid"
        self.padding = split_padding([(0, 0) if valid else same_padding(*size) for size in sizes])
        self.recurrent_padding = split_padding([same_padding(size, length, 1) for size, length, *_ in sizes])
        gates = 4 * self.filters
        shapes = (*kernel, input_shapes[0][-1], gates), (*kernel, self.filters, gates), (gates,)
        self.add_weights(parameters, *shapes, building)

    def input_choices(self) -> int:
        return self.GATES

    def walk(self, x: Tensor) -> Tensor:
        return super().walk(x.movedim(-1, 2)).movedim(2, -1)  # inside, images are (N, t, c, h, w)

    def start(self, x: Tensor) -> tuple[Tensor, ...]:
        height, width, filters = self.output_shape[-3:]
        return (x.new_zeros(x.shape[0], filters, height, width),) * 2

    def project_inputs(self, x: Tensor, masks: Masks) -> Tensor:
        kernels = [self.kernel] if masks is None else self.kernel.chunk(4)
        seen = [x] if masks is None else [x * mask.unsqueeze(1) for mask in masks]
        parts = [
            self.convolve(images.flatten(0, 1), kernel, self.padding, self.strides, self.dilation_rate)
            for images, kernel in zip(seen, kernels, strict=True)
        ]
        projected = torch.cat(parts, 1)
        if self.bias is not None:
            projected = projected + self.bias.to(projected.dtype).view(-1, 1, 1)
        return projected.unflatten(0, x.shape[:2])

    def step(self, projected: Tensor, state: tuple[Tensor, ...], masks: Masks) -> tuple[Tensor, ...]:
        memory, carry = state
        kernels = [self.recurrent_kernel] if masks is None else self.recurrent_kernel.chunk(4)
        seen = [memory] if masks is None else [memory * mask for mask in masks]
        parts = [
            self.convolve(images, kernel, self.recurrent_padding) for images, kernel in zip(seen, kernels, strict=True)
        ]
        return lstm_step((projected + torch.cat(parts, 1)).chunk(4, 1), carry, self)

    @staticmethod
    def convolve(
        x: Tensor,
        kernel: Tensor,
        padding: tuple[Shape, Shape | None],
        strides: Shape = (1, 1),
        dilation: Shape = (1, 1),
    ) -> Tensor:
        """(N, in, h, w) -> (N, out, h', w')."""
        both_sides, extra = padding
        return F.conv2d(x if extra is None else F.pad(x, extra), kernel, None, strides, both_sides, dilation)


def over_channels(activation: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """An activation for images (N, c, h, w); softmax is the one that looks beyond the single number."""
    return (lambda x: F.softmax(x, 1)) if activation is softmax else activation


LAYERS = (GRU, LSTM, ConvLSTM2D, SimpleRNN)
