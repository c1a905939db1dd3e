"""What a layer gives for one sample, as pictures of its units."""

from __future__ import annotations

import math

import numpy as np

from drivers.errors import DriverError

NORMALIZATIONS = ("map", "layer")


def feature_maps(values: np.ndarray, normalization: str = "map") -> np.ndarray:
    """The maps of a layer's units for one sample, as the samples of data that `drivers.data.grid` draws.

    Args:
        values: (H, W, C), (T, C) or (C,); without the batch axis.
        normalization: ``"map"``: black to white is the range of each map by itself, so that all of them can be seen;
            ``"layer"``: that of all of them, so that they can be compared. A map of one value only is black.

    Returns:
        Of (H, W, C), images uint8 (C, H, W, 1); of (T, C), curves float32 (C, T, 1), the range being -1 to 1; of (C,),
        one image uint8 (1, ⌈C/w⌉, w, 1) whose pixels are the units, row by row, w = ⌈√C⌉.

    Raises:
        DriverError: `no_maps`: the values have other axes.
    """
    if values.ndim == 3:
        return _pixels(_scaled(np.moveaxis(values, -1, 0), normalization))[..., None]
    if values.ndim == 2:
        return (_scaled(values.T, normalization)[..., None] * 2 - 1).astype(np.float32)
    if values.ndim == 1:
        width = math.ceil(math.sqrt(len(values)))
        height = -(-len(values) // width)
        cells = np.zeros(height * width)
        cells[: len(values)] = _scaled(values[None], "layer")[0]
        return _pixels(cells).reshape(1, height, width, 1)
    raise DriverError("no_maps", f"Values of {values.ndim} axes cannot be drawn; those of 1 to 3 can.", "/layer")


def _scaled(maps: np.ndarray, normalization: str) -> np.ndarray:
    """Maps (C, …) from 0 to 1."""
    maps = maps.astype(np.float64)
    axes = tuple(range(1, maps.ndim)) if normalization == "map" else tuple(range(maps.ndim))
    low, high = maps.min(axes, keepdims=True), maps.max(axes, keepdims=True)
    return (maps - low) / np.where(high > low, high - low, 1.0)


def _pixels(shares: np.ndarray) -> np.ndarray:
    return np.rint(shares * 255).astype(np.uint8)
