"""What every family is written with: a list of layers that wires and names itself."""

from collections import Counter
from typing import Any


class Stack:
    """Layers, each fed by the one before it unless told otherwise, named by type and number (`conv2d_1`)."""

    def __init__(self) -> None:
        self.layers: list[dict[str, Any]] = []
        self._numbers: Counter[str] = Counter()

    def input(self, source: str, shape: list[int]) -> str:
        """Add an Input named after its source."""
        self.layers.append({"id": source, "type": "Input", "source": source, "shape": shape, "inputs": []})
        return source

    def add(self, layer: str, *, inputs: list[str] | None = None, **parameters: Any) -> str:
        """Add a layer of the catalogue; returns its id."""
        self._numbers[layer] += 1
        name = f"{layer.lower()}_{self._numbers[layer]}"
        self.layers.append({"id": name, "type": layer, **parameters, "inputs": inputs or [self.layers[-1]["id"]]})
        return name


def halvings(side: int, *, largest: int = 7) -> int:
    """How often a side is halved, rounding up, until it is at most `largest`: 28 -> 2 (28, 14, 7)."""
    count = 0
    while side > largest:
        side = -(-side // 2)
        count += 1
    return count
