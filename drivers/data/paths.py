"""From a path in a spec to a file that may be read."""

from __future__ import annotations

import os
from pathlib import Path

from drivers.data.errors import DataError
from drivers.data.settings import DataSettings


def resolve_path(path: str, settings: DataSettings, pointer: str = "/data/path") -> Path:
    """The file or folder that a spec's path names, with every link followed, inside one of the folders for data.

    A relative path is looked for in each of them in turn. The path is taken as it is; nothing in it is decoded.

    Raises:
        DataError: `missing`, or `forbidden_path` for one that leads elsewhere.
    """
    if "\0" in path:
        raise DataError("forbidden_path", "A path cannot contain a NUL character.", pointer)
    for root in settings.roots:
        found = Path(os.path.realpath(root / path))
        if found.exists():
            _check_contained(found, path, settings, pointer)
            return found
    if Path(path).is_absolute() or ".." in Path(path).parts:
        _check_contained(Path(os.path.realpath(settings.downloads / path)), path, settings, pointer)
    looked_in = ", ".join(map(str, settings.roots))
    raise DataError(
        "missing",
        f"There is no '{path}'. It was looked for in {looked_in}; put it there, or name its folder in "
        "AUTHORGAN_DATA_PATHS.",
        pointer,
    )


def _check_contained(found: Path, path: str, settings: DataSettings, pointer: str) -> None:
    if not any(found.is_relative_to(root) for root in settings.roots):
        allowed = ", ".join(map(str, settings.roots))
        raise DataError(
            "forbidden_path",
            f"'{path}' does not lie in a folder for data. Those are {allowed}; AUTHORGAN_DATA_PATHS can name more.",
            pointer,
        )
