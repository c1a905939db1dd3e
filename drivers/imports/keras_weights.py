"""The weights inside a `.keras` file: HDF5, by the kinds of layers and their numbers."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np

from drivers.imports.drawing import UndrawableError
from drivers.imports.reading import unreadable
from drivers.zips import BROKEN_IN_MEMORY
from spec.limits import DEFAULT_LIMITS
from spec.shapes import Shape

ENTRY = "model.weights.h5"
MAX_FILE_BYTES = 256 * 1024 * 1024
"""The largest file of weights that is read, unpacked."""
DAMAGED = (RuntimeError, OSError, KeyError, TypeError, UnicodeError)
"""What HDF5 makes of a file that is not whole."""
RECURRENT = ("ConvLSTM2D", "GRU", "LSTM", "SimpleRNN")
ATTENTION = ("query_dense", "key_dense", "value_dense", "output_dense")


class ComposedLayer(dict[str, Any]):
    """A layer's type and parameters, as a spec has them, of one that is a model of several in the file.

    Attributes:
        places: where its variables lie, in the order in which a spec names them, seen from that model.
    """

    def __init__(self, layer: Mapping[str, Any], places: Sequence[str]) -> None:
        super().__init__(layer)
        self.places = places


class StoredWeights:
    """The arrays of a file, read layer by layer."""

    def __init__(self, source: Path | IO[bytes]) -> None:
        import h5py

        try:
            with zipfile.ZipFile(source) as archive, archive.open(ENTRY) as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except (KeyError, *BROKEN_IN_MEMORY) as error:
            raise unreadable("no_weights", f"The file holds no weights: {error}.") from error
        if len(content) > MAX_FILE_BYTES:
            raise unreadable("too_large", f"The file's {ENTRY} is larger than {MAX_FILE_BYTES:,} bytes.")
        try:
            self._file = h5py.File(io.BytesIO(content), "r")
        except OSError as error:
            raise unreadable("damaged_weights", f"The file's {ENTRY} is no HDF5: {error}.") from error
        self._left = DEFAULT_LIMITS.max_parameters

    def read(self, layer: Mapping[str, Any], path: str, wanted: Mapping[str, Shape]) -> dict[str, np.ndarray]:
        """The variables of a layer as a spec has it, by their names.

        Raises:
            UndrawableError: one is missing, has another shape, or lies elsewhere.
        """
        if not wanted:
            return {}
        try:
            return self._read(layer, path, wanted)
        except DAMAGED as error:
            raise UndrawableError(f"its weights in the file are damaged: {error}") from error

    def _read(self, layer: Mapping[str, Any], path: str, wanted: Mapping[str, Shape]) -> dict[str, np.ndarray]:
        places = self._places(layer, path)
        if len(places) != len(wanted):
            raise UndrawableError(f"the file has {len(places)} arrays for it and not {len(wanted)}")
        return {
            name: self._array(place, name, shape, may_reshape=_is_composed(layer))
            for (name, shape), place in zip(wanted.items(), places, strict=True)
        }

    def _places(self, layer: Mapping[str, Any], path: str) -> list[str]:
        """Where the variables of a layer lie, in the order in which a spec names them."""
        type_ = layer["type"]
        if isinstance(layer, ComposedLayer):
            return [f"{path}/{place}" for place in layer.places]
        if type_ in RECURRENT:
            return self._variables(f"{path}/cell")
        if type_ == "Bidirectional":
            return [
                place
                for side in ("forward", "backward")
                for place in self._places(layer["layer"], f"{path}/{side}_layer")
            ]
        if type_ == "TimeDistributed":
            return self._places(layer["layer"], f"{path}/layer")
        if type_ == "SpectralNormalization":
            # Its own are the inner kernel once more, and the vector behind it.
            return [*self._places(layer["layer"], f"{path}/layer"), *self._variables(path)[-1:]]
        if type_ == "MultiHeadAttention":
            return [place for part in ATTENTION for place in self._variables(f"{path}/{part}")]
        return self._variables(path)

    def _variables(self, path: str) -> list[str]:
        group = self._own(f"{path}/vars", "Group")
        names = [] if group is None else sorted((name for name in group if name.isdigit()), key=int)
        return [f"{path}/vars/{name}" for name in names]

    def _own(self, path: str, kind: str) -> Any:
        """What is at a place of this very file; a link to another file is not followed."""
        import h5py

        found: Any = self._file
        for part in path.strip("/").split("/"):
            if not isinstance(found, h5py.Group) or not isinstance(found.get(part, getlink=True), h5py.HardLink):
                return None
            found = found[part]
        return found if isinstance(found, getattr(h5py, kind)) else None

    def _array(self, path: str, name: str, shape: Shape, *, may_reshape: bool) -> np.ndarray:
        found = self._own(path, "Dataset")
        if found is None or found.is_virtual or found.external or found.dtype.kind not in "fiu":
            raise UndrawableError(f"the file has no plain array of numbers for its {name}")
        if tuple(found.shape) != tuple(shape) and not (may_reshape and prod(found.shape) == prod(shape)):
            raise UndrawableError(f"its {name} has the shape {tuple(found.shape)} in the file and not {tuple(shape)}")
        self._left -= prod(shape)
        if self._left < 0:
            raise UndrawableError(f"the file has more numbers than the {DEFAULT_LIMITS.max_parameters:,} allowed")
        return np.asarray(found[()], np.float32).reshape(shape)


def _is_composed(layer: Mapping[str, Any]) -> bool:
    """Whether the arrays of a layer, or of the one that it wraps, may lie in another shape than a spec's."""
    return isinstance(layer, ComposedLayer) or ("layer" in layer and _is_composed(layer["layer"]))


class Paths:
    """Where Keras keeps the weights of layers: by their kind, and from the second of a kind on by a number."""

    def __init__(self, base: str) -> None:
        self._base = base
        self._used: dict[str, int] = {}

    def of(self, class_name: str) -> str:
        name = re.sub(r"\W+", "", class_name)
        name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
        name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
        number = self._used.get(name, 0)
        self._used[name] = number + 1
        return f"{self._base}layers/{name}_{number}" if number else f"{self._base}layers/{name}"
