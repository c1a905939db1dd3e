"""scikit-learn's handwritten digits: 1,797 real ones, 8x8 pixels, part of the installation."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from drivers.data.dataset import Dataset
from drivers.data.settings import DataSettings
from drivers.data.sources.source import Progress, Source

INK = 16
"""The darkest value in the file."""


class Digits(Source):
    """Grey digits 0 to 9."""

    class_names = [str(digit) for digit in range(10)]  # noqa: RUF012

    def read(self, data: Mapping[str, Any], settings: DataSettings, progress: Progress) -> Dataset:
        table = np.loadtxt(_file(), delimiter=",", dtype=np.uint8)  # 64 pixels and the label in each row
        pixels = np.rint(table[:, :64].astype(np.float32) * (255 / INK)).astype(np.uint8)
        return Dataset(pixels.reshape(-1, 8, 8, 1), table[:, 64].astype(np.int64), self.class_names)


def _file() -> Path:
    # Read where it lies: to import scikit-learn for it takes a second and more memory than the API may use.
    package = find_spec("sklearn")
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("scikit-learn is not installed; the digits are part of it.")
    return Path(package.submodule_search_locations[0]) / "datasets" / "data" / "digits.csv.gz"
