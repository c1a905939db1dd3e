"""In which precision a network computes: for every backend of Keras what `torch.autocast` is to PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import keras


class Precision(keras.DTypePolicy):
    """The policy of the layers that multiply, one object for all of a network's.

    Keras asks a layer for its policy at every call, and rounds what the layer is given to ``compute_dtype``, its
    variables too, but keeps these as they are. Layers without this policy take what comes out as float32 again, and so
    do variables their gradients. So products take half the memory and, where a device has instructions for them, less
    time, and nothing that is kept or added up over many steps is rounded.

    Args:
        products: ``"bfloat16"``, or ``"float32"``, which stands for whatever variables are.
    """

    def __init__(self, products: str = "float32") -> None:
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
