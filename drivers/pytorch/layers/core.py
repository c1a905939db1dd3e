"""Input, Dense, Embedding and Rescaling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch.nn.functional as F  # noqa: N812 - the name everyone knows it by
from torch import Tensor

from drivers.pytorch.layers.activation import ACTIVATIONS
from drivers.pytorch.layers.base import Building, Layer, Shape


class Input(Layer):
    """Where noise, labels, images or sequences enter the network."""

    def forward(self, x: Tensor) -> Tensor:
        return x


class Dense(Layer):
    """activation(x·kernel + bias) over the last axis: (…, in) -> (…, units). Keras kernel: (in, units)."""

    KERAS_AXES: ClassVar = {"kernel": (1, 0)}

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        units = parameters["units"]
        self.add_weight("kernel", (input_shapes[0][-1], units), parameters["kernel_initializer"], building)
        if parameters["use_bias"]:
            self.add_weight("bias", (units,), parameters["bias_initializer"], building)
        else:
            self.bias = None
        self.activation = ACTIVATIONS[parameters["activation"]]

    def forward(self, x: Tensor) -> Tensor:
        return self.activation(F.linear(x, self.kernel, self.bias))


class Embedding(Layer):
    """A table's row for every whole number: (…) -> (…, output_dim). Keras embeddings: (input_dim, output_dim)."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        table = (parameters["input_dim"], parameters["output_dim"])
        self.add_weight("embeddings", table, parameters["embeddings_initializer"], building)

    def forward(self, x: Tensor) -> Tensor:
        return F.embedding(x.long(), self.embeddings)


class Rescaling(Layer):
    """x·scale + offset."""

    def __init__(self, parameters: Mapping[str, Any], input_shapes: Sequence[Shape], building: Building) -> None:
        super().__init__(parameters, input_shapes, building)
        self.scale, self.offset = parameters["scale"], parameters["offset"]

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale + self.offset


LAYERS = (Dense, Embedding, Input, Rescaling)
