"""Files from strangers are read in a process of their own (`drivers.confined`), which ends with them.

Python, the parsers of HDF5 and protobuf and what folds constants take 0.3 s to start; a file that has one of them hang,
or swallow memory, ends that process and no other.
"""

from __future__ import annotations

from pathlib import Path

from drivers import confined, weights
from drivers.imports.reading import SUFFIXES, Network, UnreadableError, unknown_suffix, unreadable


def read_confined(path: Path, suffix: str, limits: confined.Limits, *, with_weights: bool = False) -> Network:
    """As `drivers.imports.read_network`, within limits.

    Raises:
        UnreadableError: with everything that is in the way.
        OverLimitError: reading took more than it may.
    """
    if suffix not in SUFFIXES:
        raise unknown_suffix(suffix)
    target = path.with_name(f"{path.name}.weights")
    request = {"path": str(path), "weights": str(target) if with_weights else None}
    try:
        answer = confined.run("drivers.imports", suffix, request=request, limits=limits)
        if "problems" in answer:
            raise UnreadableError(answer["problems"])
        return Network(answer["layers"], weights.read(target)[0] if with_weights else {})
    except confined.CrashedError as error:
        raise unreadable("damaged", f"The file cannot be read: {error}.") from error
    finally:
        target.unlink(missing_ok=True)
