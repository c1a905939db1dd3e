"""What the squares of a slope are multiplied by before they are summed, as a gradient penalty does."""

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
