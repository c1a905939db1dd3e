"""From whatever an array of images may look like to uint8 (N, H, W, C) of one size."""

from __future__ import annotations

import numpy as np
from PIL import Image

from drivers.data.errors import DataError

CHUNK = 4096
"""Images resized at a time, so that the float copies stay small."""


def as_images(array: np.ndarray, where: str) -> np.ndarray:
    """Any usual array of images as uint8 (N, H, W, C), C 1 or 3.

    Shapes: (N, H, W), (N, H, W, C), (N, C, H, W), or flat (N, S·S) grey and (N, 3·S·S) planes, S·S pixels each.
    Values: uint8; bool; other integers within 0 to 255; floats within 0 to 1, -1 to 1 or 0 to 255.

    Args:
        where: What the message calls the array, e.g. ``"digits.npz, images"``.

    Raises:
        DataError: `empty`, `wrong_shape`, `wrong_dtype`, `not_finite` or `out_of_range`.
    """
    if array.size == 0:
        raise DataError("empty", f"{where}: there are no images (shape {array.shape}).")
    return np.ascontiguousarray(as_bytes(_channels_last(array, where), where))


def _channels_last(array: np.ndarray, where: str) -> np.ndarray:
    if array.ndim == 4 and array.shape[3] in (1, 3):
        return array
    if array.ndim == 4 and array.shape[1] in (1, 3):
        return array.transpose(0, 2, 3, 1)
    if array.ndim == 3:
        return array[..., None]
    if array.ndim == 2:
        count, length = array.shape
        for channels in (1, 3):
            side = round((length / channels) ** 0.5)
            if side * side * channels == length:
                return array.reshape(count, channels, side, side).transpose(0, 2, 3, 1)
    raise DataError(
        "wrong_shape",
        f"{where}: an array of shape {array.shape} is not a row of images. Right are (N, H, W), (N, H, W, 1 or 3), "
        "(N, 1 or 3, H, W), or (N, S·S) for grey images of S by S pixels.",
    )


def as_bytes(array: np.ndarray, where: str) -> np.ndarray:
    """Pixel values as uint8, 0 to 255; see :func:`as_images`."""
    if array.dtype == np.uint8:
        return array
    if array.dtype == bool:
        return array.astype(np.uint8) * np.uint8(255)
    if array.dtype.kind not in "uif":
        raise DataError("wrong_dtype", f"{where}: images are numbers, not {array.dtype}.")
    low, high = float(array.min()), float(array.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("not_finite", f"{where}: some pixels are NaN or infinite; replace or leave out those images.")
    floating = array.dtype.kind == "f"
    if floating and -1.0 <= low < 0.0 and high <= 1.0:
        scale, offset = 127.5, 127.5
    elif floating and low >= 0.0 and high <= 1.0:
        scale, offset = 255.0, 0.0
    elif low >= 0.0 and high <= 255.0:
        scale, offset = 1.0, 0.0
    else:
        raise DataError(
            "out_of_range",
            f"{where}: pixels run from {low:g} to {high:g}. Right are 0 to 255, 0.0 to 1.0, or -1.0 to 1.0.",
        )
    out = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), CHUNK):
        part = array[start : start + CHUNK]
        out[start : start + CHUNK] = np.rint(part.astype(np.float32) * np.float32(scale) + np.float32(offset))
    return out


def with_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """uint8 (N, H, W, 1 or 3) -> (N, H, W, channels). Colour becomes grey by the weights of ITU-R BT.601."""
    if images.shape[3] == channels:
        return images
    if channels == 3:
        return np.repeat(images, 3, axis=3)
    out = np.empty((*images.shape[:3], 1), np.uint8)
    for start in range(0, len(images), CHUNK):
        red, green, blue = np.moveaxis(images[start : start + CHUNK].astype(np.uint32), 3, 0)
        # 16-bit fixed point, rounded: the very numbers of Pillow's convert("L").
        out[start : start + CHUNK, ..., 0] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    return out


def square(images: np.ndarray) -> np.ndarray:
    """The largest square in the middle of each image: (N, H, W, C) -> (N, S, S, C), S = min(H, W).

    Cut rather than padded: a border that every image shares is the first thing a discriminator learns.
    """
    height, width = images.shape[1:3]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return images[:, top : top + side, left : left + side]


def resize(images: np.ndarray, size: int) -> np.ndarray:
    """uint8 (N, H, W, C) -> (N, size, size, C): square in the middle, then Pillow's antialiased bicubic filter.

    The filter is separable, so a whole chunk is resized by two matrix products.
    """
    images = square(images)
    if images.shape[1] == size:
        return np.ascontiguousarray(images)
    weights = _resize_matrix(images.shape[1], size)
    out = np.empty((len(images), size, size, images.shape[3]), np.uint8)
    for start in range(0, len(images), CHUNK):
        part = np.moveaxis(images[start : start + CHUNK], 3, 1).astype(np.float32)  # (n, C, S, S)
        part = weights @ part @ weights.T  # (n, C, size, size)
        np.rint(part, out=part)
        out[start : start + CHUNK] = np.moveaxis(part.clip(0, 255, out=part), 1, 3)
    return out


def _resize_matrix(source: int, target: int) -> np.ndarray:
    """Pillow's filter along one axis as a matrix (target, source), found by resizing the unit vectors."""
    unit = Image.fromarray(np.eye(source, dtype=np.float32))
    return np.asarray(unit.resize((source, target), Image.Resampling.BICUBIC))
