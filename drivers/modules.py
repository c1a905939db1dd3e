"""A module of a resolved spec, `{"choice": …, …parameters}`, taken apart."""

from collections.abc import Mapping
from typing import Any

# The choice itself, the node that drew it, and the modules it holds.
_NO_PARAMETERS = {"choice", "node_id", "regularizers"}


def parameters(module: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a module's choice, under the catalogue's names."""
    return {key: value for key, value in module.items() if key not in _NO_PARAMETERS}
