"""What every layer of the PyTorch driver shares.

Inside a network a tensor has the shape that the spec says, behind the batch axis: images are (N, H, W, C) and lie
channels-last in memory. A layer that calls an NCHW kernel hands it a permuted view; PyTorch recognises the
channels-last strides and copies nothing, and Flatten, Reshape, Concatenate and Dense mean exactly what Keras says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from drivers.pytorch import initializers

Shape = tuple[int, ...]


@dataclass
class Mode:
    """How a network computes right now; shared by all its layers, so that switching costs nothing.

    Attributes:
        training: dropout drops, batch normalization uses the batch's statistics.
        update_statistics: while training, batch normalization also moves its averages. Off for the forward pass of
            a gradient penalty, whose samples are neither real nor generated.
        dropout: the generator that dropout draws from.
    """

    dropout: torch.Generator
    training: bool = True
    update_statistics: bool = True


@dataclass(frozen=True)
class Building:
    """What a layer may use while it is built.

    Attributes:
        weights: the generator that initial weights are drawn from, on the processor.
        mode: the network's mode.
    """

    weights: torch.Generator
    mode: Mode


class Layer(nn.Module):
    """One layer of the catalogue: ``Layer(parameters, input_shapes, building)``.

    Trainable variables are parameters, the others buffers, both under Keras's variable names. `KERAS_AXES` holds,
    for a variable stored in another orientation than Keras's, the permutation that leads to Keras's.
    """

    KERAS_AXES: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    # A sample's result depends on the others in its batch.
    MIXES_SAMPLES: ClassVar[bool] = False

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__()
        self.input_shapes = tuple(tuple(shape) for shape in input_shapes)
        self.output_shape = tuple(parameters["output_shape"])
        self.mode = building.mode

    def variables(self) -> dict[str, Tensor]:
        """This layer's weights by Keras's variable name, in this driver's orientation."""
        return {**self._parameters, **self._buffers}

    def add_weight(
        self,
        name: str,
        keras_shape: Shape,
        initializer: Mapping[str, Any],
        building: Building,
    ) -> None:
        """Adds a trainable variable, drawn in Keras's orientation, so that every driver starts alike."""
        value = initializers.initialize(initializer, keras_shape, building.weights)
        setattr(self, name, nn.Parameter(self.from_keras(name, value)))

    def to_keras(self, name: str, value: Tensor) -> Tensor:
        """A variable's value in Keras's orientation (a view)."""
        axes = self.KERAS_AXES.get(name)
        return value if axes is None else value.permute(axes)

    def from_keras(self, name: str, value: Tensor) -> Tensor:
        """The inverse of `to_keras`; kernels of convolutions come out channels-last in memory."""
        axes = self.KERAS_AXES.get(name)
        if axes is None:
            return value
        inverse = [axes.index(axis) for axis in range(len(axes))]
        memory = torch.channels_last if value.dim() == 4 else torch.contiguous_format
        return value.permute(inverse).contiguous(memory_format=memory)
