"""Weight files that carry the spec they belong to, and what such a file may hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drivers import weights
from spec.weights import weights as weights_of


def add_spec(source: Path, target: Path, spec: Mapping[str, Any]) -> None:
    """Copies a weight file with the resolved spec in its header, as ``metadata()["spec"]``: all that a model is.

    Raises:
        DriverError: the file cannot be read.
    """
    tensors, metadata = weights.read(source)
    weights.save(target, tensors, {**metadata, "spec": json.dumps(spec)})


def check(path: Path, spec: Mapping[str, Any]) -> dict[str, str]:
    """Compares a weight file with a resolved spec, without a learning library.

    Returns:
        The file's metadata.

    Raises:
        DriverError: the file cannot be read.
        WeightsError: a tensor is missing, superfluous, misshapen or not finite.
    """
    tensors, metadata = weights.read(path)
    wanted = {
        name: _Shaped(shape) for role in ("generator", "discriminator") for name, shape, _ in weights_of(spec, role)
    }
    weights.check(path, tensors, wanted)
    return metadata


class _Shaped:
    """What a tensor is compared with."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
