"""Reads networks that other programs have saved as layers of a spec.

Nothing is unpickled, executed or loaded by name, and no learning library is imported.
"""

from drivers.imports.confining import read_confined
from drivers.imports.reading import MAX_DESCRIPTION_BYTES, SUFFIXES, Network, UnreadableError, read_network

__all__ = ["MAX_DESCRIPTION_BYTES", "SUFFIXES", "Network", "UnreadableError", "read_confined", "read_network"]
