"""A penalty on slopes that asks a layer for all of its second derivative."""

from __future__ import annotations

from typing import Any

import numpy as np


def uneven(slope: Any) -> np.ndarray:
    """Weights from ½ to 1½ for the squares of a slope.

    Slopes through a normalization add up to 0, so a plain sum of squares never asks for the second derivative in that
    direction; layers before the normalization do.
    """
    shape = tuple(slope.shape)
    return (1.0 + 0.5 * np.sin(np.arange(np.prod(shape)))).reshape(shape)


def bent(y: Any) -> Any:
    """y + y²/2, of which slopes are taken: those of a layer that is straight itself depend on its input then too."""
    return y + 0.5 * y**2
