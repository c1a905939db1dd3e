"""What every layer of the PyTorch driver shares.

Inside a network a tensor has the shape that the spec says, behind the batch axis: images are (N, H, W, C) and lie
channels-last in memory. A layer that calls an NCHW kernel hands it a permuted view; PyTorch recognises the
channels-last strides and copies nothing, and Flatten, Reshape, Concatenate and Dense mean exactly what Keras says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from drivers import graph, initializers
from spec.shapes import measure

Shape = tuple[int, ...]

# Keras's smallest length that a vector is divided by.
SHORTEST = 1e-7
# How tensors with so many axes lie in memory where kernels are fastest.
CHANNELS_LAST = {4: torch.channels_last, 5: torch.channels_last_3d}


@dataclass
class Mode(graph.Mode):
    """How a network computes right now.

    Attributes:
        dropout: the generator that dropout and noise draw from.
    """

    dropout: torch.Generator = field(kw_only=True)


@dataclass(frozen=True)
class Building:
    """What a layer may use while it is built.

    Attributes:
        weights: the stream that initial weights are drawn from.
        mode: the network's mode.
    """

    weights: np.random.Generator
    mode: Mode


class Layer(nn.Module):
    """One layer of the catalogue: ``Layer(parameters, input_shapes, building)``.

    Trainable variables are parameters, the others buffers, both under Keras's variable names. `KERAS_AXES` holds,
    for a variable stored in another orientation than Keras's, the permutation that leads to Keras's.
    """

    KERAS_AXES: ClassVar[Mapping[str, tuple[int, ...]]] = {}
    # A sample's result depends on the others in its batch.
    MIXES_SAMPLES: bool = False
    # Every use while training changes its weights.
    CHANGES_IN_USE: bool = False

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__()
        self.input_shapes = tuple(tuple(shape) for shape in input_shapes)
        self.output_shape = tuple(parameters["output_shape"])
        self.mode = building.mode

    def variables(self) -> dict[str, Tensor]:
        """This layer's weights by Keras's variable name, in this driver's orientation; `part/name` for its parts'."""
        own = {**self._parameters, **self._buffers}
        parts = {
            f"{part}/{name}": value
            for part, layer in self._modules.items()
            if isinstance(layer, Layer)
            for name, value in layer.variables().items()
        }
        return {name: value for name, value in {**own, **parts}.items() if value is not None}

    def freeze(self) -> None:
        """Leaves its variables out of what learns."""
        self.requires_grad_(False)

    def add_weight(
        self,
        name: str,
        keras_shape: Shape,
        initializer: Mapping[str, Any],
        building: Building,
    ) -> None:
        """Adds a trainable variable, drawn in Keras's orientation, so that every driver starts alike."""
        value = initializers.initialize(initializer, keras_shape, building.weights)
        setattr(self, name, nn.Parameter(self.from_keras(name, torch.from_numpy(value))))

    def to_keras(self, name: str, value: Tensor) -> Tensor:
        """A variable's value in Keras's orientation (a view)."""
        part, _, rest = name.partition("/")
        if rest:
            return self.get_submodule(part).to_keras(rest, value)
        axes = self.KERAS_AXES.get(name)
        return value if axes is None else value.permute(axes)

    def from_keras(self, name: str, value: Tensor) -> Tensor:
        """The inverse of `to_keras`; kernels of convolutions come out channels-last in memory."""
        axes = self.KERAS_AXES.get(name)
        if axes is None:
            return value
        inverse = [axes.index(axis) for axis in range(len(axes))]
        # A copy, though a view with a single filter may pass for channels-last: for the strides that it has in place of
        # its own, PyTorch finds no gradient in a batch of one.
        return value.permute(inverse).clone(memory_format=CHANNELS_LAST.get(value.dim(), torch.contiguous_format))


LAYERS: dict[str, type[Layer]] = {}
"""Every layer by the catalogue's name, filled by `drivers.pytorch.layers`."""


def build_inner(layer: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> Layer:
    """The layer that a wrapper holds, ``{"type", …parameters}``, on inputs of the given shapes."""
    output_shape = measure(layer, input_shapes).output_shape
    return LAYERS[layer["type"]]({**layer, "output_shape": output_shape}, input_shapes, building)
