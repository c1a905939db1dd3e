"""In which precision a network computes: for every backend of Keras what `torch.autocast` is to PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


class Precision(keras.DTypePolicy):
    """The policy of the layers that multiply, one object for all of a network's, whose variables stay as they are.

    Keras asks a layer for its policy at every call, and rounds the operands of the call to ``compute_dtype``, its
    variables among them. What the layer puts out goes into layers without this policy as float32 again, and so do the
    gradients into the variables. So products take half the memory and, where a device has instructions for them, less
    time, and nothing that is kept or added up over many steps is rounded.
    """

    def __init__(self, products: str = "float32") -> None:
        """Args:
        products: ``"bfloat16"``, or ``"float32"``, which is whatever variables are.
        """
        super().__init__(keras.config.floatx())
        self._products = self.variable_dtype if products == "float32" else products

    @property
    def compute_dtype(self) -> str:
        return self._products

    @contextmanager
    def exact(self) -> Iterator[None]:
        """Inside, products are computed in the precision of the variables."""
        before, self._products = self._products, self.variable_dtype
        try:
            yield
        finally:
            self._products = before
