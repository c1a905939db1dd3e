"""Reads the plain arrays of a pickle without running anything in it.

A pickle is a program that calls what it names. Here the names of numpy's own array pickles (protocols 0 to 5, numpy 1
and 2) lead to stand-ins that only remember what they were given; arrays are made of that afterwards, from bytes. Every
other name ends the reading.
"""

from __future__ import annotations

import gzip
import pickle
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import numpy as np

from drivers.data.errors import DataError

IMAGES = ("images", "data", "x", "x_train", "X")
LABELS = ("labels", "label", "targets", "target", "y", "y_train")
NUMBER = re.compile(r"b1|[iu][1248]|f[248]")
GZIP_MAGIC = b"\x1f\x8b"


def read_pickle(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Images and, if there are some, labels: an array, a list of arrays, a pair, a list of splits, or a dict.

    Of several splits (training, validation, test), the first is taken.

    Raises:
        DataError: `unsafe_pickle`, `corrupt`, `wrong_shape`, `empty` or `wrong_labels`.
    """
    try:
        with _opened(path) as file:
            found = _Reader(file, encoding="latin1").load()
    except (DataError, MemoryError):
        raise
    except Exception as error:  # whatever a broken program may end with
        raise DataError("corrupt", f"{path.name} is not a whole pickle ({type(error).__name__}: {error}).") from error
    return _images_and_labels(found, path.name)


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        packed = file.read(2) == GZIP_MAGIC
    return cast(IO[bytes], gzip.open(path)) if packed else path.open("rb")


def _refuse(what: str) -> NoReturn:
    raise DataError(
        "unsafe_pickle",
        f"The pickle contains {what}. Only plain numbers, lists, dicts and NumPy arrays of numbers are read; save the "
        "images as .npz instead.",
    )


class _Dtype:
    """numpy.dtype(code, align, copy), and the byte order of its state."""

    def __init__(self, code: Any, *_: Any):
        if not isinstance(code, str) or not NUMBER.fullmatch(code):
            _refuse(f"an array of {code!r}")
        self._code = code
        self._order = "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        order, parts = state[1], state[2:5]
        if order not in ("<", ">", "|", "=") or any(part is not None for part in parts):
            _refuse("an array with named fields")
        self._order = order

    def numpy(self) -> np.dtype:
        return np.dtype(self._order + self._code)


class _Ndarray:
    """The class numpy.ndarray, only ever named."""

    def __init__(self, *_: Any):
        _refuse("a call of numpy.ndarray")


class _Array:
    """An array that is yet to be made."""

    shape: tuple[int, ...]
    dtype: _Dtype
    order: str
    content: bytes

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.shape, self.dtype, in_columns, content = state[-4:]
        self.order = "F" if in_columns else "C"
        if isinstance(content, str):  # how Python 2 wrote bytes
            content = content.encode("latin1")
        if not isinstance(content, bytes | bytearray) or not isinstance(self.dtype, _Dtype):
            _refuse("an array of objects")
        self.content = bytes(content)

    def numpy(self) -> np.ndarray:
        return np.frombuffer(self.content, self.dtype.numpy()).reshape(self.shape, order=self.order)  # type: ignore[call-overload]


def _reconstruct(subtype: Any, *_: Any) -> _Array:
    if subtype is not _Ndarray:
        _refuse(f"an array of the kind {subtype!r}")
    return _Array()


def _frombuffer(content: Any, dtype: Any, shape: Any, order: str) -> _Array:
    array = _Array()
    array.__setstate__((shape, dtype, order == "F", bytes(content)))
    return array


def _scalar(dtype: Any, content: Any = None) -> Any:
    array = _Array()
    array.__setstate__(((1,), dtype, False, content))
    return array.numpy()[0].item()


def _encode(text: str, encoding: str) -> bytes:
    if encoding not in ("latin1", "latin-1"):
        _refuse(f"text in the encoding {encoding!r}")
    return text.encode("latin1")


STAND_INS = {
    ("numpy", "dtype"): _Dtype,
    ("numpy", "ndarray"): _Ndarray,
    ("_codecs", "encode"): _encode,
    **{
        (f"numpy.{core}.{module}", name): stand_in
        for core in ("core", "_core")
        for module, name, stand_in in (
            ("multiarray", "_reconstruct", _reconstruct),
            ("multiarray", "scalar", _scalar),
            ("numeric", "_frombuffer", _frombuffer),
        )
    },
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        stand_in = STAND_INS.get((module, name))
        if stand_in is None:
            _refuse(f"{module}.{name}")
        return stand_in

    def persistent_load(self, pid: Any) -> Any:
        _refuse("a reference to something outside it")


def _images_and_labels(found: Any, name: str) -> tuple[np.ndarray, np.ndarray | None]:
    if isinstance(found, Mapping):
        found = {key.decode("latin1") if isinstance(key, bytes) else key: value for key, value in found.items()}
        images = next((found[key] for key in IMAGES if key in found), None)
        if images is None:
            keys = ", ".join(map(str, list(found)[:10]))
            raise DataError("missing", f"{name} is a dict of {keys or 'nothing'}; the images must be called 'images'.")
        labels = next((found[key] for key in LABELS if key in found), None)
        return _array(images, name), None if labels is None else _array(labels, name)
    if _is_pair(found):
        return _array(found[0], name), _array(found[1], name)
    if isinstance(found, list | tuple) and found and all(map(_is_pair, found)) and _depth(found[0][0]) >= 2:
        return _array(found[0][0], name), _array(found[0][1], name)
    if isinstance(found, list | tuple) and found and all(map(_is_example, found)):
        images, labels = zip(*found, strict=True)
        return _array(images, name), _array(labels, name)
    return _array(found, name), None


def _is_pair(value: Any) -> bool:
    """Images and as many labels."""
    return (
        isinstance(value, list | tuple)
        and len(value) == 2
        and _depth(value[0]) >= 2
        and _depth(value[1]) in (1, 2)
        and _length(value[0]) == _length(value[1])
        and _depth(value[0]) > _depth(value[1])
    )


def _is_example(value: Any) -> bool:
    """One image and its label."""
    return isinstance(value, tuple) and len(value) == 2 and _depth(value[0]) >= 1 and _depth(value[1]) == 0


def _depth(value: Any) -> int:
    """Axes, as far as the first elements tell."""
    if isinstance(value, _Array):
        return len(value.shape)
    depth = 0
    while isinstance(value, list | tuple) and value:
        depth, value = depth + 1, value[0]
        if isinstance(value, _Array):
            return depth + len(value.shape)
    return depth


def _length(value: Any) -> int:
    return value.shape[0] if isinstance(value, _Array) else len(value)


def _array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(_plain(value))
    except (ValueError, TypeError) as error:
        raise DataError("wrong_shape", f"{name}: its images do not form one array ({error}).") from error
    if array.dtype.kind not in "buif":
        raise DataError("wrong_dtype", f"{name}: images and labels are numbers, not {array.dtype}.")
    return array


def _plain(value: Any) -> Any:
    if isinstance(value, _Array):
        return value.numpy()
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    if isinstance(value, bool | int | float | np.generic):
        return value
    raise TypeError(f"a {type(value).__name__.lstrip('_')} is no number")
